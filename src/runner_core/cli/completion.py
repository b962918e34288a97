"""What a shell completes: brains by name and by path, sources, sinks, engines, tasks, stores. No connection is made."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import PurePath

import click
from click.shell_completion import CompletionItem

from runner_core.discovery.registry import get_registry
from runner_core.errors import RunnerError

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _make_completer(list_words: Callable[[str], Iterable[str]]) -> Complete:
    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What begins as the word does; nothing where stores or settings are wrong, which the command itself says."""
        logging.getLogger("runner").setLevel(logging.CRITICAL)  # a warning would be printed into the line
        words: list[str] = []
        with suppress(RunnerError):
            words.extend(word for word in list_words(incomplete) if word.startswith(incomplete))
        return [CompletionItem(word) for word in words]

    return complete


def _list_brains(incomplete: str) -> Iterator[str]:
    from runner_core.stores.known_names import list_known_names

    yield from _list_paths(incomplete, {claim for found in _all("engines") for claim in found})
    yield from list_known_names()


def _list_sources(incomplete: str) -> Iterator[str]:
    names = get_registry().all("sources").values()
    yield from _list_paths(incomplete)
    yield from (claim for found in names for claim in found.plugin.claims if claim == found.plugin.name)
    yield from (f"{found.plugin.name}:" for found in names if found.plugin.name not in found.plugin.claims)


def _list_paths(incomplete: str, suffixes: set[str] | None = None) -> Iterator[str]:
    """Paths that begin so: folders, and files that end in one of ``suffixes``, or all.

    Of a single folder what is in it, as a shell would end the word after the folder's name.
    """
    found = list(_scan(incomplete, suffixes))
    while len(found) == 1 and found[0].endswith(os.sep) and (inside := list(_scan(found[0], suffixes))):
        found = inside
    yield from found


def _scan(begun: str, suffixes: set[str] | None) -> Iterator[str]:
    folder, name = os.path.split(begun)
    with suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.startswith(name) or entry.name.startswith(".") > name.startswith("."):
                continue
            path = os.path.join(folder, entry.name)  # noqa: PTH118  # as it was begun, with its ./
            if entry.is_dir():
                yield f"{path}{os.sep}"
            elif suffixes is None or PurePath(entry.name).suffix.lower() in suffixes:
                yield path


def _all(kind: str) -> Iterator[tuple[str, ...]]:
    return (found.plugin.claims for found in get_registry().all(kind).values())


def _list_stores(_: str) -> Iterator[str]:
    from runner_core.stores.config import read_configured_stores

    yield from read_configured_stores()
    yield from (f"{name}:" for name in get_registry().all("stores"))


complete_brains = _make_completer(_list_brains)
complete_files = _make_completer(_list_paths)
complete_sources = _make_completer(_list_sources)
complete_sinks = _make_completer(lambda _: [f"{name}:" for name in get_registry().all("sinks")])
complete_engines = _make_completer(lambda _: ["auto", *get_registry().all("engines")])
complete_tasks = _make_completer(lambda _: get_registry().all("tasks"))
complete_stores = _make_completer(_list_stores)
