"""Training: from labelled pictures to a new version of a brain, by the trainer that is installed for its kind."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards.artifact import check_files, describe_files, hash_files, list_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.open import open_dataset
from runner_core.discovery.catalog import find_distribution
from runner_core.discovery.registry import Installed, get_registry
from runner_core.errors import NotInstalled, TrainingError, UsageError
from runner_core.training.checks import CheckedData, check_data, list_kinds, tell_findings
from runner_core.training.trainer import Trainer, TrainingStep, TrainOptions, Watch
from runner_core.training.versions import Shelf, WorkFolder, make_disk_error
from runner_core.util.delay_signals import WaitingSignal, hold_first_signal, uninterrupted
from runner_core.util.interrupts import settle_interrupt
from runner_core.util.spelling import ask_if_meant

log = logging.getLogger("runner")


@attrs.frozen
class Trained:
    """A new version.

    ``folder``       with its ``brain.json``.
    ``interrupted``  whether somebody ended the training early: then it is the best so far.
    """

    folder: Path
    card: Card
    interrupted: bool = False


@attrs.frozen
class Origin:
    """A brain that is trained further: its folder, and its card."""

    folder: Path
    card: Card


@attrs.frozen
class Training:
    """A training of which all that can be checked before is checked; made by ``prepare_training``.

    ``card``   of the new brain as far as it is known: its name, its task, its labels.
    ``shelf``  where the new version goes.
    """

    trainer: Installed
    card: Card
    origin: Origin | None
    checked: CheckedData
    options: TrainOptions
    shelf: Shelf

    @cached_property
    def digest(self) -> str:
        """The same for a training of the same brain, data set and options, with the same trainer."""
        folder = self.origin.folder if self.origin else None
        origin = hash_files(folder, list_files(folder)) if folder else ()
        told = [self.card.name, self.card.task, self.checked.digest, self._options_as_told, self._trainer_as_told]
        return hashlib.sha256(json.dumps([*told, *map(attrs.asdict, origin)]).encode()).hexdigest()[:12]

    @property
    def _options_as_told(self) -> dict[str, Any]:
        return {key: value for key, value in attrs.asdict(self.options).items() if key not in ("folder", "version")}

    @property
    def _trainer_as_told(self) -> str:
        return f"{self.trainer.plugin.name} ({self.trainer.distribution} {self.trainer.version})"

    def explain(self) -> Sequence[str]:
        """What would be done and why, a line each. Raises as the trainer does; writes nothing."""
        data, options = self.checked.data, self._place_options()
        further = f" further from {self.origin.folder}" if self.origin else ""
        trainer: Trainer = self.trainer.make()
        head = f"{self.card.name}@{options.version} is trained{further} by {self._trainer_as_told}"
        return [
            f"{head}, in at most {options.minutes:g} minutes",
            f"it learns {', '.join(data.labels.names)} from {len(data)} pictures",
            *trainer.explain(*self._make_arguments(options)),
            f"it will be in {self.shelf.find_folder(options.version)}",
        ]

    def run(self, watch: Watch | None = None) -> Trained:
        """Trains, or goes on where a training of the same was stopped; ``watch`` is told how far it is.

        A first Ctrl-C, or a KeyboardInterrupt out of ``watch``, ends it early and keeps the best so far; a second one
        ends at once. Raises TrainingError, and KeyboardInterrupt where there is nothing to keep yet: then the same
        training goes on later.
        """
        try:
            self.shelf.folder.mkdir(parents=True, exist_ok=True)
            with self.shelf.hold():
                return self._run_held(watch or _watch_nothing)
        except OSError as error:
            raise make_disk_error(error, self.shelf.folder) from error

    def _run_held(self, watch: Watch) -> Trained:
        work = self.shelf.open_work(self.digest)
        published = work.published
        if published:
            log.warning("%s: its training was finished before, by a process that was killed then", published)
            work.remove()
            return Trained(published, Card.read(published / CARD_FILE))
        tell_findings(self.checked)
        options = self._place_options()
        told = {"name": self.card.name, "data": self.checked.data.location, "options": self._options_as_told}
        before = work.begin({**told, "version": options.version})
        if before:
            log.warning("%s: goes on with a training of the same that was stopped", self.card.name)
        same = attrs.evolve(options, version=before.get("version", options.version))  # another may be there meanwhile
        interrupted = not work.is_finished and self._train(same, watch)
        with uninterrupted():
            return self._publish(work, options, interrupted=interrupted)

    def _train(self, options: TrainOptions, watch: Watch) -> bool:
        """Whether it was ended early."""
        trainer: Trainer = self.trainer.make()
        with hold_first_signal() as signal:
            step = _Step(watch, signal)
            path = trainer.train(*self._make_arguments(options), step)
        if path.absolute() != (options.folder / CARD_FILE).absolute():
            raise TrainingError(f"{self._trainer_as_told} wrote {path}, not {options.folder / CARD_FILE}")
        if step.stopped or signal.came:
            settle_interrupt()
        return step.stopped or signal.came

    def _publish(self, work: WorkFolder, options: TrainOptions, *, interrupted: bool) -> Trained:
        written = Card.read(work.brain / CARD_FILE)
        artifacts = tuple(
            attrs.evolve(each, files=each.files or describe_files(work.brain, work.brain / each.path))
            for each in written.artifacts
        )
        for artifact in (*artifacts, *filter(None, [written.rehearsal])):
            check_files(work.brain, artifact)
        facts = {**self._describe(), **written.training, **({"ended_early": True} if interrupted else {})}
        card = attrs.evolve(
            written, name=self.card.name, version=options.version, artifacts=artifacts, training=facts
        )  # fmt: skip
        card.write(work.brain / CARD_FILE)
        place = self.shelf.find_folder(options.version)
        work.publish(place)
        return Trained(place, card, interrupted)

    def _describe(self) -> dict[str, Any]:
        """What the core knows of it, for people; without the folders of this machine, as cards are published."""
        data, options = self.checked.data, self.options
        known: dict[str, Any] = {
            "data": Path(data.location).name, "data_digest": self.checked.digest, "pictures": len(data),
            "classes": len(data.labels), "minutes": options.minutes, "seed": options.seed,
            "trainer": self._trainer_as_told,
        }  # fmt: skip
        if options.options:
            known["options"] = dict(options.options)
        if self.origin:
            known["further_from"] = f"{self.origin.card.name}@{self.origin.card.version}"
        return known

    def _place_options(self) -> TrainOptions:
        """The options with the version that is next, and the folder in which it is made."""
        before = self.origin.card if self.origin else None
        version = self.shelf.find_version(before.version if before and before.name == self.card.name else "")
        return attrs.evolve(self.options, version=version, folder=self.shelf.find_work(self.digest).brain)

    def _make_arguments(self, options: TrainOptions) -> tuple[Card, Path | None, Dataset, TrainOptions]:
        """What a trainer is given."""
        card = attrs.evolve(self.card, version=options.version)
        return card, self.origin.folder if self.origin else None, self.checked.data, options


class _Step:
    """What a trainer is given as ``watch``: a signal that came is raised here, where a trainer expects it."""

    def __init__(self, watch: Watch, signal: WaitingSignal) -> None:
        self._watch, self._signal, self.stopped = watch, signal, False

    def __call__(self, step: TrainingStep) -> None:
        try:
            self._signal.handle()
            self._watch(step)
        except KeyboardInterrupt:
            if not self.stopped:
                log.warning("ending early, the best so far is kept; Ctrl-C once more ends at once")
            self.stopped = True
            raise


def _watch_nothing(step: TrainingStep) -> None:
    """Nobody looks."""


def prepare_training(
    location: str, shelf: Shelf, name: str, options: TrainOptions, *, kind: str = "", origin: Origin | None = None
) -> Training:
    """Checks all that can be checked before minutes are spent.

    ``kind``    what the brain will answer, ``object-detection``; empty: what the data set is labelled for.
    ``origin``  the brain that is trained further.

    Raises NotInstalled where nothing trains that kind, UsageError, DatasetError, TrainingError.
    """
    _check_minutes(options.minutes)
    if options.threads is not None and options.threads < 1:
        raise UsageError(f"threads is {options.threads}", remedy="give 1 or more, or leave it out")
    shelf.check()
    family = origin.card.task if origin else ""
    data = open_dataset(location)
    wanted = _find_kind(family) if origin else kind or _choose_kind(data)
    trainer = find_trainer(wanted, family)
    checked = check_data(data, wanted)
    new = attrs.evolve(origin.card, name=name) if origin else Card(name, wanted, labels=checked.data.labels)
    return Training(trainer, new, origin, checked, options, shelf)


def find_trainer(kind: str, family: str = "") -> Installed:
    """The trainer that claims the family, else the kind. Raises NotInstalled with what to install."""
    registry = get_registry()
    found = registry.find_claiming("trainers", family) or registry.find_claiming("trainers", kind)
    if found:
        return found[0]
    claims = sorted({claim for each in registry.all("trainers").values() for claim in each.plugin.claims})
    package = find_distribution("trainers", kind)
    more = (
        f"`pip install {package}` brings one" if package else f"installed ones train {', '.join(claims) or 'nothing'}"
    )
    raise NotInstalled(f"no trainer for {kind} is installed", remedy=f"{ask_if_meant(kind, claims)}{more}")


def _choose_kind(data: Dataset) -> str:
    """The first kind that can be learnt from the data set and that something installed trains."""
    claimed = (kind for kind in list_kinds(data) if get_registry().find_claiming("trainers", kind))
    return next(claimed, data.kind)


def _find_kind(family: str) -> str:
    kind: str = get_registry().make("tasks", family).kind
    return kind


def _check_minutes(minutes: float) -> None:
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not (0 < minutes < math.inf):
        raise UsageError(f"minutes is {minutes!r}", remedy="give how long it may take: 5, or 0.5")
