"""A rival of bench/train.py: the same network without what its base has learnt, in the same minutes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from runner_train import clock
from runner_train.backbone import build_front
from runner_train.head import HeadPlan, build_head, taps_of
from runner_train.loss import detection_loss
from runner_train.measure import Examiner
from runner_train.pictures import read_pictures
from runner_train.score import mean_ap
from runner_train.targets import Grid, make_targets
from runner_train.trainer import make_task
from runner_train.views import Variety, Viewer, make_plain_view

from runner_core.cards import Card
from runner_core.datasets import Dataset
from runner_core.training import TrainOptions

BATCH, RATE, MEMORY = 16, 2e-3, 0.99


class FromNothing:
    """``train``, then ``test``. Views are drawn while it learns, since its features change."""

    def __init__(self, data: Dataset, minutes: float, seed: int, folder: Path) -> None:
        options = TrainOptions(folder, minutes=minutes, seed=seed)
        self.task = make_task(Card(name="nothing", task="object-detection"), None, data, options)
        plan, self.classes = self.task.plan, len(self.task.labels)
        self.grid = Grid(plan.size[0] // plan.stride, plan.size[1] // plan.stride, plan.best, plan.reach)
        pictures = read_pictures(data, range(self.classes))
        self.viewer = Viewer(pictures, plan.size, Variety(quarter=plan.quarter), seed, range(len(pictures)))
        keras.utils.set_random_seed(seed)
        self.taps = taps_of(plan.stride)
        self.front = keras.models.clone_model(build_front(plan.size), clone_function=_forget)
        self.head = build_head(HeadPlan(plan.stride, self.classes), plan.size, dict.fromkeys(self.taps))
        self.average: list[Any] = []

    def train(self) -> float:
        """Minutes that it took."""
        begun, minutes = clock.read_seconds(), self.task.options.minutes
        weights = self.front.trainable_variables + self.head.trainable_variables
        optimizer = keras.optimizers.AdamW(RATE, weight_decay=0.05)
        optimizer.build(weights)
        learn = self._make_step(optimizer, weights)
        self.average = [weight.numpy() for weight in weights]
        for pixels, targets in self._batches():
            share = (clock.read_seconds() - begun) / 60 / minutes
            if share >= 1:
                break
            optimizer.learning_rate.assign(RATE * (0.5 + 0.5 * np.cos(np.pi * share)))
            learn(pixels, targets)
            self.average = [
                MEMORY * kept + (1 - MEMORY) * weight.numpy()
                for kept, weight in zip(self.average, weights, strict=True)
            ]
        for weight, kept in zip(weights, self.average, strict=True):
            weight.assign(kept)
        return (clock.read_seconds() - begun) / 60

    def test(self, test: Dataset) -> tuple[float, float]:
        """mAP50 and mAP50:95."""
        views = [make_plain_view(picture, self.task.plan.size) for picture in read_pictures(test, range(self.classes))]
        found = [self.front(view.pixels[None].astype(np.float32), training=False) for view in views]
        features = {tap: np.concatenate([each[tap].numpy() for each in found]) for tap in self.taps}
        return mean_ap(Examiner(features, views, self.grid, self.classes).mark(self.head))

    def _batches(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        with ThreadPoolExecutor(1) as pool:
            number, pending = 0, pool.submit(self._draw, 0)
            while True:
                drawn, number = pending.result(), number + 1
                pending = pool.submit(self._draw, number)
                yield drawn

    def _draw(self, number: int) -> tuple[Any, dict[str, Any]]:
        views = [self.viewer.make_view(place) for place in range(number * BATCH, (number + 1) * BATCH)]
        targets = [make_targets(view, self.grid, self.classes) for view in views]
        names = ("bells", "distances", "weights")
        return (
            np.stack([view.pixels for view in views]).astype(np.float32),
            {name: np.stack([getattr(each, name) for each in targets]) for name in names},
        )

    def _make_step(self, optimizer: Any, weights: list[Any]) -> Any:
        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def learn(pixels: Any, targets: dict[str, Any]) -> None:
            with tf.GradientTape() as tape:
                found = self.front(pixels, training=True)
                answers = self.head({tap: found[tap] for tap in self.taps}, training=True)
                loss = detection_loss(answers, targets, self.grid)
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, weights), 10.0)
            optimizer.apply_gradients(zip(gradients, weights, strict=True))

        return learn


def _forget(layer: Any) -> Any:
    """The layer with weights drawn anew, as suits what is cut at 0."""
    config = layer.get_config()
    for name in ("kernel_initializer", "depthwise_initializer"):
        if name in config:
            config[name] = "he_normal"
    return type(layer).from_config(config)
