"""Answers of several brains about one picture: merged into one answer, or related row by row.

``merge`` makes one Inference of several; ``nearest_iou`` says which box of one lies in which box of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import UsageError
from runner_core.results import columns
from runner_core.results.boxes import Matrix, box_areas, box_intersections, boxes_inside, ious_from_intersections
from runner_core.results.inference import Inference
from runner_core.results.nms import nms


@attrs.frozen(eq=False)
class Merged:
    """One answer, and for each row where it came from.

    ``inference``  the merged rows, by descending score.
    ``sources``    the answers that were merged.
    ``origins``    N x 2 int: the number of a source, and the row there.
    """

    inference: Inference
    sources: tuple[Inference, ...]
    origins: NDArray[np.intp]

    @property
    def brains(self) -> list[str]:
        """N names: the brain that found each row."""
        return [self.sources[number].brain for number in self.origins[:, 0].tolist()]


def merge(
    inferences: Sequence[Inference],
    *,
    name: str = "merged",
    classes: Mapping[str, str] | None = None,
    iou: float | None = 0.5,
) -> Merged:
    """The rows of all brains under one label map; of boxes of one class that overlap by more than ``iou``, the best.

    Classes of one name are one class; ``classes`` renames them before that: ``{"motorcycle": "motorbike"}``. ``iou``
    None keeps every row. A column that not all brains give is left out (the sources have it), as are tracks and
    parents, which count within one brain. In class maps, the first brain that names a pixel other than background wins.
    Raises UsageError for no answers, pictures of different sizes, or an ``iou`` for rows without boxes.
    """
    if len({inference.size for inference in inferences}) != 1:
        raise UsageError("only answers about one picture can be merged")
    labels, numbers = _join_labels(inferences, classes or {})
    parts = [_renumber(part, labels, own) for part, own in zip(inferences, numbers, strict=True)]
    merged = Inference(
        brain=name, task=_join_tasks(inferences), size=inferences[0].size, labels=labels,
        class_map=_merge_class_maps(parts), **stack_columns(parts),
    )  # fmt: skip
    origins = np.array([(part, row) for part, each in enumerate(parts) for row in range(len(each))], np.intp)
    rows = _sort_by_score(merged) if iou is None else _suppress(merged, iou)
    return Merged(merged.take(rows), tuple(inferences), origins.reshape(-1, 2)[rows])


def _join_labels(inferences: Sequence[Inference], classes: Mapping[str, str]) -> tuple[LabelMap, list[dict[int, int]]]:
    """One label map of all names, and for each answer its model_id -> the new one.

    A name keeps the file_id of the first brain that has it, unless another name has that already.
    """
    known: dict[str, Label] = {}
    taken: set[int] = set()
    numbers: list[dict[int, int]] = []
    for inference in inferences:
        own = {}
        for label in dict.fromkeys((*inference.labels.labels, *inference.found)):
            name = classes.get(label.name, label.name)
            if name not in known:
                file_id = label.file_id if label.file_id not in taken else max(taken) + 1
                known[name] = Label(len(known), file_id, name)
                taken.add(file_id)
            own[label.model_id] = known[name].model_id
        numbers.append(own)
    return LabelMap(tuple(known.values())), numbers


def _renumber(inference: Inference, labels: LabelMap, numbers: Mapping[int, int]) -> Inference:
    class_map = inference.class_map
    return attrs.evolve(
        inference, labels=labels, tracks=None, parents=None,
        model_ids=np.array([numbers[number] for number in inference.model_ids.tolist()], np.int64),
        class_map=None if class_map is None else _renumber_class_map(class_map, numbers),
    )  # fmt: skip


def _renumber_class_map(class_map: NDArray[np.integer], numbers: Mapping[int, int]) -> NDArray[np.int64]:
    present, places = np.unique(class_map, return_inverse=True)
    new: NDArray[np.int64] = np.array([numbers[number] for number in present.tolist()], np.int64)
    return new[places].reshape(class_map.shape)


def _join_tasks(inferences: Iterable[Inference]) -> str:
    return "+".join(dict.fromkeys(inference.task for inference in inferences))


def _merge_class_maps(parts: Sequence[Inference]) -> NDArray[np.integer] | None:
    maps = [part.class_map for part in parts if part.class_map is not None]
    if not maps:
        return None
    background = list(parts[0].labels.background)
    merged = maps[0].copy()
    for other in maps[1:]:
        unnamed = np.isin(merged, background)
        merged[unnamed] = other[unnamed]
    return merged


def stack_columns(parts: Sequence[Inference]) -> dict[str, Any]:
    """The columns of all parts, which share a label map, below each other; one that a part with rows lacks is None."""
    filled = [part for part in parts if len(part)] or parts[:1]
    if any(part.angles is None for part in filled):  # a turned box would lose its angle: the one around it stays
        filled = [attrs.evolve(part, boxes=part.outer_boxes, angles=None) for part in filled]
    names = ("model_ids", *columns.OPTIONAL_COLUMNS)
    return {name: _stack([getattr(part, name) for part in filled]) for name in names}


def _stack(each: Sequence[Any]) -> Any:
    if any(column is None for column in each):
        return None
    if isinstance(each[0], tuple):
        return tuple(chain.from_iterable(each))
    if len({column.shape[1:] for column in each}) > 1:  # different numbers of keypoints
        return None
    return np.concatenate(each)


def _sort_by_score(inference: Inference) -> NDArray[np.intp]:
    """The rows by descending score; in their order where there are no scores."""
    if inference.scores is None:
        return np.arange(len(inference))
    return np.argsort(-inference.scores, kind="stable")


def _suppress(inference: Inference, iou: float) -> NDArray[np.intp]:
    """The rows that greedy non-maximum suppression within each class leaves, best first."""
    scores = np.zeros(len(inference)) if inference.scores is None else inference.scores
    return nms(boxes_of(inference), scores, inference.model_ids, iou)


@attrs.frozen(eq=False)
class Pairs:
    """K pairs of rows, in the order of alpha's rows; each row of alpha occurs at most once.

    ``alphas``        K int, rows of alpha; ``bravos`` the rows of bravo that they lie in.
    ``ious``          K float64, intersection over union.
    ``containments``  K float64, the share of alpha's area that is inside: 1 where all of it is.
    """

    alphas: NDArray[np.intp]
    bravos: NDArray[np.intp]
    ious: Matrix
    containments: Matrix

    def __len__(self) -> int:
        return len(self.alphas)


def nearest_iou(alpha: Inference, bravo: Inference, *, iou: float = 0.2, inside_iou: float = 0.01) -> Pairs:
    """Which alpha lies in which bravo: of all bravos that fit, the one of highest IoU.

    A bravo fits where their IoU is above ``iou``, or where it holds the whole box and their IoU is above
    ``inside_iou``. Raises UsageError for pictures of different sizes, or where one has rows but no boxes.
    """
    if alpha.size != bravo.size:
        raise UsageError(f"{alpha.brain} and {bravo.brain} looked at pictures of different sizes")
    ours, theirs = boxes_of(alpha), boxes_of(bravo)
    common = box_intersections(ours, theirs)
    ious = ious_from_intersections(common, ours, theirs)
    fits = (ious > iou) | (boxes_inside(ours, theirs) & (ious > inside_iou))
    alphas = np.flatnonzero(fits.any(axis=1))
    bravos = np.where(fits, ious, -1)[alphas].argmax(axis=1) if len(alphas) else alphas
    contained = common[alphas, bravos] / box_areas(ours)[alphas]
    return Pairs(alphas, bravos, ious[alphas, bravos], contained)


def boxes_of(inference: Inference) -> Matrix:
    """N x 4 float64, of turned boxes the upright ones around them. Raises UsageError for rows without boxes."""
    boxes = inference.outer_boxes
    if boxes is None and len(inference):
        raise UsageError(f"brain {inference.brain} gives no boxes ({inference.task})", remedy="give one that does")
    return np.empty((0, 4)) if boxes is None else boxes.astype(np.float64)
