"""LocalBrain: a Session and a Codec that fit each other, on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.brain import Brain
from runner_core.cards.card import Card
from runner_core.contracts import DecodedInput, HasDecoded, HasPicture, Session, Signature, Task, Tensors
from runner_core.errors import EngineError, TaskError, UsageError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.loading.batching import are_alike, may_batch, split_frames, split_outputs, stack_feeds
from runner_core.loading.joined_session import JoinedSession
from runner_core.loading.opened import Opened
from runner_core.loading.settle import settle_answer
from runner_core.results.inference import Inference
from runner_core.util.forks import Birthplace


@attrs.frozen
class AnswerFilter:
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
        wanted: AnswerFilter | None = None,
        signature: Signature | None = None,
        threads: int | None = None,
        opened: Opened | None = None,
    ) -> None:
        """``opened`` is what it was opened from; None for one that is made of parts, which cannot be pickled."""
        self.card, self.session, self.threads, self.opened = card, session, threads, opened
        self.name, self.version, self.family, self.labels = card.name, card.version, card.task, card.labels
        self.task, self.engine, self.guesses, self.crops = task.kind, engine, card.guesses, card.crops
        self.trunk = session.trunk.name if isinstance(session, JoinedSession) else ""
        self.wanted = wanted or AnswerFilter()
        self.labels.model_ids_of(self.wanted.classes or ())
        signature = signature or signature_of(session)
        self._task, (self._inputs, self._outputs) = task, _split_roles(card, signature)
        self._codec = task.bind(card, signature)
        self.picture = self._codec.picture if isinstance(self._codec, HasPicture) else None
        self._turn = None if session.concurrent else Lock()
        self._process = Birthplace()
        used = {*self._inputs.values(), *self._outputs.values()}
        known = [spec for spec in (*signature.inputs, *signature.outputs) if spec.name in used]
        self._batches: bool | None = None if may_batch(known) else False  # None: not tried yet

    def rebind(self, card: Card, signature: Signature) -> LocalBrain:
        """The same session under another card, whose roles name tensors of ``signature``. Raises TaskError."""
        bound = LocalBrain(
            card, self._task, self.session, engine=self.engine, wanted=self.wanted, signature=signature,
            threads=self.threads, opened=self.opened,
        )  # fmt: skip
        bound._turn, bound._process = self._turn, self._process  # the session is the same
        return bound

    def at_threshold(self, conf: float) -> LocalBrain:
        """The same brain with another score threshold, higher or lower."""
        if conf == self.card.threshold:
            return self
        other = self.rebind(attrs.evolve(self.card, threshold=conf), signature_of(self.session))
        other.opened = self.opened and self.opened.at_threshold(conf)
        return other

    def __reduce__(self) -> tuple[object, ...]:
        """Pickles as what it was opened from: where it is unpickled it is opened anew."""
        if self.opened is None:
            remedy = "open it from a file or by its name, or give each process what makes it"
            raise UsageError(f"brain {self.name} was made of parts, and cannot be pickled", remedy=remedy)
        return self.opened.open_anew, self.opened.for_other_process()

    def check_process(self) -> None:
        """Raises ForkedError in another process than the one that opened it."""
        self._process.check(f"brain {self.name}")

    @property
    def conditions(self) -> Mapping[str, Any]:
        """With the card's options as the person has changed them, and the contents of the model file."""
        card, wanted = self.card, self.wanted
        said = {key: value for key, value in card.to_json().items() if key in ("picture", "roles", "options")}
        return {
            **super().conditions, "conf": card.threshold, "iou": card.iou, **said, "classes": wanted.classes,
            "max_det": wanted.max_det, **(self.opened.describe() if self.opened else {}),
        }  # fmt: skip

    def on_pixels(self) -> Brain:
        """Behind the graph's decoder, where its engine knows a place and it is fed encoded bytes now."""
        if self.picture is None or not self.picture.encoded:
            return self
        known = self.session.decoded if isinstance(self.session, HasDecoded) else {}
        decoded = known.get(self.card.roles.get("image", ""))
        return BehindDecoder(self, decoded) if decoded else self

    def infer(self, frame: Frame) -> Inference:
        return self._infer([frame], lambda each: [self._run(tensors, frame) for tensors in each])[0]

    def infer_many(self, frames: Sequence[Frame]) -> list[Inference]:
        """As ``infer`` of each; in one run where the network is seen to answer each as it does alone."""
        return [answer for some in split_frames(frames) for answer in self._infer(some, self._run_together)]

    def _infer(self, frames: Sequence[Frame], run: Callable[[Sequence[Tensors]], Sequence[Tensors]]) -> list[Inference]:
        self.check_process()
        begun = perf_counter()
        tensors = [self._codec.encode(frame) for frame in frames]
        encoded = perf_counter()
        outputs = run(tensors)
        ran = perf_counter()
        with np.errstate(all="ignore"):  # a network may answer any number
            answers = [self._codec.decode(*each) for each in zip(outputs, frames, strict=True)]
            inferences = [self._filter(settle_answer(answer, self.family)) for answer in answers]
        decoded = perf_counter()
        spent = {"encode": encoded - begun, "run": ran - encoded, "decode": decoded - ran}
        share = {stage: round(seconds * 1e3 / len(frames), 3) for stage, seconds in spent.items()}
        return [attrs.evolve(inference, engine=self.engine, ms=share) for inference in inferences]

    def _filter(self, inference: Inference) -> Inference:
        wanted = self.wanted
        if wanted.classes is None and wanted.max_det is None:
            return inference
        return inference.filter(classes=wanted.classes, max_det=wanted.max_det)

    def _run_each(self, each: Sequence[Tensors]) -> Sequence[Tensors]:
        return [self._run(tensors) for tensors in each]

    def _run_together(self, each: Sequence[Tensors]) -> Sequence[Tensors]:
        """In one run, once a first one has shown that this changes nothing."""
        several = stack_feeds(each) if self._batches is not False else None
        if several is None:
            return self._run_each(each)
        if self._batches:
            return split_outputs(self._run(several), len(each)) or self._run_each(each)
        alone = self._run_each(each)
        try:
            self._batches = are_alike(alone, split_outputs(self._run(several), len(each)))
        except EngineError:
            self._batches = False
        return alone

    def _run(self, tensors: Mapping[str, NDArray[np.generic]], frame: Frame | None = None) -> dict[str, NDArray[Any]]:
        """With ``frame``, what a shared trunk computes is kept there for the brains that share it."""
        feeds = {self._inputs[role]: tensor for role, tensor in tensors.items()}
        run: Callable[[Tensors, Sequence[str]], Tensors] = self.session.run
        if frame is not None and isinstance(self.session, JoinedSession):
            run = partial(self.session.run_keeping, keep=frame.features)
        if self._turn is None:
            outputs = run(feeds, tuple(self._outputs.values()))
        else:
            with self._turn:
                outputs = run(feeds, tuple(self._outputs.values()))
        found = {role: outputs[name] for role, name in self._outputs.items()}
        for role, values in found.items():
            if _holds_no_number(values):
                raise EngineError(
                    f"brain {self.name} gave no numbers: its output {role} is NaN throughout",
                    remedy="the model is damaged, or this engine computes it wrongly: try another by --engine",
                )
        return found

    def close(self) -> None:
        """In a fork it is left to the process that opened it."""
        if self._process.is_here:
            self.session.close()

    def __repr__(self) -> str:
        return f"LocalBrain({self.name!r}, {self.family} on {self.engine}, {len(self.labels)} labels)"


def _holds_no_number(values: NDArray[Any]) -> bool:
    """Whether all is NaN; as a rule the first value tells that it is not."""
    if values.dtype.kind != "f" or not values.size or not np.isnan(values.flat[0]):
        return False
    return bool(np.isnan(values).all())


def signature_of(session: Session) -> Signature:
    """What a task may know of a loaded model."""
    return Signature(session.inputs, session.outputs, session.metadata)


def _split_roles(card: Card, signature: Signature) -> tuple[dict[str, str], dict[str, str]]:
    """The card's roles, split into inputs and outputs. Raises TaskError for a tensor that the model does not have."""
    inputs = {role: name for role, name in card.roles.items() if _has_tensor(signature.inputs, name)}
    outputs = {role: name for role, name in card.roles.items() if _has_tensor(signature.outputs, name)}
    missing = sorted(set(card.roles) - set(inputs) - set(outputs))
    if missing:
        named = ", ".join(f"{role} -> {card.roles[role]}" for role in missing)
        raise TaskError(
            f"brain {card.name}: the card names tensors that the model does not have: {named}",
            remedy=_list_tensors(signature),
        )
    return inputs, outputs


def _has_tensor(specs: Sequence[Any], name: str) -> bool:
    return any(spec.name == name for spec in specs)


def _list_tensors(signature: Signature) -> str:
    return "it has " + ", ".join(str(spec) for spec in (*signature.inputs, *signature.outputs))


# Mean difference in grey levels over a picture. JPEG decoders differ by a fraction of one; another order of colours,
# orientation or scale differs by tens.
NEAR = 2.0

# What the first frame said of an open brain holds as long as it is open, however many runs it is in.
_same: WeakKeyDictionary[LocalBrain, bool] = WeakKeyDictionary()


class BehindDecoder(Brain):
    """Answers as ``brain`` does, from a frame's pixels; from its bytes where the first frame says that they differ.

    N graphs that take encoded bytes decode each picture N times. Where an engine finds the tensor behind the decoder,
    and the first picture comes out of it as it comes out of ours, they are fed there, and it is decoded once.
    """

    def __init__(self, brain: LocalBrain, decoded: DecodedInput) -> None:
        self.name, self.version, self.labels = brain.name, brain.version, brain.labels
        self.task, self.family, self.engine, self.threads = brain.task, brain.family, brain.engine, brain.threads
        self.guesses, self.trunk = brain.guesses, brain.trunk
        self._bytes, self._tensor = brain, decoded.tensor.name
        self._pixels = brain.rebind(_card_behind(brain, decoded), _signature_behind(brain, decoded))
        self._lock = Lock()
        self._same = _same.get(brain)
        self.picture = self._fed.picture

    @property
    def _fed(self) -> LocalBrain:
        """Behind the decoder as long as nothing speaks against it."""
        return self._bytes if self._same is False else self._pixels

    def __reduce__(self) -> tuple[object, ...]:
        return LocalBrain.on_pixels, (self._bytes,)

    def infer(self, frame: Frame) -> Inference:
        self._bytes.check_process()  # before its lock, which may be held for ever in a fork
        with self._lock:
            if self._same is None:
                self._same = _same[self._bytes] = self._agrees(frame)
                self.picture = self._fed.picture
        return self._fed.infer(frame)

    def infer_many(self, frames: Sequence[Frame]) -> list[Inference]:
        """As ``infer`` of each; in one run where the graph behind its decoder takes several."""
        first = [self.infer(frame) for frame in frames[:1]]
        return first + self._fed.infer_many(frames[1:])

    def _agrees(self, frame: Frame) -> bool:
        """Whether the graph's decoder makes the same pixels of this frame as ours."""
        image = self._bytes.card.roles["image"]
        data = np.array([frame.encoded_upright], dtype=object)
        theirs = self._bytes.session.run({image: data}, (self._tensor,))[self._tensor]
        ours = frame.pixels
        if theirs.shape[-3:] != ours.shape or theirs.size != ours.size:
            return False
        difference = np.abs(theirs.reshape(ours.shape).astype(np.int16) - ours)
        return float(difference.mean()) <= NEAR

    def close(self) -> None:
        self._bytes.close()


def _card_behind(brain: LocalBrain, decoded: DecodedInput) -> Card:
    rank = len(decoded.tensor.shape or (1, None, None, 3))
    picture = PictureSpec(batched=rank == 4, enough=decoded.stretch_size)
    return attrs.evolve(brain.card, roles={**brain.card.roles, "image": decoded.tensor.name}, picture=picture)


def _signature_behind(brain: LocalBrain, decoded: DecodedInput) -> Signature:
    return Signature((decoded.tensor,), brain.session.outputs, brain.session.metadata)
