"""What people call to train: from a name and labelled pictures to a brain that is open.

It stands above the rooms that it connects: stores know which names are taken, training makes a
version, loading opens it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner_core.brain import Brain
from runner_core.cache.release import check_name
from runner_core.cards.card import CARD_FILE, Card
from runner_core.discovery.registry import get_registry
from runner_core.errors import CardError, StoreError, TrainingError, UsageError
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.open import open_path
from runner_core.loading.options import LoadOptions
from runner_core.loading.untrained import UntrainedBrain
from runner_core.stores.config import TRAINED_KIND, read_configured_stores
from runner_core.stores.known_names import list_known_names
from runner_core.training.trainer import TrainOptions, Watch
from runner_core.training.training import Origin, Training, prepare_training
from runner_core.training.versions import Shelf
from runner_core.util.home import TRAINED, expand_home, find_trained_home


def make_untrained(name: str, task: str) -> UntrainedBrain:
    """What ``Brain.new`` gives. Raises UsageError for a text that cannot be a name, NotInstalled."""
    _check_name(name)
    if not task:
        raise UsageError("a brain of no task", remedy='say what it shall answer: task="object-detection"')
    return UntrainedBrain(name, task)


def train_brain(
    brain: Brain,
    dataset: str | os.PathLike[str],
    *,
    minutes: float = 5.0,
    name: str | None = None,
    seed: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
    watch: Watch | None = None,
    **options: Any,
) -> Brain:
    """What ``Brain.train`` does.

    ``minutes``  of wall time.
    ``threads``  that it may use; None: all processors.
    ``name``     of the new brain, None: the old one's. It is the next version of that name on this machine.
    ``out``      the folder to write it to instead.
    ``watch``    called with a TrainingStep as it goes. A KeyboardInterrupt out of it, and a first Ctrl-C, end it early
                 and keep the best so far; a second Ctrl-C ends at once.
    """
    training = plan_training(
        os.fspath(dataset),
        name=name or brain.name,
        task=brain.task,
        origin=None if isinstance(brain, UntrainedBrain) else _find_origin(brain),
        out=None if out is None else Path(expand_home(out)),
        asked=make_options(minutes=minutes, seed=seed, device=device, threads=threads, options=options),
    )
    return open_path(training.run(watch).folder, LoadOptions())


def make_options(*, options: Mapping[str, Any], **asked: Any) -> TrainOptions:
    """``options`` are the trainer's own; their values are given to it as they would be typed."""
    return TrainOptions(Path(), options={key: str(value) for key, value in options.items()}, **asked)


def plan_training(
    location: str,
    *,
    name: str,
    asked: TrainOptions,
    task: str = "",
    origin: Path | None = None,
    out: Path | None = None,
) -> Training:
    """A training of which all is checked that can be.

    ``origin``  the folder of a brain that is trained further; ``out`` the folder to write, instead of the next version
    of that name among those trained on this machine.

    Raises UsageError, NotInstalled, CardError, DatasetError, TrainingError.
    """
    _check_name(name)
    before = Origin(origin, read_card(origin)) if origin else None
    if out is None:
        get_registry().get("stores", TRAINED_KIND)  # what reads it later must be there
        _check_free(name, before)
    shelf = Shelf(find_trained_home() / name) if out is None else Shelf.at(out)
    training = prepare_training(expand_home(location), shelf, name, asked, kind=task, origin=before)
    if out is None:
        _check_same_task(training)
    return training


def _check_name(name: str) -> None:
    """Raises UsageError for what cannot be a folder's name."""
    try:
        check_name(name, "name")
    except StoreError as error:
        raise UsageError(error.message, remedy="use letters, digits and ._+-, a letter or digit first") from None
    if "/" in name:
        raise UsageError(f"{name!r} has a slash", remedy="give a name; `out` says where it is written")


def _check_free(name: str, origin: Origin | None) -> None:
    """Raises UsageError where the name is a brain's of another store, unless that one is trained further."""
    for alias, address in read_configured_stores().items():
        taken = alias != TRAINED and name in list_known_names(address)
        if taken and not (origin and origin.card.name == name):
            remedy = f"train that one further (--from {alias}:{name}), or give another name"
            raise UsageError(f"{name} is a brain of store {alias}", remedy=remedy)


def _check_same_task(training: Training) -> None:
    """Raises UsageError where the version before answers something else."""
    shelf = training.shelf
    before = shelf.find_newest()
    if before is None or training.origin:
        return
    family = Card.read(before / CARD_FILE).task
    known = get_registry().all("tasks").get(family)
    kind, asked = known.make().kind if known else family, training.checked.data.kind
    if kind != asked:
        raise UsageError(
            f"{training.card.name} is a brain for {kind} already, not for {asked}: {before}",
            remedy="give another name",
        )


def read_card(folder: Path) -> Card:
    """The card of a brain that is to be trained further. Raises TrainingError where it has none, CardError."""
    try:
        return Card.read(folder / CARD_FILE)
    except CardError as error:
        if (folder / CARD_FILE).exists():
            raise
        remedy = "train a new brain; the answers of this one may label pictures for it"
        message = f"{folder}: a model without {CARD_FILE}, which cannot be trained further"
        raise TrainingError(message, remedy=remedy) from error


def _find_origin(brain: Brain) -> Path:
    """The folder that it was opened from. Raises UsageError for a chain, and for a brain that is elsewhere."""
    if isinstance(brain, LocalBrain) and brain.opened:
        return brain.opened.candidate.files.root.absolute()
    raise UsageError(
        f"brain {brain.name} has no files here that could be trained further: {type(brain).__name__}",
        remedy="train a brain that was opened from a folder or by its name, or a new one: Brain.new(name, task=...)",
    )
