"""Reference: how a brain is named, on the command line and in Python.

page                    searched in the configured stores, those that ship with a package last
team:page@2             a configured store, a name, a version
hf:owner/name@main      a kind of store that has no address
s3://bucket/models/page, https://models.example/page, folder:/srv/models/page
a kind of store with its address; the name follows the last slash
models/page, cats.pb    a path
file:cats.pb, file:///models/a%3Fb.pb
a path too, whatever signs it has
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

import attrs

from runner_core.contracts import HasSplit
from runner_core.errors import UsageError
from runner_core.stores.config import StoreAddress, find_store_kind, read_configured_stores
from runner_core.util.home import expand_home

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)  # at least two letters: C: is a drive

_FILE = "file:"
_OPTIONS = re.compile(r"\?(?=(?:[A-Za-z_][\w-]*|options\.[^=&?]+)=|[A-Za-z_][\w-]*(?:&|$)|$)")


@attrs.frozen
class Reference:
    """A name, and the version and the store if they were given."""

    name: str
    version: str | None = None
    store: StoreAddress | None = None


def parse_reference(text: str) -> Reference | Path:
    """A path for what is or looks like one, otherwise a Reference. Raises UsageError for an unknown store."""
    text = expand_home(text)
    path = _to_path(text)
    if path != text and (not text.startswith(f"{_FILE}//") or os.path.isfile(path)):  # noqa: PTH113  # any text
        return Path(path)
    scheme = _SCHEME.fullmatch(text)
    if os.path.lexists(text) or (not scheme and _looks_like_path(text)):
        return Path(text)
    if not scheme:
        return _parse_name(text, None)
    head, rest = scheme.groups()
    known = read_configured_stores()
    if head in known:
        return _parse_name(rest, known[head])
    return _parse_direct(head, rest, text)


def split_query(text: str) -> tuple[str, str]:
    """The reference, and the options behind its question mark; a file that is there may have such a sign in its name.

    Otherwise options begin at the first question mark that a name follows.
    """
    places = [len(text), *(place for place in range(len(text) - 1, 0, -1) if text[place] == "?")]
    for place in places:
        if names_file(text[:place]):
            return text[:place], text[place + 1 :]
    found = _OPTIONS.search(text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def names_file(text: str) -> bool:
    """Whether something is there under exactly this path."""
    return os.path.lexists(_to_path(text))


def _to_path(text: str) -> str:
    """Without ``file:``; behind ``file:///`` signs may be percent-encoded."""
    rest = text.removeprefix(_FILE)
    return unquote(rest[2:]) if rest != text and rest.startswith("///") else expand_home(rest)


def _looks_like_path(text: str) -> bool:
    return os.sep in text or text.startswith(".") or bool(Path(text.partition("@")[0]).suffix)


def _parse_direct(head: str, rest: str, text: str) -> Reference:
    """A reference to a store that is not configured: by its plugin's name, or by a scheme that it claims."""
    found = find_store_kind(head, text)
    full = text if rest.startswith("//") else rest
    target = found.load()
    location, name = target.split(full) if isinstance(target, HasSplit) else split_at_slash(full)
    return _parse_name(name, StoreAddress(head, found.plugin.name, location))


def split_at_slash(text: str) -> tuple[str, str]:
    """(location, name): an address is cut at its last slash, anything else is a name."""
    if "://" in text or text.startswith(("/", ".", "~")):
        location, _, name = text.rstrip("/").rpartition("/")
        return location, name
    return "", text


def _parse_name(text: str, store: StoreAddress | None) -> Reference:
    name, at, version = text.partition("@")
    if not name or (at and not version):
        raise UsageError(f"{text!r} names no brain", remedy="write NAME, NAME@VERSION or STORE:NAME@VERSION")
    return Reference(name, version or None, store)
