"""What cannot be trained is refused before minutes are spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner_core.cards import CARD_FILE, Card
from runner_core.datasets import Dataset
from runner_core.errors import DatasetError, TrainingError, UsageError
from runner_core.training import TrainOptions
from runner_core.util import ask_if_meant
from runner_train.pictures import UNLABELLED, count_classes, read_map
from runner_train.rehearsal import has_rehearsal

FAMILIES = {  # of each kind that is trained
    "object-detection": "tf-detection",
    "classification": "classification",
    "semantic-segmentation": "semantic-segmentation",
}
OPTIONS = ("base", "steps")
BASES = ("efficientnet-lite0",)
LEAST_MINUTES = 0.1


def check_training(origin: Path | None, data: Dataset, options: TrainOptions) -> list[int]:
    """The number of objects of each class. Raises UsageError, DatasetError, TrainingError."""
    _check_options(options.options)
    if options.minutes < LEAST_MINUTES:
        raise TrainingError(
            f"{options.minutes:g} minutes are too few to see each picture once",
            remedy=f"give at least {LEAST_MINUTES:g}; five are usual",
        )
    if origin is not None:
        _check_origin(origin, data.kind)
    return _check_data(data)


def _check_origin(origin: Path, kind: str) -> None:
    label = "label pictures with it (--sink coco:labels.json), correct them, and train a new brain on them"
    card = Card.read(origin / CARD_FILE) if (origin / CARD_FILE).is_file() else None
    if not has_rehearsal(origin):
        if card and "base_sha256" in card.training:
            raise TrainingError(
                f"{origin}: the pictures that it learnt from have not come with it, and without them it would forget",
                remedy=f"ask for them (`runner push --with-pictures` where it was trained), or {label}",
            )
        raise TrainingError(
            f"{origin}: this brain has no weights that can be trained, and no pictures that it learnt from",
            remedy=label,
        )
    if card and card.task != FAMILIES.get(kind, kind):
        raise TrainingError(f"{origin}: this brain is for another task than labels of {kind}", remedy="train a new one")


def _check_options(options: Mapping[str, str]) -> None:
    for name in options:
        if name not in OPTIONS:
            known = f"{ask_if_meant(name, OPTIONS)}it has: {', '.join(OPTIONS)}"
            raise UsageError(f"training has no option {name!r}", remedy=known)
    read_steps(options)
    base = options.get("base", BASES[0])
    if base not in BASES:
        raise UsageError(f"no base {base!r}", remedy=f"{ask_if_meant(base, BASES)}there is: {', '.join(BASES)}")


def read_steps(options: Mapping[str, str]) -> int | None:
    """How many steps are asked for, whatever the clock says; None where the minutes decide. Raises UsageError."""
    text = options.get("steps")
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"steps={text}: not a number of steps", remedy="give a whole number above 0")
    return int(text)


def _check_data(data: Dataset) -> list[int]:
    if data.kind not in FAMILIES:
        raise TrainingError(f"{data.location}: labels of {data.kind}, and this trains {', '.join(FAMILIES)}")
    if len(data) < 2:
        few = "no picture" if not len(data) else "a single picture"
        raise DatasetError(f"{data.location}: {few}", remedy="a brain needs about five pictures of each class")
    counts = count_classes(data)
    if not sum(counts):
        raise DatasetError(
            f"{data.location}: no object in {len(data)} pictures", remedy="draw boxes around what is to be found"
        )
    empty = [name for name, count in zip(data.labels.names, counts, strict=True) if not count]
    if empty:
        raise DatasetError(
            f"{data.location}: no example of {', '.join(empty)}", remedy="label some, or leave the class out"
        )
    if data.kind != "object-detection":
        _check_choices(data)
    return counts


def _check_choices(data: Dataset) -> None:
    """Where a class is chosen among others, of a picture or of a pixel."""
    if len(data.labels) < 2:
        raise DatasetError(
            f"{data.location}: {data.labels.names[0]} is its only class",
            remedy="a choice needs two: label pictures without it as a class of their own",
        )
    if len(data.labels) > UNLABELLED:
        raise DatasetError(
            f"{data.location}: {len(data.labels)} classes, and this learns {UNLABELLED} at most",
            remedy="select those that count: ?classes=cat,dog",
        )
    for example in data:
        if data.kind == "semantic-segmentation":
            read_map(example, example.make_frame().size)
        else:
            names = example.read().answer.names
            if len(names) > 1:
                raise DatasetError(
                    f"{example.picture}: {' and '.join(names)}, and this learns one class a picture",
                    remedy="leave one of them",
                )
