"""Cascade: a brain that looks at what another one found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.brain import Brain, demand_brain
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.loading.behind_decoder import fed_pixels
from runner_core.results.combine import stack
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.results.relations import boxes_of

Crop = tuple[int, int, int, int]
"""left, top, right, bottom in whole pixels of the picture."""


class Cascade(Brain):
    """``second`` on the crops of what ``first`` found; made by ``first.then(second)``. ``first`` may be a Cascade.

    Its answer is the second's, named as the second is: in pixels of the whole picture, with ``parents``, rows of the
    first's answer, whose brain is ``parent_brain``. ``infer_all`` gives the first's answers too. A class map is left
    out: crops that overlap have no one answer to it; the masks say the same.
    """

    def __init__(self, first: Brain, second: Brain, *, on: Sequence[str] | None = None, margin: float = 0.0) -> None:
        """``on`` names the labels to look into, None is all; ``margin`` widens a crop on each side, in shares of it.

        Raises LabelError for a label that the first has not, UsageError for a margin that is none.
        """
        demand_brain(second)
        if not 0 <= margin <= 1:
            raise UsageError(f"a margin of {margin}", remedy="give the share of a crop to add on each side, 0 to 1")
        first.labels.model_ids_of(on or ())
        self.first, self.second, self.on, self.margin = first, second, None if on is None else tuple(on), margin
        self._looking = fed_pixels(second)  # crops were never encoded, and need not be for this
        self.name, self.version, self.labels = second.name, second.version, second.labels
        self.task, self.family, self.engine, self.threads = second.task, second.family, second.engine, second.threads

    def infer(self, frame: Frame) -> Inference:
        return self.infer_all(frame)[-1]

    def infer_all(self, frame: Frame) -> tuple[Inference, ...]:
        """The answers of every brain of the chain, in its order."""
        before = self.first.infer_all(frame)
        return (*before, self.look_into(frame, before[-1]))

    def look_into(self, frame: Frame, found: Inference) -> Inference:
        """What the second says of the crops that ``found``, an answer of the first, asks for."""
        wanted = list(self._crops(found))
        answers = self._looking.infer_many([_cut(frame, crop) for _, crop in wanted])
        parts = [
            _carried(answer, crop, frame.size, row) for answer, (row, crop) in zip(answers, wanted, strict=True)
        ]  # fmt: skip
        return self._joined(parts) if parts else self._nothing(frame, found)

    def _crops(self, found: Inference) -> Iterator[tuple[int, Crop]]:
        """Rows and their crops; what has no pixel in the picture is passed over."""
        wanted = set(found.names if self.on is None else self.on)
        crops = crops_of(boxes_of(found), found.size, self.margin)
        for row, (name, crop) in enumerate(zip(found.names, crops, strict=True)):
            if crop and name in wanted:
                yield row, crop

    def _joined(self, parts: Sequence[Inference]) -> Inference:
        spent = {stage: round(sum(part.ms.get(stage, 0.0) for part in parts), 3) for stage in parts[0].ms}
        joined = attrs.evolve(parts[0], **stack(parts), parent_brain=self.first.name, ms=spent)
        return joined if joined.scores is None else joined.take(np.argsort(-joined.scores, kind="stable"))

    def _nothing(self, frame: Frame, found: Inference) -> Inference:
        """No crop, no row; boxes and scores are there all the same, for whoever reads columns."""
        none = np.empty(0, np.int64)
        return Inference(
            brain=self.name, task=self.task, size=frame.size, version=self.version, engine=self.engine,
            labels=self.labels, model_ids=none, boxes=np.empty((0, 4), np.float32), scores=np.empty(0, np.float32),
            parents=none, parent_brain=found.brain,
        )  # fmt: skip

    def close(self) -> None:
        self.first.close()
        self.second.close()

    def __repr__(self) -> str:
        return f"Cascade({self.first!r} > {self.second!r})"


def chain(first: Brain, second: Brain, *, on: Sequence[str] | None = None, margin: float = 0.0) -> Cascade:
    """``first.then(second)``: where the second is a Cascade itself, its own second still looks into its own first."""
    if isinstance(second, Cascade):
        return Cascade(chain(first, second.first, on=on, margin=margin), second.second, on=second.on,
                       margin=second.margin)  # fmt: skip
    return Cascade(first, second, on=on, margin=margin)


def stages(brain: Brain) -> tuple[Brain, ...]:
    """The brain, behind those whose answers it needs: for a Cascade of two, its first and itself."""
    return (*stages(brain.first), brain) if isinstance(brain, Cascade) else (brain,)


def crops_of(boxes: NDArray[np.floating], size: tuple[int, int], margin: float = 0.0) -> list[Crop | None]:
    """The whole pixels that N x 4 boxes touch, widened by ``margin`` of their sides, within a picture of that size.

    None for a box that holds no pixel of it, or is no box: inside out, not finite.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    usable = np.isfinite(boxes).all(axis=1) & (sides > 0).all(axis=1)
    wide = np.where(usable[:, None], boxes + np.concatenate([-sides, sides], axis=1) * margin, 0)
    edges = np.concatenate([np.floor(wide[:, :2]), np.ceil(wide[:, 2:])], axis=1)
    clipped = edges.clip(0, [*size, *size]).astype(int).tolist()
    return [(x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None for x1, y1, x2, y2 in clipped]


def _cut(frame: Frame, crop: Crop) -> Frame:
    """The crop as a frame of its own; its pixels are those of the picture, not copied."""
    x1, y1, x2, y2 = crop
    return Frame.from_array(frame.pixels[y1:y2, x1:x2], source=frame.source, index=frame.index, time=frame.time)


def _carried(inference: Inference, crop: Crop, size: tuple[int, int], parent: int) -> Inference:
    """The answer for a crop in the pixels of the picture."""
    x, y = crop[:2]
    boxes, points, masks = inference.boxes, inference.keypoints, inference.masks
    return attrs.evolve(
        inference, size=size, class_map=None, parents=np.full(len(inference), parent),
        boxes=None if boxes is None else boxes + np.array([x, y, x, y], np.float32),
        keypoints=None if points is None else points + np.array([x, y, 0], np.float32),
        masks=None if masks is None else tuple(_pasted(mask, crop, size) for mask in masks),
    )  # fmt: skip


def _pasted(mask: Mask, crop: Crop, size: tuple[int, int]) -> Mask:
    x1, y1, x2, y2 = crop
    whole = np.zeros(size[::-1], bool)
    whole[y1:y2, x1:x2] = mask.array
    return Mask(array=whole)
