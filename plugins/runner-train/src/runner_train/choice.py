"""Choice: training of brains that say of which class a whole picture is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Artifact, Card
from runner_core.frames import PictureSpec
from runner_train.backbone import build_front
from runner_train.base import CHANNELS, Features, Front, Scale
from runner_train.course import Course
from runner_train.features import Shapes
from runner_train.head import standardise
from runner_train.pictures import Picture
from runner_train.runtime import keras, tf
from runner_train.views import Matrix, Variety, View, Viewer, transform
from runner_train.worst import Look
from runner_train.write import Frozen, freeze_answers, write_forms

DROPOUT, SMOOTHING = 0.3, 0.1
NINE_IN_TEN = 1.645  # deviations of a normal distribution, either way
VARIETY = Variety(zoom=(0.85, 1.6), turn=12.0, mosaic=0.0)


class WholeViewer(Viewer):
    """Each view is of its picture's class, whatever part of it is seen."""

    def _look(self, picture: Picture, size: tuple[int, int], chance: np.random.Generator, scale: float = 1.0) -> View:
        matrix: Matrix = self._move_camera(picture, size, chance, scale)
        return View(transform(picture, matrix, size, chance), picture.boxes, picture.classes, picture.known)


class ChoiceCourse(Course):
    """The means of the features over the picture, and a linear layer on them."""

    family, usual_threshold = "classification", 0.0
    least_steps = 400  # a step takes some 2 ms, and views may have taken all the time
    viewer = WholeViewer
    card_options: ClassVar[dict[str, Any]] = {"activation": "none"}

    def _open_front(self) -> Front:
        return PooledFront(self._taps)

    def _list_features(self) -> Shapes:
        return tuple((tap, (1, 1, CHANNELS[tap])) for tap in self._taps)

    def _list_targets(self) -> Shapes:
        return (("classes", (len(self._task.labels),)),)

    def _choose_variety(self) -> Variety:
        return VARIETY

    def _describe(self, view: View) -> dict[str, Any]:
        return {"classes": np.eye(len(self._task.labels), dtype=np.float32)[view.classes[0]]}

    def _examine(self, features: dict[str, Any], views: list[View]) -> ChoiceExaminer:
        return ChoiceExaminer(features, [int(view.classes[0]) for view in views], self._task.labels.names)

    def _make_head(self, scales: Mapping[str, Scale | None]) -> Any:
        return build_choice_head(scales, len(self._task.labels))

    def _blame(self, answers: dict[str, Any], targets: dict[str, Any]) -> Any:
        """Cross entropy; SMOOTHING of each picture's class is shared among all."""
        wanted = tf.cast(targets["classes"], tf.float32)
        wanted = wanted * (1 - SMOOTHING) + SMOOTHING / len(self._task.labels)
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=wanted, logits=answers["logits"]))

    def _write_artifacts(self, head: Any, card: Card, folder: Path) -> tuple[Artifact, ...]:
        size = self._task.plan.size
        front = build_front(size)

        def choose(pixels: Any) -> dict[str, Any]:
            found = front(pixels, training=False)
            means = {tap: tf.reduce_mean(found[tap], (1, 2), keepdims=True) for tap in self._taps}
            return {"scores": tf.nn.softmax(head(means, training=False)["logits"])}

        whole = PictureSpec(size=(2 * size[0], 2 * size[1]))
        return write_forms(Frozen(freeze_answers(choose, size), ("scores",), {"scores": "scores"}, whole), card, folder)


class PooledFront(Front):
    """The base's features as means over the picture: N x 1 x 1 x C."""

    def compute(self, pixels: NDArray[np.uint8]) -> Features:
        return {tap: rows.mean((1, 2), keepdims=True) for tap, rows in super().compute(pixels).items()}


def build_choice_head(scales: Mapping[str, Scale | None], classes: int) -> Any:
    """A Keras model of means of taps, N x 1 x 1 x C, to ``logits``, N x classes."""
    layers = keras.layers
    inputs = {tap: layers.Input((1, 1, CHANNELS[tap]), name=tap, dtype="float32") for tap in scales}
    scaled = [layers.Flatten(name=f"{tap}_flat")(standardise(inputs[tap], scales[tap], tap)) for tap in scales]
    x = layers.Dropout(DROPOUT, name="dropout")(layers.Concatenate(name="all")(scaled))
    return keras.Model(inputs, {"logits": layers.Dense(classes, name="classes")(x)}, name="head")


@attrs.frozen
class ChoiceFigures:
    """Of ``pictures`` held-back pictures; ``accuracy_range`` is as ``find_range`` gives it."""

    pictures: int
    accuracy: float
    accuracy_range: tuple[float, float]
    by_class: Mapping[str, str]
    threshold: float = 0.0

    @property
    def worth(self) -> float:
        return self.accuracy

    def to_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures, "accuracy": round(self.accuracy, 3),
            "accuracy_range": [round(value, 3) for value in self.accuracy_range], "by_class": dict(self.by_class),
        }  # fmt: skip


class ChoiceExaminer:
    """Asks a head about pictures whose features, a row a picture, and classes are known."""

    def __init__(self, features: Mapping[str, NDArray[np.float32]], classes: Sequence[int], names: Sequence[str]):
        self._features, self._classes, self._names = features, np.array(classes), names

    def measure(self, head: Any, seed: int) -> ChoiceFigures:  # noqa: ARG002  # it needs no samples
        logits = head(dict(self._features), training=False)["logits"].numpy()
        right = logits.argmax(axis=1) == self._classes
        mine = {name: right[self._classes == number] for number, name in enumerate(self._names)}
        told = {name: f"{rows.sum()} of {len(rows)}" for name, rows in mine.items() if len(rows)}
        return ChoiceFigures(len(right), float(right.mean()), find_range(int(right.sum()), len(right)), told)

    def look(self, head: Any, at: int) -> Look:
        """Wrong by the probability that its class does not get."""
        logits = head({tap: rows[at : at + 1] for tap, rows in self._features.items()}, training=False)["logits"]
        chances = tf.nn.softmax(logits).numpy()[0]
        first = int(chances.argmax())
        return Look(1 - float(chances[self._classes[at]]), {
            "model_ids": np.array([first], np.int64), "scores": chances[[first]],
        })  # fmt: skip


def find_range(right: int, count: int) -> tuple[float, float]:
    """In which the true share lies nine times in ten; unlike that of samples it is wide where all are right.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    share, odds = right / count, NINE_IN_TEN**2 / count
    middle, half = share + odds / 2, (odds * share * (1 - share) + odds**2 / 4) ** 0.5
    return max(0.0, (middle - half) / (1 + odds)), min(1.0, (middle + half) / (1 + odds))
