"""``index.json``, as it comes from a server that may be anybody's."""

from __future__ import annotations

from typing import Any

import attrs
import cattrs

from runner_core.cache import check_name
from runner_core.cards import ArtifactFile
from runner_core.errors import StoreError


@attrs.frozen
class Entry:
    """A brain of one version: ``folder`` is relative to the index, the files' paths to the folder."""

    name: str
    version: str
    files: tuple[ArtifactFile, ...]
    folder: str = ""
    summary: str = ""


@attrs.frozen
class _Index:
    brains: tuple[Entry, ...]


def read_index(data: Any, where: str) -> tuple[Entry, ...]:
    """The brains listed in an index, which is at ``where``.

    Raises StoreError naming each field that is missing or of the wrong type, and for a name that can be none.
    """
    try:
        entries = _CONVERTER.structure(data, _Index).brains
    except cattrs.BaseValidationError as error:
        told = cattrs.transform_error(error, path="index")
        raise StoreError(f"{where}: not an index of brains ({'; '.join(told[:3])})") from error
    for entry in entries:
        check_name(entry.name, where)
        check_name(entry.version, where)
        if not entry.files:
            raise StoreError(f"{where}: {entry.name}@{entry.version} has no files")
    if len({(entry.name, entry.version) for entry in entries}) != len(entries):
        raise StoreError(f"{where}: lists a version twice")
    return tuple(attrs.evolve(entry, summary=_printable(entry.summary)) for entry in entries)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _exactly(value: Any, kind: type) -> Any:
    """Cattrs would make a text of anything."""
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} instead of {kind.__name__}")
    return value


_CONVERTER = cattrs.Converter()
_CONVERTER.register_structure_hook(str, _exactly)
_CONVERTER.register_structure_hook(int, _exactly)
