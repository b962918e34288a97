"""Pixels: training of brains that say of which class each pixel is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Artifact, Card
from runner_core.frames import PictureSpec
from runner_train.backbone import build_front
from runner_train.base import Scale
from runner_train.course import Course
from runner_train.features import Shapes
from runner_train.head import HeadPlan, answer_cells, build_pyramid
from runner_train.measure import RESAMPLES
from runner_train.pictures import UNLABELLED, Picture
from runner_train.runtime import keras, tf
from runner_train.views import View
from runner_train.worst import Look
from runner_train.write import Frozen, freeze_answers, write_forms

FINE = 2  # answers a side of each cell
DICE = 1.0  # how much overlap counts against cross entropy
LEAST_WEIGHT, MOST_WEIGHT = 0.3, 5.0  # of a class


class PixelCourse(Course):
    """The detector's pyramid; each cell of 8 pixels answers for its four quarters."""

    family, usual_threshold = "semantic-segmentation", 0.0
    card_options: ClassVar[dict[str, Any]] = {"activation": "softmax", "layout": "nhwc"}

    def _list_targets(self) -> Shapes:
        return (("classes", (self._grid.high * FINE, self._grid.wide * FINE)),)

    def _describe(self, view: View) -> dict[str, Any]:
        """The class at the middle of each answer's pixels."""
        assert view.class_map is not None
        step = self._task.plan.stride // FINE
        cells = view.class_map[step // 2 :: step, step // 2 :: step].astype(np.float32)
        return {"classes": np.where(cells == UNLABELLED, -1, cells)}

    def _examine(self, features: dict[str, Any], views: list[View]) -> PixelExaminer:
        maps = [view.class_map for view in views if view.class_map is not None]
        return PixelExaminer(features, maps, self._task.labels.names)

    def _make_head(self, scales: Mapping[str, Scale | None]) -> Any:
        plan, classes = self._task.plan, len(self._task.labels)
        inputs, x = build_pyramid(HeadPlan(plan.stride, classes), plan.size, scales)
        logits = answer_cells(x, classes * FINE * FINE, 0.0, "logits")
        return keras.Model(inputs, {"logits": logits}, name="head")

    @cached_property
    def _weights(self) -> NDArray[np.float32]:
        return weigh_classes(self._pictures, len(self._task.labels))

    def _blame(self, answers: dict[str, Any], targets: dict[str, Any]) -> Any:
        return pixel_loss(spread(answers["logits"]), targets["classes"], self._weights)

    def _write_artifacts(self, head: Any, card: Card, folder: Path) -> tuple[Artifact, ...]:
        size = self._task.plan.size
        front, head = build_front(size), self._fold_scales(head)

        def divide(pixels: Any) -> dict[str, Any]:
            found = front(pixels, training=False)
            return {"scores": spread(head({tap: found[tap] for tap in self._taps}, training=False)["logits"])}

        whole = PictureSpec(size=(2 * size[0], 2 * size[1]))
        return write_forms(Frozen(freeze_answers(divide, size), ("scores",), {"scores": "scores"}, whole), card, folder)


def spread(logits: Any) -> Any:
    """Cells with the answers for FINE x FINE parts as channels, as cells of one answer each."""
    return tf.nn.depth_to_space(logits, FINE)


def weigh_classes(pictures: Sequence[Picture], classes: int) -> NDArray[np.float32]:
    """What a pixel of each class counts: by the square root of its rarity; 1 for a mean pixel."""
    maps = [picture.class_map for picture in pictures if picture.class_map is not None]
    counts = np.sum([each.histogram()[:classes] for each in maps], axis=0, dtype=np.float64)
    shares = np.maximum(counts / counts.sum(), 1e-6)
    weights = shares**-0.5 / (shares**0.5).sum()
    clipped: NDArray[np.float32] = np.clip(weights, LEAST_WEIGHT, MOST_WEIGHT).astype(np.float32)
    return clipped


def pixel_loss(logits: Any, classes: Any, weights: NDArray[np.float32]) -> Any:
    """Of a batch: weighted cross entropy and Dice (Milletari and others, V-Net, 2016); -1 is not labelled.

    Dice is of the classes that the batch shows, over all its pixels.
    """
    wanted = tf.one_hot(tf.cast(classes, tf.int32), len(weights))
    counted = tf.reduce_sum(wanted * weights, -1)
    entropy = tf.nn.softmax_cross_entropy_with_logits(labels=wanted, logits=logits)
    blame = tf.reduce_sum(entropy * counted) / (tf.reduce_sum(counted) + 1e-6)
    known = tf.reduce_sum(wanted, -1, keepdims=True)
    given = tf.nn.softmax(logits) * known
    total = tf.reduce_sum(wanted, (0, 1, 2))
    dice = (2 * tf.reduce_sum(wanted * given, (0, 1, 2)) + 1) / (tf.reduce_sum(given, (0, 1, 2)) + total + 1)
    there = tf.cast(total > 0, tf.float32)
    return blame + DICE * tf.reduce_sum((1 - dice) * there) / (tf.reduce_sum(there) + 1e-6)


@attrs.frozen
class PixelFigures:
    """Of ``pictures`` held-back pictures; the range holds nine of ten bootstrap samples of the pictures."""

    pictures: int
    miou: float
    miou_range: tuple[float, float]
    accuracy: float
    by_class: Mapping[str, float]
    threshold: float = 0.0

    @property
    def worth(self) -> float:
        return self.miou

    def to_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures, "mIoU": round(self.miou, 3),
            "mIoU_range": [round(value, 3) for value in self.miou_range],
            "pixel_accuracy": round(self.accuracy, 3), "by_class": dict(self.by_class),
        }  # fmt: skip


class PixelExaminer:
    """Asks a head about pictures whose features, a row a picture, and class maps, H x W, are known."""

    def __init__(
        self, features: Mapping[str, NDArray[np.float32]], maps: Sequence[NDArray[np.uint8]], names: Sequence[str]
    ) -> None:
        self._features, self._maps, self._names = features, maps, names

    def measure(self, head: Any, seed: int) -> PixelFigures:
        tables = np.stack([self._count(self._find(head, at), at) for at in range(len(self._maps))])
        chance = np.random.default_rng(seed)
        drawn = chance.integers(len(tables), size=(RESAMPLES, len(tables)))
        low, high = np.nanquantile([mean_iou(tables[rows].sum(axis=0)) for rows in drawn], (0.05, 0.95))
        table = tables.sum(axis=0)
        ious = find_ious(table)
        told = {name: round(float(iou), 3) for name, iou in zip(self._names, ious, strict=True) if not np.isnan(iou)}
        accuracy = float(np.trace(table) / max(1, table.sum()))
        return PixelFigures(len(tables), mean_iou(table), (float(low), float(high)), accuracy, told)

    def look(self, head: Any, at: int) -> Look:
        """Wrong by what its mIoU lacks."""
        found = self._find(head, at)
        right = mean_iou(self._count(found, at))
        return Look(0.0 if np.isnan(right) else 1 - right, {"model_ids": np.zeros(0, np.int64), "class_map": found})

    def _find(self, head: Any, at: int) -> NDArray[np.int64]:
        """The class of each pixel of the view."""
        answer = spread(
            head({tap: rows[at : at + 1] for tap, rows in self._features.items()}, training=False)["logits"]
        )
        found: NDArray[np.int64] = tf.image.resize(answer, self._maps[at].shape).numpy()[0].argmax(axis=-1)
        return found

    def _count(self, found: NDArray[np.int64], at: int) -> NDArray[np.int64]:
        """Classes x classes: how many pixels of the one were taken for the other."""
        wanted, count = self._maps[at], len(self._names)
        known = wanted != UNLABELLED
        pairs = wanted[known].astype(np.int64) * count + found[known]
        return np.bincount(pairs, minlength=count * count).reshape(count, count)


def find_ious(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union of each class; NaN for one that neither is there nor was found."""
    both = np.diag(table).astype(np.float64)
    union = table.sum(axis=0) + table.sum(axis=1) - both
    ious: NDArray[np.float64] = np.divide(both, union, out=np.full(len(both), np.nan), where=union > 0)
    return ious


def mean_iou(table: NDArray[np.int64]) -> float:
    return float(np.nanmean(find_ious(table))) if table.any() else float("nan")
