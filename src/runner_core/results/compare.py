"""Comparison: how near two answers to one picture are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.tolerance import Tolerance as Tolerance  # the bounds of a comparison
from runner_core.results.boxes import box_ious
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.results.run_lengths import run_ious

_LEAST_OVERLAP = 0.5  # from which two rows with one label count as one finding


@attrs.frozen
class Comparison:
    """Counts of rows, the worst of each measure (None: there was nothing to measure), and what is wrong.

    ``matched``     rows of both answers.
    ``missing``     rows of the first alone; ``extra`` rows of the second alone.
    ``relabelled``  rows at the same place with different labels.
    ``near``        rows of one alone that do not count: their score is too near the threshold.
    ``boxes``       least IoU of matched boxes; ``masks`` likewise.
    ``scores``      greatest difference of matched scores.
    ``pixels``      share of the class map with the same label.
    ``levels``      mean difference of the pixel maps, in shares of their limits.
    ``keypoints``   greatest distance of matched keypoints, or of corners of turned boxes, in shares of the picture's
                    longer side.
    ``vectors``     greatest distance of matched vectors, in shares of the longer one.
    ``faults``      what is beyond the tolerance, a line each.
    """

    matched: int = 0
    missing: int = 0
    extra: int = 0
    relabelled: int = 0
    near: int = 0
    boxes: float | None = None
    masks: float | None = None
    scores: float | None = None
    pixels: float | None = None
    levels: float | None = None
    keypoints: float | None = None
    vectors: float | None = None
    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is beyond the tolerance."""
        return not self.faults

    @classmethod
    def total(cls, comparisons: Iterable[Comparison]) -> Comparison:
        """Counts summed, each measure at its worst, all faults."""
        each = list(comparisons)
        values: dict[str, Any] = {name: sum(getattr(one, name) for one in each) for name in _COUNTS}
        values |= {name: _worst(choose, (getattr(one, name) for one in each)) for name, choose in _MEASURES.items()}
        return cls(**values, faults=tuple(fault for one in each for fault in one.faults))


_COUNTS = ("matched", "missing", "extra", "relabelled", "near")
_MEASURES: dict[str, Any] = {
    "boxes": min, "masks": min, "scores": max, "pixels": min, "levels": max, "keypoints": max, "vectors": max,
}  # fmt: skip


def compare_inferences(one: Inference, other: Inference, tolerance: Tolerance | None = None) -> Comparison:
    """Compares ``other`` with ``one``, two answers to the same picture.

    Rows of one label are matched by the overlap of their masks, else of their boxes, the greatest first; without
    either, in their order. Where both answers label pixels, only the class maps are compared: their rows say no more.
    """
    tolerance = tolerance or Tolerance()
    if one.size != other.size:
        sizes = " and ".join(f"{width} x {height}" for width, height in (one.size, other.size))
        return Comparison(faults=(f"two pictures: {sizes}",))
    if one.class_map is not None and other.class_map is not None:
        return _check_measures(Comparison(pixels=_share_of_equal_pixels(one, other)), tolerance)
    return _compare_rows(one, other, tolerance)


def _compare_rows(one: Inference, other: Inference, tolerance: Tolerance) -> Comparison:
    overlaps = _overlaps(one, other)
    same = np.array([[name == another for another in other.names] for name in one.names], bool)
    pairs = _match(np.where(same.reshape(overlaps.shape), overlaps, 0), _LEAST_OVERLAP)
    left, right = (_unmatched_rows(answer, [pair[side] for pair in pairs]) for side, answer in enumerate((one, other)))
    missing, extra = (_certain_rows(answer, rows, tolerance) for answer, rows in ((one, left), (other, right)))
    same_place = _match(overlaps[np.ix_(missing, extra)], tolerance.iou)
    relabelled = [(missing[row], extra[column]) for row, column in same_place]
    near = len(left) + len(right) - len(missing) - len(extra)
    missing, extra = (
        sorted(set(rows) - {pair[side] for pair in relabelled}) for side, rows in ((0, missing), (1, extra))
    )
    found = Comparison(
        matched=len(pairs),
        missing=len(missing),
        extra=len(extra),
        relabelled=len(relabelled),
        near=near,
        faults=(
            *(f"only the first has {_describe_row(one, row)}" for row in missing),
            *(f"only the second has {_describe_row(other, row)}" for row in extra),
            *(
                f"{_describe_row(one, row)} is {_describe_row(other, column)} to the second"
                for row, column in relabelled
            ),
        ),
    )
    return _check_measures(attrs.evolve(found, **_measure(one, other, pairs, tolerance)), tolerance)


def _unmatched_rows(answer: Inference, matched: Sequence[int]) -> list[int]:
    return sorted(set(range(len(answer))) - set(matched))


def _certain_rows(answer: Inference, rows: Sequence[int], tolerance: Tolerance) -> list[int]:
    """Those that score more than the threshold, by more than scores may differ."""
    scores = answer.scores
    return [row for row in rows if scores is None or scores[row] - tolerance.threshold > tolerance.score]


def _check_measures(found: Comparison, tolerance: Tolerance) -> Comparison:
    """With a fault for each measure that is beyond its tolerance."""
    bounds = {"boxes": tolerance.iou, "masks": tolerance.iou, "pixels": tolerance.pixels}
    bounds |= {
        "scores": tolerance.score,
        "levels": tolerance.score,
        "keypoints": tolerance.keypoints,
        "vectors": tolerance.score,
    }
    faults = []
    for name, choose in _MEASURES.items():
        value, bound = getattr(found, name), bounds[name]
        if value is not None and choose(value, bound) != bound:
            faults.append(f"{name}: {value:.4g}, {'at least' if choose is min else 'at most'} {bound:g} is asked")
    return attrs.evolve(found, faults=(*found.faults, *faults))


def _measure(
    one: Inference, other: Inference, pairs: Sequence[tuple[int, int]], tolerance: Tolerance
) -> dict[str, Any]:
    """The worst of each measure over the matched rows."""
    rows, columns = (np.array([pair[side] for pair in pairs], int) for side in (0, 1))
    left, right = one.take(rows), other.take(columns)
    measured: dict[str, Any] = {}
    if left.outer_boxes is not None and right.outer_boxes is not None:
        measured["boxes"] = _worst(min, _box_ious(left.outer_boxes, right.outer_boxes).diagonal().tolist())
    if left.masks is not None and right.masks is not None:
        measured["masks"] = _worst(min, _mask_ious(left.masks, right.masks).diagonal().tolist())
    measured["scores"] = _worst(max, _score_differences(left, right))
    if left.keypoints is not None and right.keypoints is not None:
        seen = (left.keypoints[..., 2] >= tolerance.threshold) & (right.keypoints[..., 2] >= tolerance.threshold)
        apart = np.linalg.norm(left.keypoints[..., :2] - right.keypoints[..., :2], axis=-1)
        measured["keypoints"] = _worst(max, (apart[seen] / max(one.size)).tolist())
    if left.corners is not None and right.corners is not None:
        measured["keypoints"] = _worst(max, (_corner_distances(left.corners, right.corners) / max(one.size)).tolist())
    if left.vectors is not None and right.vectors is not None and left.vectors.shape == right.vectors.shape:
        measured["vectors"] = _worst(max, _distances(left.vectors, right.vectors).tolist())
    if one.pixel_map is not None and other.pixel_map is not None:
        apart = np.abs(one.pixel_map.levels - other.pixel_map.levels.astype(np.float32))
        measured["levels"] = float(apart.mean() / 255)
    return measured


def _score_differences(one: Inference, other: Inference) -> list[float]:
    """Of the rows, which are pairs, and of the verdicts."""
    rows = [] if one.scores is None or other.scores is None else np.abs(one.scores - other.scores).tolist()
    if one.verdict is None or other.verdict is None:
        return rows
    return [*rows, abs(one.verdict.score - other.verdict.score)]


def _corner_distances(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.floating]:
    """N greatest distances of the corners of N pairs of boxes, N x 4 x 2, whichever corner comes first."""
    turns = [np.linalg.norm(one - np.roll(other, turn, axis=1), axis=-1).max(axis=1) for turn in range(4)]
    return np.asarray(np.min(turns, axis=0))


def _distances(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.floating]:
    """N distances of N pairs of vectors, in shares of the longer one of each."""
    longer = np.maximum(np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1))
    return np.asarray(np.linalg.norm(one - other, axis=1) / np.maximum(longer, np.finfo(np.float32).tiny))


def _overlaps(one: Inference, other: Inference) -> NDArray[np.float64]:
    """len(one) x len(other), 0 to 1."""
    if one.masks is not None and other.masks is not None:
        return _mask_ious(one.masks, other.masks)
    if one.outer_boxes is not None and other.outer_boxes is not None:
        return _box_ious(one.outer_boxes, other.outer_boxes)
    return np.ones((len(one), len(other)))


def _box_ious(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """N x M; equal boxes have 1, even where they are empty."""
    equal = (one[:, None] == other[None]).all(axis=-1)
    return np.where(equal, 1.0, box_ious(one, other))


def _mask_ious(one: Sequence[Mask], other: Sequence[Mask]) -> NDArray[np.float64]:
    if not one or not other:
        return np.zeros((len(one), len(other)))
    return run_ious(*([mask.runs for mask in masks] for masks in (one, other)))


def _match(overlaps: NDArray[np.float64], least: float) -> list[tuple[int, int]]:
    """Pairs of a row and a column, each at most once, by descending overlap of at least ``least``; equals in order."""
    rows, columns = np.nonzero(overlaps >= least)
    pairs: list[tuple[int, int]] = []
    for place in np.argsort(-overlaps[rows, columns], kind="stable").tolist():
        row, column = int(rows[place]), int(columns[place])
        if all(row != taken[0] and column != taken[1] for taken in pairs):
            pairs.append((row, column))
    return pairs


def _share_of_equal_pixels(one: Inference, other: Inference) -> float:
    """The share of the pixels whose class has the same name."""
    assert one.class_map is not None
    assert other.class_map is not None
    numbers: dict[str, int] = {label.name: label.model_id for label in other.found}
    same = sum(
        int(np.count_nonzero((one.class_map == label.model_id) & (other.class_map == numbers[label.name])))
        for label in one.found
        if label.name in numbers
    )
    return same / max(1, one.class_map.size)


def _describe_row(answer: Inference, row: int) -> str:
    score = "" if answer.scores is None else f" {answer.scores[row]:.3f}"
    return f"{answer.labels.name(int(answer.model_ids[row]))}{score}"


def _worst(choose: Any, values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(choose(known)) if known else None
