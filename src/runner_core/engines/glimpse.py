"""Glimpse: what is seen of a file without opening it as what it is."""

from __future__ import annotations

import zipfile
from pathlib import Path

import attrs

from runner_core.util.plain_file import open_plain_file

HEAD_LENGTH = 512
_ZIP = b"PK\x03\x04"
_NAME_LENGTH, _NAME = slice(26, 28), 30  # of the first member: PKWARE's APPNOTE.TXT, 4.3.7
_BLANK = b"\xef\xbb\xbf \t\r\n"
_SCHEMA = slice(4, 8)  # where a flatbuffer names it


@attrs.frozen
class Glimpse:
    """The first 512 bytes of a file, and the names in it if it is a zip archive."""

    head: bytes
    members: tuple[str, ...] = ()

    @property
    def schema(self) -> bytes:
        """The four letters by which a flatbuffer names its schema; four bytes of anything in other files."""
        return self.head[_SCHEMA]

    def begins(self, *marks: bytes) -> bool:
        """Whether the file begins with one of these bytes."""
        return self.head.startswith(marks)

    def reads(self, *words: bytes) -> bool:
        """Whether it is a text that begins with one of these words, in lower case; blanks before them do not count."""
        return self.head.lstrip(_BLANK).lower().startswith(words)

    def holds(self, *endings: str) -> bool:
        """Whether the file is an archive with a member whose path ends so."""
        return any(name.endswith(endings) for name in self.members)

    def holds_only(self, ending: str) -> bool:
        """Whether the file is an archive of nothing but members whose paths end so."""
        return bool(self.members) and all(name.endswith(ending) for name in self.members)


def glimpse_at(path: Path) -> Glimpse:
    """Raises OSError for what cannot be read."""
    with open_plain_file(path) as stream:
        head = stream.read(HEAD_LENGTH)
    return Glimpse(head, _list_members(path, head) if head.startswith(_ZIP) else ())


def _list_members(path: Path, head: bytes) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):  # cut short: the list is at its end
        length = int.from_bytes(head[_NAME_LENGTH], "little")
        return (head[_NAME : _NAME + length].decode(errors="replace"),)
