"""Fit: many small steps, an average of the weights, and a state on disk from which a killed training goes on."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_train.features import Layout, Rows
from runner_train.runtime import keras, tf

Weights = list[NDArray[np.float32]]
WARM, CLIP = 40, 10.0
Loss = Callable[[dict[str, Any], dict[str, Any]], Any]


class Bank(Protocol):
    """Rows of views by their numbers."""

    layout: Layout

    def read(self, numbers: Sequence[int] | NDArray[np.intp]) -> Rows:
        """The rows of these views."""


@attrs.frozen
class FitPlan:
    """``steps`` of ``batch`` views; ``rate`` at its highest; ``decay`` of the weights, ``memory`` of their average."""

    steps: int
    rate: float = 2e-3
    batch: int = 16
    decay: float = 0.05
    memory: float = 0.99
    end: float = 0.0  # share of the rate at the last step


class Fit:
    """Fits a model's variables to the rows of a bank. ``step`` counts those that are done."""

    def __init__(self, model: Any, bank: Bank, loss: Loss, plan: FitPlan, views: Sequence[int], seed: int) -> None:
        self.model, self.plan, self.step = model, plan, 0
        self._bank, self._views, self._seed = bank, np.asarray(views), seed
        self._optimizer = keras.optimizers.AdamW(plan.rate, weight_decay=plan.decay)
        self._optimizer.exclude_from_weight_decay(var_names=["bias"])
        self._optimizer.build(model.trainable_variables)
        self._average = [tf.Variable(value, trainable=False) for value in model.trainable_variables]
        self._learn = self._make_step(loss)

    @property
    def average(self) -> Weights:
        """The trainable weights' moving average."""
        return [value.numpy() for value in self._average]

    def run(self, until: int) -> Iterator[float]:
        """Takes steps up to number ``until``; yields the loss of each."""
        with ThreadPoolExecutor(1) as reader:
            pending = reader.submit(self._read, self.step)
            while self.step < until:
                rows = pending.result()
                pending = reader.submit(self._read, self.step + 1)
                memory = min(self.plan.memory, (self.step + 1) / (self.step + 10))
                loss = self._learn(rows, tf.constant(self._rate(), tf.float32), tf.constant(memory, tf.float32))
                self.step += 1
                yield float(loss)

    def save(self, path: Path) -> None:
        """Writes all that ``load`` needs to go on as if nothing had happened; whole or not at all."""
        state = {f"w{at}": value.numpy() for at, value in enumerate(self._state())}
        data = io.BytesIO()
        np.savez(data, step=np.array(self.step), **state)
        partial = path.with_suffix(".partial")
        partial.write_bytes(data.getbuffer())
        partial.replace(path)

    def load(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as state:
            for at, variable in enumerate(self._state()):
                variable.assign(state[f"w{at}"])
            self.step = int(state["step"])

    def _state(self) -> Sequence[Any]:
        # the others are the state of dropout's chance
        model = self.model
        return [*model.trainable_variables, *model.non_trainable_variables, *self._optimizer.variables, *self._average]

    def _rate(self) -> float:
        plan = self.plan
        share = self.step / max(1, plan.steps)
        fall = plan.end + (1 - plan.end) * (0.5 + 0.5 * np.cos(np.pi * min(1.0, share)))
        return float(plan.rate * min(1.0, (self.step + 1) / WARM) * fall)

    def _read(self, step: int) -> Mapping[str, NDArray[np.float16]]:
        """The views of a step: each of them once before any comes again."""
        places = np.arange(step * self.plan.batch, (step + 1) * self.plan.batch)
        rounds = places // len(self._views)
        orders = {
            turn: np.random.default_rng((self._seed, int(turn))).permutation(self._views)
            for turn in set(rounds.tolist())
        }
        numbers = [orders[turn][place % len(self._views)] for turn, place in zip(rounds.tolist(), places, strict=True)]
        return self._bank.layout.split(self._bank.read(numbers))

    def _make_step(self, loss: Loss) -> Callable[..., Any]:
        model, optimizer, average = self.model, self._optimizer, self._average
        taps = list(model.input)

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def learn(rows: dict[str, Any], rate: Any, memory: Any) -> Any:
            inputs = {tap: tf.cast(rows[tap], tf.float32) for tap in taps}
            with tf.GradientTape() as tape:
                value = loss(model(inputs, training=True), rows)
            gradients = tape.gradient(value, model.trainable_variables)
            gradients, _ = tf.clip_by_global_norm(gradients, CLIP)
            optimizer.learning_rate.assign(rate)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            for kept, variable in zip(average, model.trainable_variables, strict=True):
                kept.assign(kept * memory + variable * (1 - memory))
            return value

        return learn  # type: ignore[no-any-return]


def assign_weights(model: Any, weights: Sequence[Any]) -> None:
    """Its trainable variables, in their order."""
    for variable, value in zip(model.trainable_variables, weights, strict=True):
        variable.assign(value)
