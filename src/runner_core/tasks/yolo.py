"""The table that YOLO networks export: a row for each box, its features along one axis and the rows along the other.

Sources: ultralytics/nn/modules/head.py and engine/exporter.py, yolov5/models/yolo.py. Coordinates are in pixels of the
letterboxed input, or normalised by its size in TensorFlow exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.card import Card
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import Placement
from runner_core.results.boxes import are_normalised, are_usable, centred_to_corners
from runner_core.results.nms import nms
from runner_core.tasks.best_class import find_best_class, score_best_class
from runner_core.tasks.card_options import read_choice
from runner_core.tasks.metadata import size_from_metadata
from runner_core.tasks.roles import Shape, format_shape

# How many features stand before the class scores, by form. v8 (to v12): x, y, w, h. v5 (v3, v7): x, y, w, h and an
# objectness, which is multiplied with the class scores. end2end (v10, 26): x1, y1, x2, y2, score, class, final boxes.
FORMS = {"v8": 4, "v5": 5, "end2end": 6}
# Pixels to a cell, in the heads that there are: the usual three, with a fourth coarser or finer one.
STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))
TINY_STRIDES = (16, 32)  # of detectors alone
ANCHORS = 3  # boxes a cell in the form v5
MOST_END_TO_END = 1000  # rows; usual are 100 and 300
MOST_ROWS = 300  # that survive, as Ultralytics has it

GREY = (114, 114, 114)
FREE_SIZE = (640, 640)  # of an input of any size, where the metadata do not give one
LETTERBOX = PictureSpec(resize="letterbox", layout="nchw", pad=GREY)


def letterbox_from_metadata(metadata: Mapping[str, str]) -> PictureSpec:
    """Of the size that an export's metadata give. The normalisation is left to who knows the input's dtype."""
    return attrs.evolve(LETTERBOX, size=size_from_metadata(metadata) or FREE_SIZE)


@attrs.frozen
class YoloLayout:
    """How a table is laid out.

    ``form``            ``v8``, ``v5`` or ``end2end``: what stands before the class scores.
    ``classes``         how many class scores a row has; None where that is not known, and in an end-to-end table.
    ``extras``          how many features follow them: mask coefficients, keypoints.
    ``features_first``  whether it is features x rows, rather than rows x features.
    ``guess``           what the shape left open, for a person.
    """

    form: str
    classes: int | None
    extras: int = 0
    features_first: bool = False
    guess: str = ""

    def __str__(self) -> str:
        if self.form == "end2end":
            return self.order
        return f"{self.order} with objectness" if self.has_objectness else self.order

    @property
    def order(self) -> str:
        """``rows``, ``columns`` or ``end-to-end``."""
        if self.form == "end2end":
            return "end-to-end"
        return "columns" if self.features_first else "rows"

    @property
    def has_objectness(self) -> bool:
        return self.form == "v5"

    @property
    def scores_from(self) -> int:
        """How many features stand before the class scores."""
        return FORMS[self.form]

    @property
    def features(self) -> int:
        """How many a row has."""
        return self.scores_from + (self.classes or 0) + self.extras


def find_yolo_layout(card: Card, rows: TensorSpec, picture: PictureSpec, *, extras: int) -> YoloLayout | None:
    """The likeliest layout of a table with ``extras``, in the form of the card's option ``form``; None if none fits.

    A layout of as many classes as there are labels comes first. A form that the card gives may have any number of
    rows, as long as there are more rows than features. Raises TaskError for a form that does not exist.
    """
    form = read_choice(card, "form", *FORMS)
    usual, others = [], []
    for layout, count in list_yolo_layouts(rows.shape, extras=extras):
        if form not in (None, layout.form):
            continue
        if is_usual_count(count, layout, picture.size):
            usual.append(layout)
        elif form and count is not None and count > layout.features:
            others.append(layout)
    named = max((label.model_id + 1 for label in card.labels.labels), default=None)
    layouts = usual or others
    return next((layout for layout in layouts if layout.classes in (None, named)), next(iter(layouts), None))


def list_yolo_layouts(shape: Shape | None, *, extras: int = 0) -> Iterator[tuple[YoloLayout, int | None]]:
    """Every layout that a table of this shape has enough features for, with its number of rows (None: not fixed)."""
    if shape is None or len(shape) != 3 or shape[0] not in (1, None):
        return
    for form, features_first in product(FORMS, (True, False)):
        features, rows = shape[1:] if features_first else shape[:0:-1]
        classes = -1 if features is None else features - FORMS[form] - extras
        if (classes == 0 and not features_first) if form == "end2end" else classes > 0:
            yield YoloLayout(form, classes or None, extras, features_first), rows


def is_usual_count(rows: int | None, layout: YoloLayout, size: tuple[int, int] | None) -> bool:
    """Whether a table of that layout can have so many rows, for an input of (width, height); None: not fixed."""
    if rows is None:
        return True
    cells = _count_cells(size, STRIDES if layout.extras else (*STRIDES, TINY_STRIDES)) if size else set()
    boxes = {ANCHORS * count for count in cells}
    if layout.form == "end2end":
        return rows <= MOST_END_TO_END and rows not in cells | boxes
    if size is None:
        return rows > MOST_END_TO_END
    return rows in (boxes if layout.form == "v5" else cells)


def _count_cells(size: tuple[int, int], heads: Sequence[Sequence[int]]) -> set[int]:
    """How many cells such heads have together, for an input of (width, height): a part of a cell counts as one."""
    width, height = size
    return {sum(-(-width // stride) * -(-height // stride) for stride in strides) for strides in heads}


@attrs.frozen(eq=False)
class YoloRows:
    """``boxes`` N x 4 x1, y1, x2, y2 in pixels of the tensor, ``scores`` N, ``classes`` N, ``extras`` N x E.

    ``unit`` is what the table's x and y were multiplied with to be pixels of the tensor.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    extras: NDArray[np.float32]
    unit: tuple[float, float]

    def take(self, rows: NDArray[np.integer]) -> YoloRows:
        """These rows alone."""
        return YoloRows(self.boxes[rows], self.scores[rows], self.classes[rows], self.extras[rows], self.unit)


def read_yolo_rows(
    card: Card, table: NDArray[Any], layout: YoloLayout, placement: Placement, *, boxes: str | None
) -> YoloRows:
    """The rows of an unbatched table that reach the card's threshold and survive class-wise NMS, best first.

    ``boxes`` says how coordinates come, ``normalised`` or ``absolute``; without it they are absolute if any of the
    table is above 2. Raises TaskError for a table of another layout.
    """
    features = table if layout.features_first else table.T
    if len(features) != layout.features:
        raise TaskError(
            f"brain {card.name}: rows came as {format_shape(table.shape)}, not as YOLO's {layout} of "
            f"{layout.features} features"
        )
    normalised = are_normalised(features[:4], boxes)
    unit = (float(placement.tensor[0]), float(placement.tensor[1])) if normalised else (1.0, 1.0)
    scores = _best_scores(features, layout)
    kept = np.flatnonzero(scores >= card.threshold)
    found = features[:, kept].astype(np.float32)
    rows = YoloRows(
        boxes=_corners(found[:4].T, layout) * np.array(unit * 2, np.float32),
        scores=scores[kept].astype(np.float32).clip(0, 1),
        classes=_best_classes(found, layout),
        extras=found[layout.features - layout.extras :].T,
        unit=unit,
    )
    rows = rows.take(np.flatnonzero(are_usable(rows.boxes)))
    if layout.form == "end2end":
        return rows.take(np.argsort(-rows.scores, kind="stable"))
    return rows.take(nms(rows.boxes, rows.scores, rows.classes, card.iou)[:MOST_ROWS])


def _class_scores(features: NDArray[Any], layout: YoloLayout) -> NDArray[Any]:
    """C x N."""
    return features[layout.scores_from : layout.scores_from + (layout.classes or 0)]


def _best_scores(features: NDArray[Any], layout: YoloLayout) -> NDArray[Any]:
    """N scores."""
    if layout.form == "end2end":
        scores: NDArray[Any] = features[4]
        return scores
    scores = score_best_class(_class_scores(features, layout), 0)
    return scores * features[4] if layout.has_objectness else scores


def _best_classes(found: NDArray[np.float32], layout: YoloLayout) -> NDArray[np.int64]:
    """N classes."""
    if layout.form == "end2end":
        return np.asarray(np.nan_to_num(found[5]), np.int64)
    return np.asarray(find_best_class(_class_scores(found, layout), 0), np.int64)


def _corners(boxes: NDArray[np.float32], layout: YoloLayout) -> NDArray[np.float32]:
    """N x 4 x1, y1, x2, y2: given so in an end-to-end table, else as centre and size."""
    return boxes if layout.form == "end2end" else centred_to_corners(boxes)
