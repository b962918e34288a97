"""Options behind a location's question mark: ``clip.mp4?stride=2&max_fps=5``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import attrs

from runner_core.errors import UsageError


@attrs.frozen
class Kind:
    """What the value of an option may be: how it is written, how it is read, how it is called."""

    pattern: str
    read: Callable[[str], Any]
    what: str


COUNT = Kind(r"0*[1-9]\d*", int, "a whole number from 1")
SECONDS = Kind(r"\d+(\.\d*)?|\.\d+", float, "a number of seconds")
_ABOVE_NOUGHT = r"0*[1-9]\d*(\.\d*)?|0*\.0*[1-9]\d*"
SPAN = Kind(_ABOVE_NOUGHT, float, "a number of seconds above 0")
RATE = Kind(_ABOVE_NOUGHT, float, "a number of frames a second")
SIZE = Kind(r"[1-9]\d*x[1-9]\d*", str, "a size such as 1280x720")
OFFSET = Kind(r"-?\d+,-?\d+", str, "an offset such as 10,20")
WORD = Kind(r"\w+", str, "a name")


def split_options(location: str, kinds: Mapping[str, Kind], *, foreign: bool = False) -> tuple[str, dict[str, Any]]:
    """The location without its options, and these by name.

    Others than those of ``kinds`` are refused, or with ``foreign`` left in place: an address has a query of its own.
    Raises UsageError.
    """
    place, _, query = location.partition("?")
    own: dict[str, Any] = {}
    others = []
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        name = key.replace("-", "_")
        if name in kinds:
            own[name] = _read(location, name, kinds[name], unquote(value))
        else:
            others.append(part)
    if others and not foreign:
        raise UsageError(f"{location}: no option {others[0]!r}", remedy=f"known: {', '.join(kinds)}")
    return "?".join(filter(None, (place, "&".join(others)))), own


def _read(location: str, name: str, kind: Kind, value: str) -> Any:
    if not re.fullmatch(kind.pattern, value):
        raise UsageError(f"{location}: {name}={value} is not {kind.what}")
    return kind.read(value)
