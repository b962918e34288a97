"""Options behind a location's question mark: ``clip.mp4?stride=2&max_fps=5``, ``yolo:out?form=boxes``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import attrs

from runner_core.errors import UsageError

_PASSWORD = re.compile(r"(?<=://)[^/?#\s]*@")
_NAMED = re.compile(r"\?(?=[A-Za-z_][\w-]*(?:[=&]|$))")


@attrs.frozen
class Kind:
    """What the value of an option may be: how it is written, how it is read, how it is called."""

    pattern: str
    read: Callable[[str], Any]
    what: str


def public_name(location: str) -> str:
    """The location, or a text that holds it, as records and messages may show it: without user and password."""
    return _PASSWORD.sub("", location)


def without_options(location: str) -> str:
    """The place alone."""
    return _NAMED.split(location, maxsplit=1)[0]


def split_options(
    location: str | os.PathLike[str], kinds: Mapping[str, Kind], *, foreign: bool = False
) -> tuple[str, dict[str, Any]]:
    """The location without its options, and these by name.

    They begin at the first question mark with a name behind it: ``what?.csv`` has none, nor has a ``Path``, whatever
    it is called. Others than those of ``kinds`` are refused, or with ``foreign`` left in place: an address has a query
    of its own, from its first question mark on. Raises UsageError.
    """
    if not isinstance(location, str):
        return os.fspath(location), {}
    place, *query = location.split("?", 1) if foreign else _NAMED.split(location, maxsplit=1)
    own: dict[str, Any] = {}
    others = []
    for part in filter(None, "".join(query).split("&")):
        key, _, value = part.partition("=")
        name = key.replace("-", "_")
        if name in kinds:
            own[name] = _read(location, name, kinds[name], unquote(value))
        else:
            others.append(part)
    if others and not foreign:
        unknown = others[0].partition("=")[0]
        raise UsageError(
            f"{public_name(location)}: no option {unknown!r}", remedy=f"known: {', '.join(kinds) or 'none'}"
        )
    return "?".join(filter(None, (place, "&".join(others)))), own


def _read(location: str, name: str, kind: Kind, value: str) -> Any:
    if not re.fullmatch(kind.pattern, value):
        raise UsageError(f"{public_name(location)}: {name}={value} is not {kind.what}")
    return kind.read(value)


_SECRET = re.compile(r"(?<=//)[^/?#]*@|[?#].*", re.DOTALL)


def shown(url: str) -> str:
    """The address without what may be secret in it: an account before the host, a signature behind the path.

    For messages and receipts.
    """
    return _SECRET.sub("", url)
