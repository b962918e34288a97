"""Result: what a run gives for one frame: the answer of every brain, or why there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
from PIL import Image

from runner_core.drawing.annotate import annotate_picture
from runner_core.drawing.save import save_image
from runner_core.errors import ImageError, RunnerError
from runner_core.frames.frame import Frame
from runner_core.frames.pickled import identify
from runner_core.results.inference import Inference
from runner_core.results.shown import format_instances
from runner_core.util.notebook import embed_picture, format_table, format_title


@attrs.frozen
class Failure:
    """Why there is no answer: the kind of error and its message, on one line.

    ``brain`` is empty where the frame itself could not be read.
    """

    kind: str
    message: str
    brain: str = ""

    @classmethod
    def from_error(cls, error: Exception, *, brain: str = "") -> Failure:
        """Of any exception: a RunnerError or one of a library."""
        kind = error.kind if isinstance(error, RunnerError) else type(error).__name__
        return cls(kind, " ".join(str(error).split()) or kind, brain)

    def to_json(self) -> dict[str, Any]:
        """The entry of a brain's failure in a JSONL line; for the frame's own failure, what follows its source."""
        error = {"error": {"kind": self.kind, "message": self.message}}
        return {"brain": self.brain, **error} if self.brain else error


@attrs.frozen
class Result:
    """One frame and what became of it: an Inference or a Failure for each brain, or one ``error`` for all.

    ``dropped`` counts the frames of a live source that were skipped just before this one. Two results are equal if
    their answers are and their frames have the same source, place and time.

    ``ignored``  rows of its only answer that count neither as found nor as missed: of a picture of a data set the
                 crowds, and what is marked as difficult.
    """

    frame: Frame = attrs.field(eq=identify)
    inferences: tuple[Inference | Failure, ...] = ()
    error: Failure | None = None
    dropped: int = 0
    ignored: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[Any]:
        """Unpacks into the frame and its answers."""
        return iter((self.frame, self.answers))

    @property
    def answers(self) -> tuple[Inference, ...]:
        """The inferences that succeeded."""
        return tuple(entry for entry in self.inferences if isinstance(entry, Inference))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The frame's own failure, or those of brains."""
        failed = tuple(entry for entry in self.inferences if isinstance(entry, Failure))
        return (self.error, *failed) if self.error else failed

    def draw(self) -> Image.Image:
        """A new RGB image: the frame with what every brain found. Raises ImageError where it cannot be read."""
        return annotate_picture(self.frame.image, self.answers)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes ``draw()`` to a file, as ``Inference.save`` does."""
        return save_image(self.draw(), Path(path))

    def show(self) -> None:
        """Opens ``draw()`` in the viewer of this machine."""
        self.draw().show(title=self.frame.source)

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture with all answers, their first rows, and what failed."""
        try:
            picture = embed_picture(self.draw()) if self.answers else ""
        except ImageError:
            picture = ""
        tables = (format_title(repr(answer)) + format_instances(answer) for answer in self.answers)
        failed = [(failure.brain or self.frame.source, failure.message) for failure in self.failures]
        return picture + "".join(tables) + (format_table((), failed, len(failed)) if failed else "")

    def to_json(self) -> dict[str, Any]:
        """The JSONL line of this frame."""
        line: dict[str, Any] = {"source": self.frame.source, "index": self.frame.index}
        if self.error:
            return {**line, **self.error.to_json()}
        line |= {"time": self.frame.time, "size": list(self.frame.size)}
        line["inferences"] = [_without_size(entry.to_json()) for entry in self.inferences]
        return line


def _without_size(data: dict[str, Any]) -> dict[str, Any]:
    """The line has the size once, for all brains."""
    return {key: value for key, value in data.items() if key != "size"}
