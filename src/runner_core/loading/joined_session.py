"""JoinedSession: a trunk that several brains share and the head of one of them, as the one network that they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from runner_core.contracts import DecodedInput, HasDecoded, Session, Tensors, TensorSpec
from runner_core.errors import CardError, EngineError
from runner_core.loading.fixed_batch import repeat_features
from runner_core.loading.shared_trunk import Keep, SharedTrunk


class JoinedSession:
    """A session with the inputs of the trunk, those of the head that no tap feeds, and the outputs of the head.

    ``taps``  an input of the head -> the output of the trunk that it reads.
    """

    concurrent = True

    def __init__(self, trunk: SharedTrunk, head: Session, taps: Mapping[str, str], place: Path) -> None:
        """Raises CardError where the taps do not fit the tensors; ``place`` is the head's file, for messages."""
        features = {spec.name: spec for spec in trunk.session.outputs}
        head = repeat_features(head, [features[tap] for tap in taps.values() if tap in features])
        self._check_taps(taps, head, trunk, place)
        self.trunk, self._head, self._taps, self._place = trunk, head, dict(taps), place
        own = tuple(spec for spec in head.inputs if spec.name not in taps)
        self._own = {spec.name for spec in own}
        self.inputs, self.outputs = (*trunk.session.inputs, *own), head.outputs
        self.metadata: Mapping[str, str] = {**trunk.session.metadata, **head.metadata}
        self.decoded: Mapping[str, DecodedInput] = (
            trunk.session.decoded if isinstance(trunk.session, HasDecoded) else {}
        )
        self._turn = None if head.concurrent else Lock()
        self._closed = False
        trunk.want(tuple(taps.values()))

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        return self.run_keeping(feeds, fetches, lambda _key, compute: compute())

    def run_keeping(self, feeds: Tensors, fetches: Sequence[str], keep: Keep) -> Tensors:
        """As ``run``; ``keep`` is called with what the trunk is fed, and may know the features already.

        Fetched may also be what the trunk decodes a picture to.
        """
        if self._closed:
            raise EngineError(f"{self._place}: the session is closed")
        fed = {name: tensor for name, tensor in feeds.items() if name not in self._own}
        if not {spec.name for spec in self.outputs} & set(fetches):
            return self.trunk.run(fed, fetches)
        features = self.trunk.compute_features(fed, keep)
        read = {name: features[tap] for name, tap in self._taps.items()}
        read |= {name: feeds[name] for name in self._own & feeds.keys()}
        if self._turn is None:
            return self._head.run(read, fetches)
        with self._turn:
            return self._head.run(read, fetches)

    def describe_trunk(self) -> str:
        """For ``runner inspect``."""
        taps = ", ".join(f"{tap} -> {name}" for name, tap in self._taps.items())
        return f"head on the trunk {self.trunk.name}: {taps}"

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._head.close()
            self.trunk.close()

    @staticmethod
    def _check_taps(taps: Mapping[str, str], head: Session, trunk: SharedTrunk, place: Path) -> None:
        inputs, features = ({spec.name: spec for spec in side} for side in (head.inputs, trunk.session.outputs))
        for name, tap in taps.items():
            if name not in inputs:
                raise _misfit(place, f"a tap feeds {name!r}, which it does not take", "it takes", head.inputs)
            if tap not in features:
                fault = f"it reads {tap!r}, which its trunk does not give"
                raise _misfit(place, fault, "the trunk gives", trunk.session.outputs)
            if not _fits(features[tap], inputs[name]):
                fault = f"it takes {inputs[name]}, its trunk gives {features[tap]}"
                raise CardError(
                    f"{place}: {fault}", remedy="the head was made for another trunk, or its taps are mixed up"
                )
        twice = {spec.name for spec in trunk.session.inputs} & (inputs.keys() - taps.keys())
        if twice:
            raise CardError(f"{place}: no tap feeds {', '.join(sorted(twice))}, which the trunk takes too")


def _misfit(place: Path, fault: str, what: str, specs: Sequence[Any]) -> CardError:
    return CardError(f"{place}: {fault}", remedy=f"{what} {', '.join(map(str, specs))}: correct the card's taps")


def _fits(given: TensorSpec, taken: TensorSpec) -> bool:
    """Whether a tensor that is ``given`` can be one that is ``taken``; sides that are not known may be any."""
    if given.dtype != taken.dtype and not _are_floats(given, taken):
        return False
    if given.shape is None or taken.shape is None:
        return True
    return len(given.shape) == len(taken.shape) and all(
        one is None or other is None or one == other for one, other in zip(given.shape, taken.shape, strict=True)
    )


def _are_floats(*specs: TensorSpec) -> bool:
    return all(spec.dtype != "string" and np.dtype(spec.dtype).kind == "f" for spec in specs)
