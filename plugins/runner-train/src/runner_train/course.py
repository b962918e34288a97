"""Course: one training from pictures to a brain's folder, which a later call goes on with where it was stopped.

views -> trial -> final -> writing. The trial learns without the held-back pictures, which then say how good that is;
the final goes on from its weights, with few pictures from all of them.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import attrs
import numpy as np

from runner_core.cards import CARD_FILE, Artifact, Card
from runner_core.errors import TrainingError
from runner_core.training import TrainingStep
from runner_core.util import write_text
from runner_train.backbone import build_front
from runner_train.base import CHANNELS, STRIDES, Front, Scale
from runner_train.checks import read_steps
from runner_train.clock import Clock, read_seconds
from runner_train.facts import describe_training
from runner_train.features import FeatureBank, JoinedBanks, Layout, Shapes
from runner_train.fit import Fit, FitPlan, assign_weights
from runner_train.head import HeadPlan, build_head, fold_scales, taps_of
from runner_train.loss import detection_loss
from runner_train.measure import Examiner, Measured, Measuring
from runner_train.rehearsal import write_rehearsal
from runner_train.runtime import keras, use_threads
from runner_train.targets import Grid, make_targets
from runner_train.trainer import Task, Watch, read_task_pictures
from runner_train.views import Variety, View, Viewer, make_plain_view
from runner_train.worst import Worst, WorstPictures
from runner_train.write import Detector, write_artifacts

TRIAL = 0.3  # share of the steps
STAGES = {"trial": "head without the held-back pictures", "final": "head"}
WRITING, MOST_WRITING = 20.0, 0.15  # seconds that writing takes, and at most which share of all
SAVE, TELL = 15.0, 0.4  # seconds from one state on disk to the next, from one word to the watcher to the next
PROBE, CHECK = 10, 100  # steps that are timed at first; from one look at the clock to the next
MOST_ROUNDS = 40  # how often a view is seen at most


class Course:
    """``run`` trains a detector; courses of other kinds change views, targets, head, loss, figures and writing.

    Everything that it needs to go on lies in the task's work folder.
    """

    family, usual_threshold = "tf-detection", 0.4  # of the card
    least_steps = 30  # of a part
    viewer: ClassVar[type[Viewer]] = Viewer
    card_options: ClassVar[dict[str, Any]] = {}

    def __init__(self, task: Task, watch: Watch) -> None:
        self._task, self._watch = task, watch
        self._state = _open_state(task)
        self._clock = Clock(task.options.minutes * 60, self._state.get("spent", 0.0))
        self._told, plan = -TELL, task.plan
        self._worst: WorstPictures | None = None
        self._grid = Grid(plan.size[0] // plan.stride, plan.size[1] // plan.stride, plan.best, plan.reach)
        self._taps = taps_of(plan.stride)
        self._pictures, self._held = read_task_pictures(task)

    def run(self) -> Path:
        """The folder of the brain."""
        use_threads(self._task.threads)
        keras.utils.set_random_seed(self._task.options.seed)
        front = self._open_front()
        try:
            self._fill(front)
            examiner = self._make_examiner(front)
        finally:
            front.close()
        weights, figures = self._fit(examiner)
        with suppress(KeyboardInterrupt):  # it is nearly there
            self._told = -TELL
            self._tell("writing", 0.93, figures.to_json() if figures else {})
        return self._write(weights, figures)

    # Views and their features.

    def _open_front(self) -> Front:
        return Front(self._taps)

    @cached_property
    def _layout(self) -> Layout:
        return Layout((*self._list_features(), *self._list_targets()))

    def _list_features(self) -> Shapes:
        wide, high = self._task.plan.size
        return tuple((tap, (high // STRIDES[tap], wide // STRIDES[tap], CHANNELS[tap])) for tap in self._taps)

    def _list_targets(self) -> Shapes:
        cells, classes = self._grid.wide * self._grid.high, len(self._task.labels)
        return (("bells", (cells, classes)), ("distances", (cells, 4)), ("weights", (cells,)))

    @cached_property
    def _banks(self) -> dict[str, FeatureBank]:
        """``kept``: views without held-back pictures; ``all``: views of these, as many as is their share."""
        views = self._task.plan.views
        held = sum(self._held) if self._task.plan.fold else 0
        extra = round(views * held / len(self._pictures) / 64) * 64 if held else 0
        counts = {"kept": views - extra, "all": extra}
        return {
            name: FeatureBank(self._task.work / name, self._layout, count) for name, count in counts.items() if count
        }

    def _fill(self, front: Front) -> None:
        total, before = sum(bank.count for bank in self._banks.values()), 0
        for name, bank in self._banks.items():
            viewer = self._make_viewer(name)
            for done in bank.fill(viewer.make_view, self._describe, front, self._task.threads):
                self._tell("pictures", 0.25 * min(1.0, (before + done) / total), {})
            before += bank.count

    def _make_viewer(self, name: str) -> Viewer:
        kept = [picture for picture, held in zip(self._pictures, self._held, strict=True) if not held]
        pictures = kept if name == "kept" else self._pictures
        own = [at for at, picture in enumerate(pictures) if not any(picture is old for old in self._task.rehearsed)]
        old = [at for at in range(len(pictures)) if at not in set(own)]
        if name == "all":
            turns = [at for at, held in enumerate(self._held) if held]
        else:
            turns = [at for pair in zip(own * len(old), old * len(own), strict=True) for at in pair] if old else own
        seed = self._task.options.seed + (name == "all")
        return self.viewer(pictures, self._task.plan.size, self._choose_variety(), seed, turns)

    def _choose_variety(self) -> Variety:
        return Variety(quarter=self._task.plan.quarter)

    def _describe(self, view: View) -> dict[str, Any]:
        return attrs.asdict(make_targets(view, self._grid, len(self._task.labels)), recurse=False)

    def _make_examiner(self, front: Front) -> Measuring | None:
        held = [picture for picture, held in zip(self._pictures, self._held, strict=True) if held]
        if not held:
            return None
        views = [make_plain_view(picture, self._task.plan.size) for picture in held]
        found = [front.compute(view.pixels[None]) for view in views]
        features = {tap: np.concatenate([each[tap] for each in found]) for tap in self._taps}
        examiner, task = self._examine(features, views), self._task
        self._worst = WorstPictures(examiner, held, task.card.name, task.data.kind, task.labels.names)
        return examiner

    def _examine(self, features: dict[str, Any], views: list[View]) -> Measuring:
        return Examiner(features, views, self._grid, len(self._task.labels))

    # Fitting.

    def _fit(self, examiner: Measuring | None) -> tuple[list[Any], Measured | None]:
        head = self._make_head(self._scales)
        kept, every = range(self._banks["kept"].count), range(sum(bank.count for bank in self._banks.values()))
        figures = None
        try:
            if examiner:
                fit = self._fit_part("trial", head, kept, TRIAL)
                first = fit.average
                assign_weights(head, first)
                figures = examiner.measure(head, self._task.options.seed)
            final = self._fit_part("final", head, every, 1.0, figures)
            if examiner and figures and not self._task.plan.fold:
                assign_weights(head, final.average)
                later = examiner.measure(head, self._task.options.seed)
                return (final.average, later) if later.worth >= figures.worth else (first, figures)
            return final.average, figures
        except _Stopped as stopped:
            if stopped.fit.step < 1:
                raise KeyboardInterrupt from None
            return stopped.fit.average, figures

    @cached_property
    def _scales(self) -> dict[str, Scale]:
        rows = self._layout.split(self._banks["kept"].read(range(min(64, self._banks["kept"].count))))
        scales = {}
        for tap in self._taps:
            values = rows[tap].astype(np.float32)
            scales[tap] = Scale(values.mean((0, 1, 2)), values.std((0, 1, 2)) + 1e-3)
        return scales

    def _make_head(self, scales: Mapping[str, Scale | None]) -> Any:
        plan = self._task.plan
        return build_head(HeadPlan(plan.stride, len(self._task.labels)), plan.size, scales)

    def _blame(self, answers: dict[str, Any], targets: dict[str, Any]) -> Any:
        return detection_loss(answers, targets, self._grid)

    def _fit_part(self, name: str, head: Any, views: range, share: float, figures: Measured | None = None) -> Fit:
        """Takes this share of the steps that are left; from where it was stopped."""
        fit = Fit(head, JoinedBanks(self._banks), self._blame, FitPlan(10**6), views, self._task.options.seed)
        path = self._task.work / f"{name}.npz"
        if path.exists():
            fit.load(path)
        try:
            if name not in self._state:
                self._state[name] = self._count_steps(fit, share, len(views))
                self._keep_state()
            fit.plan = attrs.evolve(fit.plan, steps=self._state[name])
            self._take_steps(name, fit, path, figures)
        except KeyboardInterrupt:
            raise _Stopped(fit) from None
        return fit

    def _count_steps(self, fit: Fit, share: float, views: int) -> int:
        """How many steps fit into the time that is left, by the time that some take; or those that are asked for."""
        asked = read_steps(self._task.options.options)
        if asked is not None:
            return max(1, round(asked * (TRIAL if share < 1 else 1 - TRIAL)))
        times = [read_seconds() for _ in fit.run(PROBE)]
        steps = int(share * self._seconds_left() / float(np.median(np.diff(times))))
        return max(self.least_steps, min(steps, MOST_ROUNDS * views // fit.plan.batch))

    def _seconds_left(self) -> float:
        """Until the brain must be written."""
        return max(0.0, self._clock.left - min(WRITING, MOST_WRITING * self._clock.seconds))

    def _take_steps(self, name: str, fit: Fit, path: Path, figures: Measured | None) -> None:
        start, end = (0.25, 0.5) if name == "trial" else (0.5 if any(self._held) else 0.25, 0.92)
        saved, losses = time.monotonic(), list[float]()
        known, worst = figures.to_json() if figures else {}, self._worst.of(fit) if self._worst else None
        for loss in self._iterate(fit):
            losses.append(loss)
            share = start + (end - start) * min(1.0, fit.step / fit.plan.steps)
            self._tell(STAGES[name], share, {"loss": float(np.mean(losses[-50:])), **known}, worst)
            if time.monotonic() - saved > SAVE:
                self._save(fit, path)
                saved = time.monotonic()
        self._state[name] = fit.step
        self._save(fit, path)

    def _iterate(self, fit: Fit) -> Iterator[float]:
        """The losses of the steps that are left; fewer steps where other work has slowed the machine down."""
        begun, first = read_seconds(), fit.step
        while fit.step < fit.plan.steps:
            yield from fit.run(min(fit.step + CHECK, fit.plan.steps))
            room = self._seconds_left() * (fit.step - first) / max(1e-6, read_seconds() - begun)
            if "steps" not in self._task.options.options and room < 0.9 * (fit.plan.steps - fit.step):
                fit.plan = attrs.evolve(fit.plan, steps=max(self.least_steps, fit.step + int(room)))

    def _save(self, fit: Fit, path: Path) -> None:
        try:
            fit.save(path)
        except OSError as error:
            raise TrainingError(f"{path}: cannot be written ({error.strerror})") from error
        self._keep_state()

    def _keep_state(self) -> None:
        self._state["spent"] = self._clock.spent
        write_text(self._task.work / "state.json", json.dumps(self._state))

    def _tell(self, stage: str, share: float, figures: dict[str, Any], worst: Worst | None = None) -> None:
        now = time.monotonic()
        if now - self._told >= TELL:
            self._told = now
            numbers = {name: value for name, value in figures.items() if isinstance(value, float)}
            self._watch(TrainingStep(stage, share, numbers, worst))

    # Writing.

    def _write(self, weights: list[Any], figures: Measured | None) -> Path:
        task = self._task
        head = self._make_head(self._scales)
        assign_weights(head, weights)
        card = attrs.evolve(
            task.card, version=task.options.version, task=self.family, labels=task.labels,
            threshold=figures.threshold if figures else self.usual_threshold, iou=0.5, picture=None,
            options=self.card_options, roles={},
            licence=task.card.licence, origin=task.card.origin or "trained by runner-train on EfficientNet-Lite0",
            training=describe_training(task, self._clock.spent, self._state, figures),
            artifacts=(), guesses=(), notes=(),
        )  # fmt: skip
        folder = task.options.folder
        card = attrs.evolve(card, artifacts=self._write_artifacts(head, card, folder))
        card = attrs.evolve(card, rehearsal=write_rehearsal(folder, self._pictures, task.labels.names))
        card.write(folder / CARD_FILE)
        shutil.rmtree(task.work, ignore_errors=True)
        return folder

    def _fold_scales(self, head: Any) -> Any:
        return fold_scales(head, self._make_head(dict.fromkeys(self._taps)), self._scales)

    def _write_artifacts(self, head: Any, card: Card, folder: Path) -> tuple[Artifact, ...]:
        size = self._task.plan.size
        head = self._fold_scales(head)
        return write_artifacts(Detector(build_front(size), head, size, self._grid, card.labels), card, folder)


class _Stopped(Exception):  # noqa: N818  # not an error
    """Somebody has stopped the training; ``fit`` is how far it was."""

    def __init__(self, fit: Fit) -> None:
        super().__init__("stopped")
        self.fit = fit


def _open_state(task: Task) -> dict[str, Any]:
    """What an earlier call of the same training has left; empty for a new one."""
    path, digest = task.work / "state.json", task.digest()
    with suppress(OSError, ValueError):
        state: dict[str, Any] = json.loads(path.read_text())
        if state.get("digest") == digest:
            return state
    shutil.rmtree(task.work, ignore_errors=True)
    try:
        task.work.mkdir(parents=True)
        write_text(path, json.dumps({"digest": digest}))
    except OSError as error:
        raise TrainingError(f"{task.work}: cannot be written ({error.strerror})") from error
    return {"digest": digest}
