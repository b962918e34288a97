"""Semantic segmentation: a class for every pixel."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Label, LabelMap
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import Frame, PictureSpec
from runner_core.results import Inference, Mask
from runner_core.tasks import (
    PictureCodec,
    bind_picture,
    bind_roles,
    check_classes,
    read_activation,
    read_background,
    read_choice,
)
from runner_segmentation.draft import USUAL, draft_card
from runner_segmentation.map_layout import count_classes, drop_unit_axes, find_map_layout, is_class_map, refuse_crop
from runner_segmentation.regions import Region, find_regions
from runner_segmentation.scores import Scores
from runner_segmentation.upsample import make_taps, resize_best_classes, resize_nearest

log = logging.getLogger("runner")

IGNORED = 255  # of uint8: Pascal VOC, Cityscapes and others mark so what belongs to no class


class SemanticSegmentation:
    """Roles: ``image``, and either ``class_map`` (H x W whole numbers) or ``scores`` (of each class for each cell).

    Gives the class map in the picture's size, and a row for each class in it that is not background: mask, the box
    around it and, where the model gives scores, the mean probability of that class over its pixels. The answers of a
    model that gives only a class map have no scores: the largest region comes first, and no threshold applies.

    Scores are resized to the picture before the best class is taken; a class map takes the nearest cell.

    Card options:
    ``background``  the class, or classes, that no instance has. Absent: those that the labels call background, else 0
                    unless the labels have a name for it; and 255 in a class map unless the labels have a name for it:
                    data sets mark so what is not labelled, and some models give it.
    ``activation``  what makes scores probabilities: ``softmax``, ``sigmoid`` or ``none``. Absent: softmax for an answer
                    with a value outside 0 to 1, else none.
    ``layout``      of the scores: ``nhwc`` or ``nchw``, where their shape leaves it open.
    """

    kind = "semantic-segmentation"

    def recognise(self, model: Signature) -> Card | None:
        return draft_card(model)

    def bind(self, card: Card, model: Signature) -> SemanticCodec:
        role = "scores" if "scores" in card.roles else "class_map"
        specs = bind_roles(card, model, needed=("image", role))
        picture = refuse_crop(card, bind_picture(card, specs["image"], USUAL))
        background = read_background(card, default=0)
        if role == "class_map":
            _check_class_map(card, specs[role], picture)
            return ClassMapCodec(card, picture, background)
        layout = read_choice(card, "layout", "nhwc", "nchw") or find_map_layout(specs[role], picture, coarsest=None)
        if layout is None:
            raise TaskError(
                f"brain {card.name}: scores is {specs[role]}, {card.task} reads [1 x H x W x C] or [1 x C x H x W]",
                remedy="say which by the card's option layout",
            )
        check_classes(card, max(2, count_classes(specs[role], layout)), background)
        return ScoresCodec(card, picture, background, layout, read_activation(card, logits="softmax"))


@attrs.frozen
class SemanticCodec(PictureCodec):
    """What class maps and scores have in common."""

    background: frozenset[int]

    def build_answer(
        self, frame: Frame, class_map: NDArray[np.integer], regions: Sequence[Region], scores: Sequence[float] | None
    ) -> Inference:
        """``regions`` and their ``scores``, if there are any, in their final order."""
        return Inference(
            brain=self.card.name,
            task=SemanticSegmentation.kind,
            size=frame.size,
            version=self.card.version,
            labels=self.card.labels,
            model_ids=np.array([region.model_id for region in regions], np.int64),
            boxes=np.array([region.box for region in regions], np.float32).reshape(-1, 4),
            scores=None if scores is None else np.array(scores, np.float32),
            masks=tuple(Mask(array=region.mask) for region in regions),
            class_map=class_map,
        )


@attrs.frozen
class ClassMapCodec(SemanticCodec):
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        cells = _compact_cells(self.card, drop_unit_axes(self.card, "class_map", outputs["class_map"], axes=2))
        class_map = resize_nearest(cells, *make_taps(self.placement_of(frame), cells.shape))
        ignores = not self._knows_ignored and bool((class_map == IGNORED).any())
        regions = find_regions(class_map, self.background | ({IGNORED} if ignores else set()))
        self.card.labels.check(np.array([region.model_id for region in regions], np.int64))
        answer = self.build_answer(frame, class_map, regions, None)
        return attrs.evolve(answer, labels=self._name_ignored()) if ignores else answer

    @property
    def _knows_ignored(self) -> bool:
        """Whether the labels go so far, or the card says what is background."""
        known = self.card.labels
        most = max((*known.model_id_to_file_id, *known.file_id_to_model_id), default=0)
        return most >= IGNORED or "background" in self.card.options

    def _name_ignored(self) -> LabelMap:
        """The labels, with a name for pixels of no class."""
        log.info(
            "brain %s: class %d, which no label has, is taken for the ignore index: pixels of no class; "
            "if it is a class, give it a label", self.card.name, IGNORED,
        )  # fmt: skip
        return LabelMap((*self.card.labels.labels, Label(IGNORED, IGNORED, "unlabelled")))


@attrs.frozen
class ScoresCodec(SemanticCodec):
    layout: str
    activation: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        values = drop_unit_axes(self.card, "scores", outputs["scores"], axes=3)
        scores = Scores.from_values(values.transpose(2, 0, 1) if self.layout == "nhwc" else values, self.activation)
        rows, columns = make_taps(self.placement_of(frame), scores.planes.shape)
        class_map = resize_best_classes(scores.planes, rows, columns)
        scored = []
        for region in find_regions(class_map, self.background):
            x1, y1, x2, y2 = region.box
            certainty = resize_nearest(scores.probability(region.model_id), rows[y1:y2], columns[x1:x2])
            scored.append((region.mean(certainty), region))
        scored = sorted((pair for pair in scored if pair[0] >= self.card.threshold), key=lambda pair: -pair[0])
        return self.build_answer(frame, class_map, [region for _, region in scored], [score for score, _ in scored])


def _check_class_map(card: Card, spec: TensorSpec, picture: PictureSpec) -> None:
    known = spec.shape is not None and None not in spec.shape
    if known and not is_class_map(attrs.evolve(spec, dtype="int64"), picture, coarsest=None):
        raise TaskError(
            f"brain {card.name}: class_map is {spec}, {card.task} reads [1 x H x W], as wide to high as the input",
            remedy="give the output that has one number for each pixel",
        )


def _compact_cells(card: Card, cells: NDArray[Any]) -> NDArray[np.integer]:
    """As uint8 where that is enough. Raises TaskError where cells are not class numbers."""
    least, most = cells.min(), cells.max()
    if not (least >= 0 and most < 1 << 16):
        raise TaskError(
            f"brain {card.name}: the class map has values from {least} to {most}, not class numbers",
            remedy="if these are scores, give the output the role scores",
        )
    return cells.astype(np.uint8 if most < 256 else np.int32)
