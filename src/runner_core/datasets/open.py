"""Opens a data set by the plugin that knows its format."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import attrs

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.select import group_by, select_parts
from runner_core.discovery.registry import get_registry
from runner_core.errors import DatasetError, UsageError
from runner_core.util.home import expand_home
from runner_core.util.location import OptionType, split_options, without_options
from runner_core.util.spelling import ask_if_meant, find_alike_paths

log = logging.getLogger("runner")


@runtime_checkable
class DatasetFormat(Protocol):
    """A way in which people keep labelled pictures. Made by calling the plugin's target with no argument."""

    options: tuple[str, ...]  # of ``read``

    def recognise(self, place: Path) -> float:
        """How surely this file or folder is a data set of this format, 0 (it is none) to 1. Cheap: reads no picture."""

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        """The data set, its labels unread where they lie in a file for each picture. Raises DatasetError."""


def _read_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _read_renames(text: str) -> dict[str, str]:
    return {old.strip(): new.strip() for old, _, new in (pair.rpartition(":") for pair in _read_names(text))}


_OPTIONS = {
    "format": OptionType(".+", str, "the name of a format"),
    "part": OptionType(".+", _read_names, "one or more parts: train,val"),
    "classes": OptionType(".+", _read_names, "one or more names of classes: cup,plate"),
    "rename": OptionType("[^:]+:.+", _read_renames, "an old and a new name: mug:cup,glass:cup"),
    "kind": OptionType("object-detection", str, "object-detection"),
    "group": OptionType(".+", str, "a regular expression"),
}


def open_dataset(location: str | os.PathLike[str], *, form: str | None = None) -> Dataset:
    """The data set in a file or folder, read by the format of the name ``form``, else by the one that is surest of it.

    Options behind a question mark, as ``DIR?part=train&classes=cup,plate``:

    ``format``   as ``form``; other options belong to the format.
    ``part``     these parts alone: ``train,val``.
    ``rename``   new names of classes, of which several may become one: ``mug:cup,glass:cup``; others stay.
    ``classes``  these classes alone, by their new names, in this order.
    ``kind``     ``object-detection`` leaves boxes alone, without masks and keypoints.
    ``group``    a regular expression: pictures in whose names its first group matches the same text belong together.

    Raises DatasetError where nothing there is read, UsageError for wrong options, NotInstalled for an unknown format.
    """
    place, given = _split_location(location)
    name = form or given.pop("format", None) or _find_format(place)
    format_: DatasetFormat = get_registry().make("datasets", name)
    own = {key: value for key, value in given.items() if key not in _OPTIONS}
    for key in own:
        if key not in format_.options:
            known = (*_OPTIONS, *format_.options)
            remedy = f"{ask_if_meant(key, known)}known: {', '.join(known)}"
            raise UsageError(f"{location}: no option {key!r} of the format {name}", remedy=remedy)
    dataset = attrs.evolve(format_.read(place, own), location=os.fspath(location))
    return _apply(dataset, given)


def _split_location(location: str | os.PathLike[str]) -> tuple[Path, dict[str, Any]]:
    """The path, which exists, and the options, those of formats as texts. Raises DatasetError, UsageError."""
    text = os.fspath(location)
    bare = text if Path(expand_home(text)).exists() else without_options(text)
    place = Path(expand_home(bare))
    try:
        there = place.exists()
    except (OSError, ValueError):
        there = False
    if not there:
        alike = find_alike_paths(place)
        remedy = f"did you mean {alike[0]}?" if alike else "name a folder or a file with labels"
        raise DatasetError(f"{bare}: no such file or folder", remedy=remedy)
    names = re.findall(r"(?<=[?&])([\w-]+)(?==)", text[len(bare) :])
    known = {name.replace("-", "_"): OptionType(".*", str, "a text") for name in names} | _OPTIONS
    return place, split_options(text, known)[1] if bare != text else {}


def _find_format(place: Path) -> str:
    """The name of the format that recognises the place; where several do, the surest, and it is said."""
    installed = get_registry().all("datasets")
    sureness = {name: get_registry().make("datasets", name).recognise(place) for name in installed}
    found = sorted((name for name in installed if sureness[name] > 0), key=lambda name: (-sureness[name], name))
    if not found:
        known = ", ".join(installed) or "none: `pip install runner-datasets` brings them"
        raise DatasetError(f"{place}: not a data set that is known", remedy=f"formats: {known}")
    if len(found) > 1:
        log.warning("%s: read as %s; it may also be %s: ?format= says which", place, found[0], " or ".join(found[1:]))
    return found[0]


def _apply(dataset: Dataset, given: Mapping[str, Any]) -> Dataset:
    """The data set as the options want it."""
    if "part" in given:
        dataset = select_parts(dataset, given["part"])
    if "rename" in given:
        dataset = dataset.rename({name: name for name in dataset.labels.names} | given["rename"])
    if "classes" in given:
        dataset = dataset.select(given["classes"])
    if "kind" in given:
        dataset = dataset.to_boxes()
    return group_by(dataset, given["group"]) if "group" in given else dataset
