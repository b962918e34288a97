"""Train the detector from scratch: `python train.py DATA/train --out RUN --minutes 40`."""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from math import cos, pi
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from attrs import define, field
from augment import varied
from loss import loss
from network import detector

BATCH, RATE, CLIP, WARM = 16, 3e-3, 10.0, 200
FOLLOW, SAVE = 10, 120
"""The average follows every so many steps and is saved every so many seconds."""


@define
class Average:
    """An exponential moving average of a model's weights: what is kept and exported."""

    model: keras.Model
    decay: float
    kept: list[np.ndarray] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.kept = [w.copy() for w in self.model.get_weights()]

    def follow(self, steps: int) -> None:
        """Move towards the model's present weights as after `steps` steps."""
        decay = self.decay**steps
        self.kept = [
            decay * old + (1 - decay) * new for old, new in zip(self.kept, self.model.get_weights(), strict=True)
        ]

    def save(self, path: Path) -> None:
        """Write the average as Keras weights; a reader never sees half a file."""
        present = self.model.get_weights()
        self.model.set_weights(self.kept)
        self.model.save_weights(path.with_name("new.weights.h5"))
        self.model.set_weights(present)
        path.with_name("new.weights.h5").replace(path)


def batches(folder: Path, count: int | None, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of pixels (uint8) and objects for ever, every picture once a round."""
    pixels, boxes = (
        np.load(folder / "pixels.npy", mmap_mode="r")[:count],
        np.load(folder / "boxes.npy")[:count],
    )
    random = np.random.default_rng(seed)
    while True:
        order = random.permutation(len(boxes))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = np.sort(order[start : start + BATCH])
            yield pixels[chosen], boxes[chosen]


def learner(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> Callable[..., tf.Tensor]:
    """Return the compiled training step; it yields the four parts of the loss."""
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(pixels: tf.Tensor, objects: tf.Tensor) -> tf.Tensor:
        pixels, objects = varied(pixels, objects)
        with tf.GradientTape() as tape:
            total, parts = loss(model(pixels, training=True), objects)
        gradients = tape.gradient(total, model.trainable_variables)
        gradients, _ = tf.clip_by_global_norm(gradients, CLIP)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return parts

    return step


def rate(step: int, passed: float) -> float:
    """Return the learning rate: a short warm-up by steps, then a cosine over the share of time that has passed."""
    return RATE * min(1.0, (step + 1) / WARM) * (0.5 + 0.5 * cos(pi * min(1.0, passed))) + 1e-6


def record(folder: Path, pictures: int | None, steps: int, minutes: float, seed: int) -> dict:
    """Return what the brains' cards say of their training."""
    return {
        "minutes": round(minutes, 1),
        "steps": steps,
        "pictures_seen": steps * BATCH,
        "distinct_pictures": len(np.load(folder / "boxes.npy", mmap_mode="r")[:pictures]),
        "batch": BATCH,
        "seed": seed,
        "date": time.strftime("%Y-%m-%d"),
    }


def train(folder: Path, out: Path, minutes: float, pictures: int | None, seed: int) -> None:
    """Train for `minutes`; the newest average lies in OUT/average.weights.h5 all along, OUT/record.json beside it."""
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model = detector()
    optimizer = keras.optimizers.AdamW(RATE, weight_decay=1e-4)
    step, average, sums = learner(model, optimizer), Average(model, 0.998), np.zeros(4)
    start = saved = time.monotonic()
    for count, (pixels, objects) in enumerate(batches(folder, pictures, seed), 1):
        passed = (time.monotonic() - start) / 60
        optimizer.learning_rate.assign(rate(count, passed / minutes))
        sums += step(tf.constant(pixels), tf.constant(objects)).numpy()
        if count % FOLLOW == 0:
            average.follow(FOLLOW)
        if count % 200 == 0:
            print(f"{count} steps, {passed:.1f} min, losses {np.round(sums / 200, 3)}", flush=True)
            sums[:] = 0
        if passed >= minutes or time.monotonic() - saved > SAVE:
            average.save(out / "average.weights.h5")
            (out / "record.json").write_text(json.dumps(record(folder, pictures, count, passed, seed), indent=1))
            saved = time.monotonic()
        if passed >= minutes:
            return


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("run"))
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--pictures", type=int, help="use only so many of the rendered pictures")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    train(given.folder, given.out, given.minutes, given.pictures, given.seed)


if __name__ == "__main__":
    main()
