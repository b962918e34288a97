"""LocalBrain: a Session and a Codec that fit each other, on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from time import perf_counter
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.brain import Brain
from runner_core.card import Card
from runner_core.contracts import Session, Signature, Task
from runner_core.errors import TaskError
from runner_core.frame import Frame
from runner_core.inference import Inference
from runner_core.picture import PictureSpec


@attrs.frozen
class Wanted:
    """What a person wants of the answers, whatever the task: names of classes, and the best ``max_det`` of them."""

    classes: tuple[str, ...] | None = None
    max_det: int | None = None


class LocalBrain(Brain):
    """Made by ``open_brain``. ``infer`` may be called from several threads."""

    def __init__(
        self,
        card: Card,
        task: Task,
        session: Session,
        *,
        engine: str,
        wanted: Wanted | None = None,
        signature: Signature | None = None,
        threads: int | None = None,
    ) -> None:
        self.card, self.session, self.threads = card, session, threads
        self.name, self.version, self.family, self.labels = card.name, card.version, card.task, card.labels
        self.task, self.engine = task.kind, engine
        self.wanted = wanted or Wanted()
        self.labels.model_ids_of(self.wanted.classes or ())
        signature = signature or signature_of(session)
        self._task, (self._inputs, self._outputs) = task, _roles(card, signature)
        self._codec = task.bind(card, signature)
        self._turn = None if session.concurrent else Lock()

    def fed_by(self, card: Card, signature: Signature) -> LocalBrain:
        """The same session under another card, whose roles name tensors of ``signature``. Raises TaskError."""
        return LocalBrain(
            card, self._task, self.session, engine=self.engine, wanted=self.wanted, signature=signature,
            threads=self.threads,
        )  # fmt: skip

    @property
    def picture(self) -> PictureSpec | None:
        """What its codec makes of a picture, where it says so."""
        return getattr(self._codec, "picture", None)

    def infer(self, frame: Frame) -> Inference:
        begun = perf_counter()
        tensors = self._codec.encode(frame)
        encoded = perf_counter()
        outputs = self._run(tensors)
        ran = perf_counter()
        inference = self._codec.decode(outputs, frame)
        if self.wanted.classes is not None or self.wanted.max_det is not None:
            inference = inference.filter(classes=self.wanted.classes, max_det=self.wanted.max_det)
        decoded = perf_counter()
        spent = {"encode": encoded - begun, "run": ran - encoded, "decode": decoded - ran}
        return attrs.evolve(
            inference, engine=self.engine, ms={stage: round(seconds * 1e3, 3) for stage, seconds in spent.items()}
        )

    def _run(self, tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[Any]]:
        feeds = {self._inputs[role]: tensor for role, tensor in tensors.items()}
        if self._turn is None:
            outputs = self.session.run(feeds, tuple(self._outputs.values()))
        else:
            with self._turn:
                outputs = self.session.run(feeds, tuple(self._outputs.values()))
        return {role: outputs[name] for role, name in self._outputs.items()}

    def close(self) -> None:
        self.session.close()

    def __repr__(self) -> str:
        return f"LocalBrain({self.name!r}, {self.family} on {self.engine}, {len(self.labels)} labels)"


def signature_of(session: Session) -> Signature:
    """What a task may know of a loaded model."""
    return Signature(session.inputs, session.outputs, session.metadata)


def _roles(card: Card, signature: Signature) -> tuple[dict[str, str], dict[str, str]]:
    """The card's roles, parted into inputs and outputs. Raises TaskError for a tensor that the model has not."""
    inputs = {role: name for role, name in card.roles.items() if _has(signature.inputs, name)}
    outputs = {role: name for role, name in card.roles.items() if _has(signature.outputs, name)}
    missing = sorted(set(card.roles) - set(inputs) - set(outputs))
    if missing:
        named = ", ".join(f"{role} -> {card.roles[role]}" for role in missing)
        raise TaskError(
            f"brain {card.name}: the card names tensors that the model has not: {named}", remedy=_tensors(signature)
        )
    return inputs, outputs


def _has(specs: Sequence[Any], name: str) -> bool:
    return any(spec.name == name for spec in specs)


def _tensors(signature: Signature) -> str:
    return "it has " + ", ".join(str(spec) for spec in (*signature.inputs, *signature.outputs))
