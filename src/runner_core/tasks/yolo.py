"""The table that YOLO networks export: a row for each box, its numbers along one axis and the rows along the other.

Sources: ultralytics/nn/modules/head.py and yolov5/models/yolo.py; box coordinates are in pixels of the input, or
normalised by its size in exports to TFLite.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.preprocess import PictureSpec, Placement
from runner_core.results.boxes import are_normalised, are_usable, centred_to_corners
from runner_core.results.nms import nms
from runner_core.tasks.card_options import read_choice
from runner_core.tasks.metadata import size_from_metadata
from runner_core.tasks.roles import Shape, format_shape

# What stands before the extras of a row. v8 (to v12): x, y, w, h, a score for each class. v5 and v7: x, y, w, h,
# objectness, a score for each class, which counts times the objectness. end2end: x1, y1, x2, y2, score, class.
FORMS = {"v8": 4, "v5": 5, "end2end": 6}
STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))
MOST_END_TO_END = 1000  # rows; usual are 100 and 300
MOST_ROWS = 300  # that survive, as Ultralytics has it


@attrs.frozen
class Head:
    """How such a table lies: its form, how many classes (None: not known) and extras a row has, which axis is first."""

    form: str
    classes: int | None
    extras: int
    numbers_first: bool

    @property
    def numbers(self) -> int:
        """How many a row has."""
        return FORMS[self.form] + (self.classes or 0) + self.extras


@attrs.frozen(eq=False)
class Rows:
    """``boxes`` N x 4 xyxy in pixels of the tensor, ``scores`` N, ``classes`` N, ``extras`` N x E.

    ``unit`` is what the table's x and y had to be multiplied with to be pixels of the tensor.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    extras: NDArray[np.float32]
    unit: tuple[float, float]

    def take(self, rows: NDArray[np.integer]) -> Rows:
        """These rows alone."""
        return Rows(self.boxes[rows], self.scores[rows], self.classes[rows], self.extras[rows], self.unit)


def head_of(card: Card, rows: TensorSpec, picture: PictureSpec, *, extras: int) -> Head | None:
    """The likeliest head of the form that the card's option ``form`` asks for; None where none fits.

    One of as many classes as there are labels goes before. Raises TaskError for a form that is none.
    """
    heads = heads_of(rows.shape, picture.size, extras=extras, form=read_choice(card, "form", *FORMS))
    named = max((label.model_id + 1 for label in card.labels.labels), default=None)
    return next((head for head in heads if head.classes in (None, named)), next(iter(heads), None))


def heads_of(shape: Shape | None, size: tuple[int, int] | None, *, extras: int, form: str | None = None) -> list[Head]:
    """The ways in which a table of that shape can be read, the likeliest first.

    ``size`` (width, height) of the input, where fixed, tells how many rows each form has. A ``form`` that is known may
    have any number of them, as long as there are more rows than numbers in one.
    """
    if shape is None or len(shape) != 3 or shape[0] not in (1, None):
        return []
    usual, others = [], []
    for name, numbers_first in product(FORMS if form is None else (form,), (True, False)):
        numbers, rows = shape[1:] if numbers_first else shape[:0:-1]
        rest = -1 if numbers is None else numbers - FORMS[name] - extras  # numbers that are left for the classes
        if (rest == 0 and not numbers_first) if name == "end2end" else rest > 0:
            head = Head(name, rest or None, extras, numbers_first)
            if _usual(name, rows, size):
                usual.append(head)
            elif form and numbers is not None and rows is not None and rows > numbers:
                others.append(head)
    return usual or others


def _usual(form: str, rows: int | None, size: tuple[int, int] | None) -> bool:
    """Whether a table of that form has so many rows."""
    if rows is None:
        return True
    cells = {sum((size[0] // step) * (size[1] // step) for step in strides) for strides in STRIDES} if size else set()
    counts = {"v8": cells, "v5": {3 * count for count in cells}}
    if form in counts:
        return rows in counts[form] if size else rows > MOST_END_TO_END
    return rows <= MOST_END_TO_END and not any(rows in usual for usual in counts.values())


def read_rows(card: Card, table: NDArray[Any], head: Head, placement: Placement, *, boxes: str | None) -> Rows:
    """The rows of an unbatched table that reach the card's threshold and survive class-wise NMS, best first.

    ``boxes`` says how coordinates come, ``normalised`` or ``absolute``; None looks whether one of the table is above 2.
    Raises TaskError for a table that does not lie as ``head`` says.
    """
    numbers = table if head.numbers_first else table.T
    if len(numbers) != head.numbers:
        raise TaskError(f"brain {card.name}: rows came as {format_shape(table.shape)}, which are not {head}")
    normalised = are_normalised(numbers[:4], boxes)
    unit = (float(placement.tensor[0]), float(placement.tensor[1])) if normalised else (1.0, 1.0)
    certain = _certainty(numbers, head)
    kept = np.flatnonzero(certain >= card.threshold)
    found = numbers[:, kept].astype(np.float32)
    rows = Rows(
        boxes=_corners(found[:4].T, head) * np.array(unit * 2, np.float32),
        scores=certain[kept].astype(np.float32).clip(0, 1),
        classes=_classes(found, head),
        extras=found[head.numbers - head.extras :].T,
        unit=unit,
    )
    rows = rows.take(np.flatnonzero(are_usable(rows.boxes)))
    if head.form == "end2end":
        return rows.take(np.argsort(-rows.scores, kind="stable"))
    return rows.take(nms(rows.boxes, rows.scores, rows.classes, card.iou)[:MOST_ROWS])


def _of_classes(numbers: NDArray[Any], head: Head) -> NDArray[Any]:
    """C x N scores."""
    before = FORMS[head.form]
    return numbers[before : before + (head.classes or 0)]


def _certainty(numbers: NDArray[Any], head: Head) -> NDArray[Any]:
    """N scores."""
    if head.form == "end2end":
        best: NDArray[Any] = numbers[4]
        return best
    best = _of_classes(numbers, head).max(axis=0)
    return best * numbers[4] if head.form == "v5" else best


def _classes(found: NDArray[np.float32], head: Head) -> NDArray[np.int64]:
    if head.form == "end2end":
        return np.asarray(np.nan_to_num(found[5]), np.int64)
    return np.asarray(_of_classes(found, head).argmax(axis=0), np.int64)


def _corners(boxes: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """N x 4 x1, y1, x2, y2, of centre and size but in an end-to-end table."""
    return boxes if head.form == "end2end" else centred_to_corners(boxes)


GREY = (114, 114, 114)
FREE_SIZE = (640, 640)  # of an input that takes any, where the metadata do not say
LETTERBOXED = PictureSpec(resize="letterbox", layout="nchw", pad=GREY)


def letterboxed(metadata: Mapping[str, str]) -> PictureSpec:
    """Of the size that an export's metadata tell; values are left to who knows the input's dtype."""
    return attrs.evolve(LETTERBOXED, size=size_from_metadata(metadata) or FREE_SIZE)
