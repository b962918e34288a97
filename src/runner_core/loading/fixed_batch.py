"""A model that takes a fixed batch of several pictures, as one that takes one: it is fed the same picture as often.

Networks trained on pairs or triples of pictures, as embeddings of faces are, are sometimes exported with such a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from runner_core.contracts import Session, Tensors, TensorSpec

_PICTURE_AXES = 4  # batch, height, width, channels, in any order of the last three


class FixedBatch:
    """A session whose tensors have a batch of 1, on one whose inputs and outputs all have a batch of ``count``.

    Each run costs ``count`` times what one picture would.
    """

    def __init__(self, session: Session, count: int) -> None:
        self.session, self.count = session, count
        self.inputs = tuple(map(_make_single, session.inputs))
        self.outputs = tuple(map(_make_single, session.outputs))
        self.metadata, self.concurrent = session.metadata, session.concurrent

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        """The answers to the first of ``count`` equal pictures. Raises EngineError."""
        repeated = {name: np.repeat(tensor, self.count, axis=0) for name, tensor in feeds.items()}
        return {name: tensor[:1] for name, tensor in self.session.run(repeated, fetches).items()}

    def close(self) -> None:
        self.session.close()


def take_one_picture(session: Session) -> Session:
    """The session itself, or one that repeats the picture where the model's batch is fixed to several."""
    count = _find_batch(session)
    takes_one = len(session.inputs) == 1 and len(session.inputs[0].shape or ()) == _PICTURE_AXES
    return FixedBatch(session, count) if count is not None and takes_one else session


def repeat_features(head: Session, given: Sequence[TensorSpec]) -> Session:
    """The head itself, or one that repeats the features of one picture, which ``given`` are, to its fixed batch."""
    count = _find_batch(head)
    for_one = all(spec.shape and spec.shape[0] in (1, None) for spec in given)
    return FixedBatch(head, count) if count is not None and for_one else head


def _find_batch(session: Session) -> int | None:
    """The batch of several that all inputs and outputs are fixed to; None where there is none."""
    batches = {(spec.shape or (None,))[0] for spec in (*session.inputs, *session.outputs)}
    (count,) = batches if len(batches) == 1 else (None,)
    return count if count is not None and count > 1 else None


def _make_single(spec: TensorSpec) -> TensorSpec:
    return attrs.evolve(spec, shape=(1, *(spec.shape or ())[1:]))
