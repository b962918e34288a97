"""A location as it is typed: its secrets, and the options after its question mark.

``clip.mp4?stride=2&max_fps=5``, ``yolo:out?form=boxes``, ``https://me:secret@host/cat.jpg?token=abc``.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

import attrs

from runner_core.errors import UsageError
from runner_core.util.spelling import ask_if_meant

# An address on the network, also with a slash too few, as people write it; everything else is a path.
_ADDRESS = re.compile(
    r"((?:^|[A-Za-z][A-Za-z0-9+.-]+:)//|(?:rtsps?|https?|rtmps?|s?ftp|ftps|udp|tcp|srt|mms):/)(.*)", re.DOTALL
)
_AUTHORITY = re.compile(r"[^/?#]*")  # user, password, host and port, if nobody wrote another sign into the password
_PORT = re.compile(r"[^:]*:\d{1,5}")
_QUERY = re.compile(r"[?#].*", re.DOTALL)  # a token or a signature may follow the path
_OPTIONS = re.compile(r"\?(?=[A-Za-z_][\w-]*(?:[=&]|$))")  # a question mark that is followed by a name


def redact_url(location: str) -> str:
    """The location without what may be secret, for messages, records, receipts and titles of files.

    A URL loses its user and password, its query and its fragment. A path keeps its options, which are not secret.
    """
    found = _ADDRESS.search(without_account(location))
    if not found:
        return location
    return found.string[: found.start(2)] + _QUERY.sub("", found[2])


def is_address(location: str) -> bool:
    """Whether it is on the network, such as ``http://host/x``, and no path."""
    return _ADDRESS.match(location) is not None


def number_repeats(names: Iterable[str]) -> list[str]:
    """The suffix that makes each name unique: none for the first of equal names, `` (2)`` for the next.

    For redacted locations, of which several may look the same.
    """
    seen: Counter[str] = Counter()
    suffixes = []
    for name in names:
        seen[name] += 1
        suffixes.append(f" ({seen[name]})" if seen[name] > 1 else "")
    return suffixes


def without_account(url: str) -> str:
    """The URL without user and password, for a server that should not receive them; ``redact_url`` is for people.

    A password may have signs in it that should have been percent-encoded: all is taken that can be a part of it.
    """
    found = _ADDRESS.search(url)
    if not found:
        return url
    head, rest = url[: found.start(2)], found[2]
    return head + rest[_find_account(found[1], rest) :]


def find_unencoded(url: str) -> str:
    """The first sign of a user or password that must be percent-encoded there; empty where there is none."""
    found = _ADDRESS.search(url)
    account = found[2][: _find_account(found[1], found[2])][:-1] if found else ""
    return next((sign for sign in account if sign in "/?# "), "")


def explain_unencoded(url: str) -> tuple[str, str] | None:
    """What is wrong with such an address, and the remedy; None where nothing is."""
    sign = find_unencoded(url)
    if not sign:
        return None
    return f"{redact_url(url)}: its user or password has a {sign!r}", f"write it as {quote(sign, safe='')}"


def _find_account(scheme: str, rest: str) -> int:
    """Where the host begins in what follows a scheme: behind the account, if there is one."""
    authority = _AUTHORITY.match(rest)
    assert authority is not None  # it may be empty
    if "@" in authority[0]:
        return authority[0].rindex("@") + 1
    has_port = scheme.lower().startswith("http") and _PORT.fullmatch(authority[0])
    return rest.rfind("@") + 1 if ":" in authority[0] and not has_port else 0


@attrs.frozen
class OptionType:
    """What the value of an option may be.

    ``pattern``  a regular expression that the whole value matches; ``read`` makes the value of the text.
    ``what``     completes "is not ...": ``a whole number``.
    """

    pattern: str
    read: Callable[[str], Any]
    what: str


def without_options(location: str) -> str:
    """The location without its options."""
    return _OPTIONS.split(location, maxsplit=1)[0]


def split_options(
    location: str | os.PathLike[str], known: Mapping[str, OptionType], *, foreign: bool = False
) -> tuple[str, dict[str, Any]]:
    """The location without its options, and the options by name, their hyphens as underscores.

    Options begin at the first question mark that is followed by a name: ``what?.csv`` has none, nor has any ``Path``.
    With ``foreign`` the location is a URL with a query of its own, from its first question mark on: what is not in
    ``known`` stays in it. Without ``foreign`` it raises UsageError, as does a value that its type does not allow.
    """
    if not isinstance(location, str):
        return os.fspath(location), {}
    place, *query = location.split("?", 1) if foreign else _OPTIONS.split(location, maxsplit=1)
    own: dict[str, Any] = {}
    others = []
    for part in filter(None, "".join(query).split("&")):
        key, _, value = part.partition("=")
        name = key.replace("-", "_")
        if name in known:
            own[name] = _read_value(location, name, known[name], unquote(value))
        else:
            others.append(part)
    if others and not foreign:
        unknown = others[0].partition("=")[0]
        remedy = f"{ask_if_meant(unknown, known)}known: {', '.join(known) or 'none'}"
        raise UsageError(f"{redact_url(location)}: no option {unknown!r}", remedy=remedy)
    return "?".join(filter(None, (place, "&".join(others)))), own


def _read_value(location: str, name: str, option: OptionType, value: str) -> Any:
    if not re.fullmatch(option.pattern, value):
        raise UsageError(f"{redact_url(location)}: {name}={value} is not {option.what}")
    return option.read(value)
