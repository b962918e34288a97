"""An engine, a task and a brain of plain arrays, for tests of what works with them.

The fake engine opens ``.npz`` files of arrays named ``inputs/NAME`` (an example of each input) and ``outputs/NAME``
(what it returns, whatever it is fed). The fake task reads one output of rows ``x1, y1, x2, y2, score, class``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.contracts import Codec, EngineOptions, Signature, Task, Tensors, TensorSpec
from runner_core.errors import EngineError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.loading.local_brain import LocalBrain
from runner_core.plugin import Plugin
from runner_core.results.inference import Inference

FAKE_ENGINE = Plugin("fake", "runner_core.testing.fakes:FakeEngine", "arrays in a file", claims=(".npz",))
FAKE_TASK = Plugin("fake-rows", "runner_core.testing.fakes:FakeTask", "rows of x1, y1, x2, y2, score, class")

PICTURE, ROWS = "picture", "rows"  # names of the tensors, and of the roles, of the fake task
_EXAMPLE: Tensors = {PICTURE: np.zeros((1, 32, 32, 3), np.uint8)}


def write_fake_model(path: Path, outputs: Tensors, inputs: Tensors | None = None) -> Path:
    """Writes a model for FakeEngine; its input is a 32 x 32 picture unless ``inputs`` gives examples of others."""
    examples = _EXAMPLE if inputs is None else inputs
    named = {f"inputs/{name}": tensor for name, tensor in examples.items()}
    named |= {f"outputs/{name}": tensor for name, tensor in outputs.items()}
    with path.open("wb") as stream:
        np.savez(stream, **named)  # type: ignore[arg-type]  # a name with a slash is not an option of savez
    return path


def fake_rows(*rows: tuple[float, float, float, float, float, int]) -> dict[str, NDArray[np.float32]]:
    """The outputs that FakeTask reads, N x 6 float32: x1, y1, x2, y2 in pixels of the picture, score, class."""
    return {ROWS: np.array(rows, np.float32).reshape(-1, 6)}


class FakeSession:
    """Returns ``outputs``, whatever it is fed; ``fed`` keeps the feeds of each run."""

    concurrent = True

    def __init__(self, outputs: Tensors, inputs: Tensors, *, where: str = "fake model") -> None:
        self.inputs, self.outputs = _specs(inputs), _specs(outputs)
        self.metadata: Mapping[str, str] = {}
        self.fed: list[Tensors] = []
        self._answers, self._where, self._open = dict(outputs), where, True

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> dict[str, NDArray[Any]]:
        """The outputs named in ``fetches``. Raises EngineError for unknown or missing names, and once closed."""
        if not self._open:
            raise EngineError(f"{self._where}: the session is closed")
        strange = (set(feeds) ^ {spec.name for spec in self.inputs}) | (set(fetches) - set(self._answers))
        if strange:
            raise EngineError(f"{self._where}: tensors missing or unknown: {', '.join(sorted(strange))}")
        self.fed.append(feeds)
        return {name: self._answers[name].copy() for name in fetches}

    def close(self) -> None:
        """Runs no more; the specs can still be read."""
        self._open = False


class FakeEngine:
    """Opens what ``write_fake_model`` writes."""

    def load(self, artifact: Path, options: EngineOptions) -> FakeSession:
        """Raises EngineError."""
        if options.device != "cpu":
            raise EngineError(f"{artifact}: no device {options.device!r}", remedy="devices: cpu")
        try:
            with artifact.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
        except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise EngineError(f"{artifact}: not a fake model ({type(error).__name__})") from error
        return FakeSession(_select_prefix("outputs/", arrays), _select_prefix("inputs/", arrays), where=str(artifact))

    def describe(self) -> dict[str, str]:
        return {"numpy": np.__version__, "devices": "cpu"}


@attrs.frozen
class FakeCodec:
    """Reads rows whose boxes are in pixels of the picture already."""

    card: Card
    spec: PictureSpec

    def encode(self, frame: Frame) -> dict[str, NDArray[Any]]:
        return {PICTURE: frame.prepared(self.spec).tensor}

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        rows = np.asarray(outputs[ROWS], np.float32)
        rows = rows[np.argsort(-rows[:, 4], kind="stable")]
        rows = rows[rows[:, 4] >= self.card.threshold]
        card = self.card
        return Inference(
            brain=card.name, version=card.version, task=FakeTask.kind, size=frame.size, labels=card.labels,
            model_ids=rows[:, 5].astype(np.int64), boxes=rows[:, :4], scores=rows[:, 4],
        )  # fmt: skip


class FakeTask:
    """Takes a uint8 picture named ``picture`` and reads rows named ``rows``."""

    kind = "object-detection"

    def recognise(self, model: Signature) -> Card | None:
        if not _fits(model, PICTURE, ROWS):
            return None
        notes = ("its tensors are those of the fake task",)
        return Card(name="fake", task="fake-rows", roles={PICTURE: PICTURE, ROWS: ROWS}, notes=notes)

    def bind(self, card: Card, model: Signature) -> Codec:
        """Raises TaskError."""
        picture, rows = card.roles.get(PICTURE, ""), card.roles.get(ROWS, "")
        if not _fits(model, picture, rows):
            raise TaskError(f"brain {card.name}: no tensors for {PICTURE} and {ROWS}")
        spec = model.tensor(picture)
        sides = spec.shape[1:3] if spec and spec.shape else (None, None)
        size = (sides[1], sides[0]) if None not in sides else None
        return FakeCodec(card, PictureSpec(size=size))  # type: ignore[arg-type]  # both sides are numbers


def fake_brain(
    task: Task | None = None, *, outputs: Tensors, inputs: Tensors | None = None, card: Card | None = None
) -> LocalBrain:
    """A brain of a task on a session that gives ``outputs``; ``inputs`` are examples of what the model takes.

    ``fake_brain(outputs=fake_rows((0, 0, 10, 10, 0.9, 1)))`` finds one box in every picture.
    """
    reader = task or FakeTask()
    session = FakeSession(outputs, _EXAMPLE if inputs is None else inputs)
    signature = Signature(session.inputs, session.outputs)
    drafted = card or reader.recognise(signature)
    if drafted is None:
        raise TaskError(f"{type(reader).__name__} does not recognise these tensors", remedy="give a card")
    return LocalBrain(drafted, reader, session, engine="fake")


def _fits(model: Signature, picture: str, rows: str) -> bool:
    fed, answered = model.tensor(picture), model.tensor(rows)
    return fed is not None and answered is not None and fed in model.inputs and answered in model.outputs


def _specs(arrays: Tensors) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name, array.shape, array.dtype.name) for name, array in arrays.items())


def _select_prefix(prefix: str, arrays: Tensors) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
