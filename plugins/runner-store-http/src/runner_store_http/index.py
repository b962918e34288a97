"""``index.json``, from a server that is not trusted."""

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

    Raises StoreError naming each field that is missing or of the wrong type, and for a malformed name.
    """
    try:
        entries = _CONVERTER.structure(data, _Index).brains
    except cattrs.BaseValidationError as error:
        problems = cattrs.transform_error(error, path="index")
        raise StoreError(f"{where}: not an index of brains ({'; '.join(problems[:3])})") from error
    for entry in entries:
        check_name(entry.name, where)
        check_name(entry.version, where)
        if not entry.files:
            raise StoreError(f"{where}: {entry.name}@{entry.version} has no files")
    if len({(entry.name, entry.version) for entry in entries}) != len(entries):
        raise StoreError(f"{where}: lists a version twice")
    return tuple(attrs.evolve(entry, summary=_make_printable(entry.summary)) for entry in entries)


def _make_printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _check_type(value: Any, kind: type) -> Any:
    """By itself, cattrs would convert any value to a text."""
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} instead of {kind.__name__}")
    return value


_CONVERTER = cattrs.Converter()
_CONVERTER.register_structure_hook(str, _check_type)
_CONVERTER.register_structure_hook(int, _check_type)
