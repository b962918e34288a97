"""Worst: what a head that is being trained answers to the held-back pictures that it gets most wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.cards import LabelMap
from runner_core.frames import Frame
from runner_core.results import Inference, Result
from runner_core.training import TRUTH
from runner_train.fit import Fit, assign_weights
from runner_train.pictures import UNLABELLED, Picture

MOST_LOOKED, MOST_SHOWN = 24, 4  # pictures
Worst = Callable[[], Sequence[Result]]
_NONE = np.zeros(0, np.int64)


@attrs.frozen(eq=False)
class Look:
    """An answer to one picture: ``wrong`` from 0 to 1; ``columns`` of an Inference, classes from 0 and boxes as shares
    of the picture, as a Picture has them.
    """

    wrong: float
    columns: Mapping[str, Any]


class Looking(Protocol):
    """Asks a head about one held-back picture by its place."""

    def look(self, head: Any, at: int) -> Look:
        """What it answers."""


@attrs.frozen
class WorstPictures:
    """Of the pictures that ``looking`` knows, in its order; ``name`` is the new brain's, ``classes`` are its own."""

    looking: Looking
    pictures: Sequence[Picture]
    name: str
    kind: str
    classes: Sequence[str]

    def of(self, fit: Fit) -> Worst:
        """What the average of the weights answers when it is called; the fit goes on as if nothing had been asked."""
        return partial(self._find, fit)

    def _find(self, fit: Fit) -> list[Result]:
        places = np.unique(np.linspace(0, len(self.pictures) - 1, MOST_LOOKED).astype(int)).tolist()
        with _averaged(fit) as head:
            looks = {at: self.looking.look(head, at) for at in places}
        worst = sorted(places, key=lambda at: (-looks[at].wrong, at))[:MOST_SHOWN]
        return [self._show(self.pictures[at], looks[at].columns) for at in worst]

    def _show(self, picture: Picture, columns: Mapping[str, Any]) -> Result:
        frame = Frame.from_image(picture.image, source=picture.key)
        answers = ((self.name, columns), (TRUTH, self._read_labels(picture)))
        return Result(frame, tuple(self._tell(brain, told, picture.image.size) for brain, told in answers))

    def _read_labels(self, picture: Picture) -> dict[str, Any]:
        """Without what counts neither way."""
        if picture.class_map is not None:
            known = np.array(picture.class_map, np.int64)
            return {"model_ids": _NONE, "class_map": np.where(known == UNLABELLED, -1, known)}
        counted = picture.classes >= 0
        boxes = {"boxes": picture.boxes[counted]} if self.kind == "object-detection" else {}
        return {"model_ids": picture.classes[counted], **boxes}

    def _tell(self, brain: str, columns: Mapping[str, Any], size: tuple[int, int]) -> Inference:
        told = dict(columns)
        if "boxes" in told:
            told["boxes"] = told["boxes"] * np.array([*size, *size], np.float32)
        if "class_map" in told:
            told["class_map"] = _resize(told["class_map"], size)
        return Inference(brain=brain, task=self.kind, size=size, labels=LabelMap.from_names(self.classes), **told)


def _resize(class_map: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.int64]:
    """To (width, height), by the nearest."""
    image = Image.fromarray(class_map.astype(np.int32))
    return np.array(image.resize(size, Image.Resampling.NEAREST), np.int64)


@contextmanager
def _averaged(fit: Fit) -> Iterator[Any]:
    """The model with the average of its weights, and afterwards with its own, to the last bit."""
    own = [variable.numpy() for variable in fit.model.trainable_variables]
    try:
        assign_weights(fit.model, fit.average)
        yield fit.model
    finally:
        assign_weights(fit.model, own)
