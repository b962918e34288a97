"""What was meant by a name that there is not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

_ALIKE = 0.6  # of difflib's ratio: ``pgae`` and ``page`` have 0.75
_MAX_ENTRIES = 10_000  # of a folder that are compared; more would take seconds


def find_alike(word: str, known: Iterable[str], *, most: int = 1, alike: float = _ALIKE) -> list[str]:
    """The known names that are spelled most like the word, whatever the case of letters; the nearest first."""
    import difflib  # slow, and only a message needs it

    by_key = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), by_key, n=most, cutoff=alike)
    return [by_key[key] for key in close]


def ask_if_meant(word: str, known: Iterable[str]) -> str:
    """``"did you mean page? "``, to begin a remedy with; empty if no other name is spelled much like the word."""
    alike = [name for name in find_alike(word, known, most=2) if name != word]
    return f"did you mean {alike[0]}? " if alike else ""


def find_alike_paths(path: Path) -> list[str]:
    """Existing paths whose names are spelled like the first part of ``path`` that does not exist."""
    while not path.parent.is_dir():
        path = path.parent
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, _MAX_ENTRIES)]
    except OSError:
        return []
    return [str(path.parent / name) for name in find_alike(path.name, names, most=3)]


def make_hint(what: str, name: str, hints: Mapping[str, str], value: object) -> AttributeError:
    """The error for an attribute that a value does not have, with what ``hints`` say it is called here."""
    hint = f"; here it is `{hints[name]}`" if name in hints else ""
    return AttributeError(f"{what} has no {name!r}{hint}", name=name, obj=value)
