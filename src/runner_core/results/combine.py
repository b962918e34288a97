"""Merging: the answers of several brains as one, each row knowing whose it was."""

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
from runner_core.results.inference import Inference
from runner_core.results.relations import box_ious, boxes_of


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
        """N names: who found each row."""
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
        raise UsageError("answers about one picture can be merged, and no others")
    labels, numbers = _one_map(inferences, classes or {})
    parts = [_renumbered(part, labels, mine) for part, mine in zip(inferences, numbers, strict=True)]
    merged = Inference(
        brain=name, task=_task(inferences), size=inferences[0].size, labels=labels,
        class_map=_class_map(parts), **stack(parts),
    )  # fmt: skip
    origins = np.array([(part, row) for part, each in enumerate(parts) for row in range(len(each))], np.intp)
    rows = _best_first(merged) if iou is None else _suppressed(merged, iou)
    return Merged(merged.take(rows), tuple(inferences), origins.reshape(-1, 2)[rows])


def stack(parts: Sequence[Inference]) -> dict[str, Any]:
    """The columns of all parts, which share a label map, below each other; one that a part with rows lacks is None."""
    filled = [part for part in parts if len(part)] or parts[:1]
    return {name: _stacked([getattr(part, name) for part in filled]) for name in ("model_ids", *columns.NAMES)}


def _stacked(each: Sequence[Any]) -> Any:
    if any(column is None for column in each):
        return None
    if isinstance(each[0], tuple):
        return tuple(chain.from_iterable(each))
    if len({column.shape[1:] for column in each}) > 1:  # other keypoints
        return None
    return np.concatenate(each)


def _task(inferences: Iterable[Inference]) -> str:
    return "+".join(dict.fromkeys(inference.task for inference in inferences))


def _one_map(inferences: Sequence[Inference], classes: Mapping[str, str]) -> tuple[LabelMap, list[dict[int, int]]]:
    """One label map of all names, and for each answer its model_id -> the new one.

    A name keeps the file_id of the first brain that has it, unless another name has that already.
    """
    known: dict[str, Label] = {}
    taken: set[int] = set()
    numbers: list[dict[int, int]] = []
    for inference in inferences:
        mine = {}
        for label in dict.fromkeys((*inference.labels.labels, *inference.found)):
            name = classes.get(label.name, label.name)
            if name not in known:
                file_id = label.file_id if label.file_id not in taken else max(taken) + 1
                known[name] = Label(len(known), file_id, name)
                taken.add(file_id)
            mine[label.model_id] = known[name].model_id
        numbers.append(mine)
    return LabelMap(tuple(known.values())), numbers


def _renumbered(inference: Inference, labels: LabelMap, numbers: Mapping[int, int]) -> Inference:
    class_map = inference.class_map
    return attrs.evolve(
        inference, labels=labels, tracks=None, parents=None,
        model_ids=np.array([numbers[number] for number in inference.model_ids.tolist()], np.int64),
        class_map=None if class_map is None else _translated(class_map, numbers),
    )  # fmt: skip


def _translated(class_map: NDArray[np.integer], numbers: Mapping[int, int]) -> NDArray[np.int64]:
    present, places = np.unique(class_map, return_inverse=True)
    new: NDArray[np.int64] = np.array([numbers[number] for number in present.tolist()], np.int64)
    return new[places].reshape(class_map.shape)


def _class_map(parts: Sequence[Inference]) -> NDArray[np.integer] | None:
    maps = [part.class_map for part in parts if part.class_map is not None]
    if not maps:
        return None
    background = [label.model_id for label in parts[0].labels.labels if label.name.lower() == "background"]
    merged = maps[0].copy()
    for other in maps[1:]:
        bare = np.isin(merged, background)
        merged[bare] = other[bare]
    return merged


def _best_first(inference: Inference) -> NDArray[np.intp]:
    if inference.scores is None:
        return np.arange(len(inference))
    return np.argsort(-inference.scores, kind="stable")


def _suppressed(inference: Inference, iou: float) -> NDArray[np.intp]:
    """The rows that greedy non-maximum suppression within each class leaves, best first."""
    order = _best_first(inference)
    boxes, classes = boxes_of(inference)[order], inference.model_ids[order]
    rivals = (box_ious(boxes, boxes) > iou) & (classes[:, None] == classes)
    kept = np.ones(len(order), bool)
    for row in range(len(order)):
        if kept[row]:
            kept[row + 1 :] &= ~rivals[row, row + 1 :]
    return order[kept]
