"""The entry points that installed distributions offer runner, and what is wrong with them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points

from runner_core.errors import RunnerError
from runner_core.hookspecs import GROUP

LOAD_VARIABLE = "RUNNER_LOAD_PLUGINS"
FILES_VARIABLE = "RUNNER_PLUGINS"


@dataclass(frozen=True)
class Origin:
    """Where plugins come from: an entry point's name and its distribution, whose metadata is read when needed.

    ``given``: to this process alone, by a program or as a file, not installed.
    """

    entry: str
    made_by: Distribution | None = None
    given: bool = False

    @property
    def distribution(self) -> str:
        """The distribution's name; the entry point's if that cannot be read."""
        return _read_metadata(self.made_by, "Name") or self.entry

    @property
    def version(self) -> str:
        """The distribution's version; empty if that cannot be read."""
        return _read_metadata(self.made_by, "Version")


def _read_metadata(distribution: Distribution | None, field: str) -> str:
    try:
        return distribution.metadata[field] or "" if distribution else ""
    except Exception:  # noqa: BLE001  # whatever is wrong with its files, it needs a name in a message
        return ""


@dataclass(frozen=True)
class Problem:
    """A plugin, or part of one, that was left out, and why."""

    origin: Origin
    message: str

    def __str__(self) -> str:
        return f"{self.origin.entry} ({self.origin.distribution}): {self.message}"


def format_reason(error: BaseException) -> str:
    """An error as part of a message, on one line."""
    text = str(error) if isinstance(error, RunnerError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def find_entry_points() -> tuple[list[EntryPoint], list[Problem]]:
    """The installed entry points of the group ``runner``, and a Problem for each that cannot be read."""
    try:
        return list(entry_points(group=GROUP)), []
    except Exception:  # noqa: BLE001  # one unreadable entry_points.txt spoils the whole list
        return _read_one_by_one()


def _read_one_by_one() -> tuple[list[EntryPoint], list[Problem]]:
    entries: dict[str, list[EntryPoint]] = {}  # of two copies of a distribution the first on the path counts
    problems = []
    for distribution in distributions():
        origin = Origin("entry_points.txt", distribution)
        try:
            named = list(distribution.entry_points.select(group=GROUP))
            entries.setdefault(origin.distribution, named)
        except Exception as error:  # noqa: BLE001
            problems.append(Problem(origin, f"cannot be read ({format_reason(error)})"))
    return [entry for named in entries.values() for entry in named], problems


def select_entry_points(entries: list[EntryPoint]) -> tuple[list[EntryPoint], list[Problem]]:
    """The entry points without those that RUNNER_LOAD_PLUGINS leaves out; if it is empty, none.

    A name in it that is not installed is a Problem.
    """
    chosen = os.environ.get(LOAD_VARIABLE)
    if chosen is None:
        return entries, []
    names = {name.strip() for name in chosen.split(",")} - {""}
    missing = sorted(names - {entry.name for entry in entries})
    problems = [Problem(Origin(name), f"{LOAD_VARIABLE} names it, and it is not installed") for name in missing]
    return [entry for entry in entries if entry.name in names], problems
