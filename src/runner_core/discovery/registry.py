"""The registry: which plugins are installed, found without importing anything heavy.

pluggy checks hooks against their specifications. With its own loop over entry points one broken plugin ends them all,
so the loop is here: what is broken is recorded as a Problem, and the rest runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from runner_core import hookspecs
from runner_core.discovery.catalog import find_distribution
from runner_core.discovery.choices import CHOICES_FILE, Choices, normalise_name, read_choices
from runner_core.discovery.core_range import explain_misfit
from runner_core.discovery.entry_points import (
    FILES_VARIABLE,
    Origin,
    Problem,
    find_entry_points,
    format_reason,
    select_entry_points,
)
from runner_core.discovery.hooks import KINDS, call_hooks
from runner_core.discovery.installed import Installed
from runner_core.discovery.precedence import Conflict, find_conflict, sort_by_precedence
from runner_core.errors import NotInstalled, PluginError
from runner_core.util.spelling import ask_if_meant

__all__ = ["KINDS", "Installed", "Registry", "get_registry", "use", "use_registry"]


class Registry:
    """The installed plugins by kind and name, and the problems found on the way.

    ``seconds`` is what it took to import each entry point's module and to call its hooks; ``manager`` checks hooks.
    """

    def __init__(
        self, entries: Iterable[EntryPoint], problems: Iterable[Problem] = (), choices: Choices | None = None
    ) -> None:
        self.problems = list(problems)
        self.choices = choices or Choices()
        self.disabled: list[Origin] = []
        self.seconds: dict[Origin, float] = {}
        self._found: dict[str, dict[str, Installed]] = {kind: {} for kind in KINDS}
        self._namesakes: dict[tuple[str, str], list[Installed]] = {}
        self._modules: dict[str, Origin] = {}
        self._warned: set[tuple[str, str]] = set()
        self.manager = pluggy.PluginManager(hookspecs.GROUP)
        self.manager.add_hookspecs(hookspecs)
        for entry in sorted(entries, key=lambda entry: (entry.name, entry.value)):
            self._register(entry)

    def all(self, kind: str) -> Mapping[str, Installed]:
        """The plugins of a kind by name; of several with one name, those that do not win as ``DISTRIBUTION/NAME``."""
        return self._found[kind]

    def find(self, kind: str, name: str) -> Installed | None:
        """The plugin of that name; where another one has it too, and no person has chosen, that is told once."""
        found = self._found[kind].get(name)
        if found is not None and (kind, name) in self._namesakes:
            self._warn(self._find_name_conflict(kind, name))
        return found

    def get(self, kind: str, name: str) -> Installed:
        """As ``find``. Raises NotInstalled naming the installed ones, and the package to install."""
        found = self.find(kind, name)
        if found is None:
            known = ", ".join(sorted(self._found[kind])) or "none"
            package = find_distribution(kind, name)
            more = f"`pip install {package}` brings it" if package else "see `runner plugins`"
            raise NotInstalled(
                f"no {kind[:-1]} named {name!r} is installed",
                remedy=f"{ask_if_meant(name, self._found[kind])}installed: {known}; {more}",
            )
        return found

    def make(self, kind: str, name: str, *arguments: Any) -> Any:
        """Imports the plugin's target and calls it. Raises NotInstalled, and as ``Installed.make``."""
        return self.get(kind, name).make(*arguments)

    def find_claiming(self, kind: str, claim: str) -> tuple[Installed, ...]:
        """The plugins of a kind that claim ``claim``, the one that wins first: ``precedence`` says which."""
        ranked = self._rank_claiming(kind, claim)
        self._warn(find_conflict(kind, claim, ranked, self.choices.preferred, by_name=False))
        return tuple(ranked)

    def list_conflicts(self) -> list[Conflict]:
        """Every name and claim that several want alike, and that no person has settled."""
        words = {
            (kind, claim): None
            for kind in KINDS
            for found in self._found[kind].values()
            for claim in found.plugin.claims
        }
        claims = (
            find_conflict(kind, word, self._rank_claiming(kind, word), self.choices.preferred, by_name=False)
            for kind, word in words
        )
        names = (self._find_name_conflict(*key) for key in self._namesakes)
        return [conflict for conflict in (*names, *claims) if conflict]

    def add(self, found: Installed) -> None:
        """Adds a plugin. Of several with one name the winner has it, the others are called ``DISTRIBUTION/NAME``.

        A second one of the same distribution is a Problem, and left out; one that is given anew replaces the first.
        """
        name, named = found.plugin.name, self._found[found.kind]
        if name not in named:
            named[name] = found
            return
        several = self._namesakes.setdefault((found.kind, name), [named[name]])
        same = [one for one in several if one.distribution == found.distribution]
        if same and not found.origin.given:
            message = f"{found.kind[:-1]} {name!r} is in {found.distribution} already; the second one is left out"
            self.problems.append(Problem(found.origin, message))
            return
        several[:] = [*(one for one in several if one not in same), found]
        winner, *others = sort_by_precedence(several, None, self.choices.preferred)
        named[name] = winner
        for one in others:
            full = f"{normalise_name(one.distribution)}/{name}"
            named[full] = replace(one, plugin=replace(one.plugin, name=full))

    def _rank_claiming(self, kind: str, claim: str) -> list[Installed]:
        claiming = [found for found in self._found[kind].values() if claim in found.plugin.claims]
        return sort_by_precedence(claiming, claim, self.choices.preferred)

    def _find_name_conflict(self, kind: str, name: str) -> Conflict | None:
        several = sort_by_precedence(self._namesakes[kind, name], None, self.choices.preferred)
        return find_conflict(kind, name, several, self.choices.preferred, by_name=True)

    def _warn(self, conflict: Conflict | None) -> None:
        if conflict and (conflict.kind, conflict.word) not in self._warned:
            import logging  # slow, and --help does not need it

            self._warned.add((conflict.kind, conflict.word))
            logging.getLogger("runner").warning("%s", conflict)

    def _register(self, entry: EntryPoint) -> None:
        """Adds all plugins of an entry point, or none of them and a Problem."""
        origin = Origin(entry.name, entry.dist)
        if self.choices.leaves_out(entry):
            self.disabled.append(origin)
            return
        started = time.perf_counter()
        try:
            self._check_fit(entry, origin)
            found = [Installed(kind, plugin, origin) for kind, plugin in call_hooks(self.manager, entry)]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a foreign module raises, the others run
            self.problems.append(Problem(origin, format_reason(error)))
            return
        self.seconds[origin] = time.perf_counter() - started
        for installed in found:
            self.add(installed)

    def _check_fit(self, entry: EntryPoint, origin: Origin) -> None:
        """Raises PluginError for a distribution of another core, and if another one has the same module."""
        misfit = explain_misfit(entry.dist)
        if misfit:
            raise PluginError(misfit)
        first = self._modules.setdefault(entry.value, origin)
        if first is not origin:
            raise PluginError(
                f"the module {entry.value} is in {first.distribution} already; that of {origin.distribution} is left "
                "out: Python has one module of a name"
            )


@lru_cache(maxsize=1)
def _load_installed() -> Registry:
    entries, unreadable = find_entry_points()
    wanted, missing = select_entry_points(entries)
    choices, wrong = read_choices()
    illegible = [Problem(Origin(CHOICES_FILE), wrong)] if wrong else []
    made = Registry(wanted, [*unreadable, *missing, *illegible], choices)
    if os.environ.get(FILES_VARIABLE):
        from runner_core.discovery.plugin_files import list_files, read_file  # slow, and most have none

        for path in list_files():
            for found in read_file(made.manager, path):
                made.add(found)
    return made


_in_use: list[Registry] = []


def get_registry() -> Registry:
    """The registry of this process, filled at the first call."""
    return _in_use[-1] if _in_use else _load_installed()


@contextmanager
def use_registry(other: Registry) -> Iterator[None]:
    """Makes ``other`` the process's registry inside the block: for tests, and programs with plugins of their own."""
    _in_use.append(other)
    try:
        yield
    finally:
        _in_use.remove(other)


def use(part: type, *, name: str = "", claims: tuple[str, ...] = ()) -> str:
    """Makes a class a plugin of this process, before all that are installed, and returns its name.

    ``part`` is an engine, task, source, store, sink, format of data sets, trainer or evaluator: which, its methods say.
    Without ``name`` it is called by its class: ``PeaksTask`` is ``peaks``. ``claims`` are those of a ``Plugin``.
    Called again, as a cell of a notebook is, it replaces the one before. Other processes do not have it.

    Raises UsageError for what is no such class, or was not defined at the top of a module.
    """
    from runner_core.discovery.plugin_files import describe_part  # slow, and most never call this

    found = describe_part(part, name=name, claims=claims)
    get_registry().add(found)
    return found.plugin.name
