"""Opens a data set by the plugin that knows its format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from runner_core.datasets.dataset import Dataset
from runner_core.discovery.registry import get_registry
from runner_core.errors import DatasetError
from runner_core.util.home import expand_home


@runtime_checkable
class DatasetFormat(Protocol):
    """A way in which people keep labelled pictures. Made by calling the plugin's target with no argument."""

    options: tuple[str, ...]  # of ``read``

    def recognise(self, place: Path) -> bool:
        """Whether this file or folder looks like a data set of this format. Cheap: it reads no picture."""

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        """The data set, its labels unread where they lie in a file for each picture. Raises DatasetError."""


def open_dataset(location: str | os.PathLike[str], *, form: str | None = None) -> Dataset:
    """The data set in a file or folder; ``form`` names its format, else the first plugin that recognises it reads it.

    Raises DatasetError where none does.
    """
    place = Path(expand_home(location))
    registry = get_registry()
    names = [form] if form else list(registry.all("datasets"))
    for name in names:
        format_: DatasetFormat = registry.make("datasets", name)
        if form or format_.recognise(place):
            return format_.read(place, {})
    known = ", ".join(registry.all("datasets")) or "none"
    raise DatasetError(f"{place}: not a data set that is known", remedy=f"formats: {known}")
