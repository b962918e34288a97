"""The trainer of object detectors: a small head on a frozen base, from a few pictures in a few minutes."""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from runner_core.cards import CARD_FILE, Card, LabelMap
from runner_core.datasets import Dataset
from runner_core.training import TrainingStep, TrainOptions
from runner_train.checks import check_training, read_steps
from runner_train.pace import check_pace, see_each
from runner_train.pictures import IGNORED, UNLABELLED, Picture, read_objects, read_pictures
from runner_train.plan import PLANNERS, Plan, look_at
from runner_train.rehearsal import read_rehearsal

log = logging.getLogger("runner")
Watch = Callable[[TrainingStep], None]
COURSES = {
    "object-detection": ("runner_train.course", "Course"),
    "classification": ("runner_train.choice", "ChoiceCourse"),
    "semantic-segmentation": ("runner_train.pixels", "PixelCourse"),
}


@attrs.frozen
class Task:
    """All that a training is told and has found out before it begins."""

    card: Card
    data: Dataset
    options: TrainOptions
    plan: Plan
    labels: LabelMap
    counts: dict[str, int]
    rehearsed: tuple[Picture, ...] = ()
    pace: str = ""

    @property
    def threads(self) -> int:
        return self.options.threads or os.cpu_count() or 1

    @property
    def work(self) -> Path:
        return self.options.folder / "work"

    def digest(self) -> str:
        """Of everything that its result depends on, but the folder and the machine."""
        told = (self.card.name, self.options.version, self.options.minutes, self.options.seed, self.labels.names)
        digest = hashlib.sha256(repr((told, self.plan, sorted(self.options.options.items()))).encode())
        digest.update(self.data.fingerprint().encode())
        for picture in self.rehearsed:
            digest.update(picture.image.tobytes())
        return digest.hexdigest()


class DetectorTrainer:
    """Option ``base``: the network whose features are used; there is ``efficientnet-lite0``."""

    def train(self, card: Card, origin: Path | None, data: Dataset, options: TrainOptions, watch: Watch) -> Path:
        task = make_task(card, origin, data, options)
        module, name = COURSES[data.kind]
        return getattr(importlib.import_module(module), name)(task, watch).run() / CARD_FILE  # type: ignore[no-any-return]

    def explain(self, card: Card, origin: Path | None, data: Dataset, options: TrainOptions) -> Sequence[str]:
        task = make_task(card, origin, data, options)
        kept = [f"{len(task.rehearsed)} pictures of {origin.name} are rehearsed"] if origin and task.rehearsed else []
        return (*task.plan.reasons, *filter(None, [task.pace]), *kept)


def make_task(card: Card, origin: Path | None, data: Dataset, options: TrainOptions) -> Task:
    """Raises as ``train``."""
    data = leave_out_unlabelled(data)
    counts = check_training(origin, data, options)
    old = Card.read(origin / CARD_FILE).labels.names if origin else ()
    names = tuple(dict.fromkeys((*old, *data.labels.names)))
    labels = LabelMap.from_names(names, first=1 if data.kind == "object-detection" else 0)
    numbers = {name: number for number, name in enumerate(names)}
    rehearsed = tuple(read_rehearsal(origin, numbers, IGNORED)) if origin else ()
    seen = [(picture.boxes, picture.image.width / picture.image.height) for picture in rehearsed]
    plan = see_each(PLANNERS[data.kind](look_at(data, seen), options.minutes), len(data))
    task = Task(card, data, options, plan, labels, dict(zip(data.labels.names, counts, strict=True)), rehearsed)
    if read_steps(options.options) is not None or task.work.exists():  # by the clock, and not gone on with
        return task
    return attrs.evolve(task, pace=check_pace(plan, data, options.minutes, task.threads))


def leave_out_unlabelled(data: Dataset) -> Dataset:
    """Without whole pictures of no class, such as those of classes that were not selected."""
    if data.kind != "classification":
        return data
    kept = data.keep(lambda example: bool((read_objects(example)[1] != IGNORED).any()))
    if len(kept) < len(data):
        log.warning("%s: %d pictures of no class are left out", data.location, len(data) - len(kept))
    return kept


def read_task_pictures(task: Task) -> tuple[list[Picture], list[bool]]:
    """All pictures, with the classes' numbers in the new brain, and which of them are held back."""
    numbers = {name: number for number, name in enumerate(task.labels.names)}
    held_keys = _choose_held(task)
    pictures = []
    for picture in read_pictures(task.data, range(len(task.data.labels))):
        change = [numbers[name] for name in task.data.labels.names]
        classes = picture.classes.copy()
        for old, new in enumerate(change):
            classes[picture.classes == old] = new
        class_map = picture.class_map and picture.class_map.point(change + [UNLABELLED] * (256 - len(change)))
        pictures.append(attrs.evolve(picture, classes=classes, known=frozenset(change), class_map=class_map))
    return [*pictures, *task.rehearsed], [picture.key in held_keys for picture in pictures] + [False] * len(
        task.rehearsed
    )


def _choose_held(task: Task) -> set[str]:
    """Keys of pictures to be held back; none that alone shows a class."""
    _, held = task.data.split(task.plan.share, seed=str(task.options.seed))
    chosen = {example.key for example in held}
    left: dict[int, int] = {}
    shown = {example.key: set(example.read().answer.model_ids.tolist()) for example in task.data}
    for kinds in shown.values():
        for kind in kinds:
            left[kind] = left.get(kind, 0) + 1
    for key in sorted(chosen):
        if any(left[kind] == 1 for kind in shown[key]):
            chosen.discard(key)
            continue
        for kind in shown[key]:
            left[kind] -= 1
    return chosen
