"""Many small trainings on parts of one data set, each cheap: the frozen base sees every picture once, at the start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import attrs
import numpy as np
from numpy.typing import NDArray
from runner_train.base import CHANNELS, STRIDES, Front, Scale
from runner_train.decode import Decoding, Found, decode
from runner_train.features import Layout, Rows
from runner_train.fit import Fit, FitPlan, assign_weights
from runner_train.head import HeadPlan, build_head, taps_of
from runner_train.loss import detection_loss
from runner_train.pictures import Picture, read_pictures
from runner_train.plan import AREA, fit_size
from runner_train.runtime import keras
from runner_train.score import mark, mean_ap
from runner_train.targets import Grid, make_targets
from runner_train.views import Variety, View, Viewer, make_plain_view
from runner_train.voting import answer_cells

from runner_core.datasets import Dataset
from runner_core.results import Inference

VIEWS = 10  # of each picture, the first as it is
STRIDE = 16
BATCH = 16


class LabelRounds:
    """``pool`` is labelled picture by picture, ``test`` measured with. ``steps`` of a training."""

    def __init__(self, pool: Dataset, test: Dataset, *, steps: int) -> None:
        self.labels, self.steps = pool.labels, steps
        classes = range(len(pool.labels))
        self._pictures, tested = read_pictures(pool, classes), read_pictures(test, classes)
        self.size = fit_size(float(np.median([each.image.width / each.image.height for each in self._pictures])), AREA)
        reach, self._taps = _find_reach(self._pictures), taps_of(STRIDE)
        self._grid = Grid(self.size[0] // STRIDE, self.size[1] // STRIDE, reach=reach)
        front = Front(self._taps)
        self._tested = [make_plain_view(picture, self.size) for picture in tested]
        self._test = self._compute(self._tested, front)
        viewed = [self._make_views(at, picture) for at, picture in enumerate(self._pictures)]
        self._bank = _Rows(self._layout, np.concatenate([self._describe(views, front) for views in viewed]))
        front.close()

    @property
    def count(self) -> int:
        return len(self._pictures)

    def train(self, labelled: Sequence[int], seed: int) -> tuple[float, list[Inference]]:
        """mAP50 on the test's pictures after learning from these of the pool, and the answers to all of the pool."""
        keras.utils.set_random_seed(seed)
        views = [VIEWS * place + view for place in labelled for view in range(VIEWS)]
        head = self._build_head(views)
        fit = Fit(
            head, self._bank, partial(detection_loss, grid=self._grid), FitPlan(self.steps, batch=BATCH), views, seed
        )
        for _ in fit.run(self.steps):
            pass
        assign_weights(head, fit.average)
        found = self._ask(head, self._test)
        classes = len(self.labels)
        marked = [mark(each, view.boxes, view.classes, classes) for each, view in zip(found, self._tested, strict=True)]
        plain = self._layout.split(self._bank.read(range(0, VIEWS * self.count, VIEWS)))
        answers = self._ask(head, {tap: plain[tap] for tap in self._taps})
        return mean_ap(marked)[0], [self._to_answer(each) for each in answers]

    def look(self) -> NDArray[np.float32]:
        """Pictures of the pool x numbers: what each looks like to the base, on average."""
        plain = self._layout.split(self._bank.read(range(0, VIEWS * self.count, VIEWS)))
        looks = np.concatenate([plain[tap].astype(np.float32).mean((1, 2)) for tap in self._taps], axis=1)
        return (looks - looks.mean(0)) / (looks.std(0) + 1e-6)

    @property
    def _layout(self) -> Layout:
        wide, high = self.size
        features = [(tap, (high // STRIDES[tap], wide // STRIDES[tap], CHANNELS[tap])) for tap in self._taps]
        cells = self._grid.wide * self._grid.high
        targets = (("bells", (cells, len(self.labels))), ("distances", (cells, 4)), ("weights", (cells,)))
        return Layout((*features, *targets))

    def _make_views(self, at: int, picture: Picture) -> list[View]:
        viewer = Viewer([picture], self.size, Variety(mosaic=0.0), at, [0])
        return [make_plain_view(picture, self.size), *map(viewer.make_view, range(1, VIEWS))]

    def _describe(self, views: Sequence[View], front: Front) -> Rows:
        targets = [attrs.asdict(make_targets(view, self._grid, len(self.labels)), recurse=False) for view in views]
        joined = {name: np.stack([each[name] for each in targets]) for name in targets[0]}
        return self._layout.join({**self._compute(views, front), **joined})

    def _compute(self, views: Sequence[View], front: Front) -> dict[str, NDArray[np.float32]]:
        found = [front.compute(view.pixels[None]) for view in views]
        return {tap: np.concatenate([each[tap] for each in found]) for tap in self._taps}

    def _build_head(self, views: Sequence[int]) -> keras.Model:
        rows = self._layout.split(self._bank.read(views[:64]))
        values = {tap: rows[tap].astype(np.float32) for tap in self._taps}
        scales = {tap: Scale(each.mean((0, 1, 2)), each.std((0, 1, 2)) + 1e-3) for tap, each in values.items()}
        return build_head(HeadPlan(STRIDE, len(self.labels)), self.size, scales)

    def _ask(self, head: keras.Model, features: dict[str, NDArray[np.float32]]) -> list[Found]:
        found = []
        for at in range(0, len(features[self._taps[0]]), BATCH):
            part = {tap: rows[at : at + BATCH].astype(np.float32) for tap, rows in features.items()}
            answers = head(part, training=False)
            scores, boxes = answer_cells(answers, self._grid)
            found += map(decode, scores.numpy(), boxes.numpy(), [Decoding(least=0.05)] * len(scores))
        return found

    def _to_answer(self, found: Found) -> Inference:
        wide, high = self.size
        boxes = found.boxes * np.array([wide, high, wide, high], np.float32)
        return Inference(
            brain="round", task="object-detection", size=self.size, labels=self.labels,
            model_ids=found.classes, scores=found.scores, boxes=boxes,
        )  # fmt: skip


@attrs.frozen(eq=False)
class _Rows:
    """A bank in memory."""

    layout: Layout
    rows: Rows

    def read(self, numbers: Sequence[int] | NDArray[np.intp]) -> Rows:
        return self.rows[np.asarray(numbers)]


def _find_reach(pictures: Sequence[Picture]) -> tuple[float, float]:
    """As a plan has it: half the usual sides of a box."""
    sides = np.concatenate([each.boxes[:, 2:] - each.boxes[:, :2] for each in pictures])
    across, down = np.median(sides, axis=0) / 2
    return float(across), float(down)
