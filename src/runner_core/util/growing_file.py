"""GrowingFile: a file that is written from its beginning to its end, and can be cut back to a mark."""

from __future__ import annotations

import io
import os
import stat
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runner_core.errors import SinkError

Mark = Mapping[str, int]
"""How far a file was: its number of ``bytes``, and their ``crc32``. JSON data, for the checkpoint of a sink."""

_CHUNK = 1 << 20


class GrowingFile(io.FileIO):
    """Replaces what is there, unbuffered; with a ``mark`` it goes on behind that, and what came after it goes.

    Raises OSError, and SinkError, which calls it ``called``, if the file is another than at the mark.
    """

    def __init__(
        self, file: Path | int, mark: Mark | None = None, *, mode: str = "wb", called: Path | None = None
    ) -> None:
        super().__init__(file, mode if mark is None else "r+b")
        self._crc, self._named = 0, called or (file if isinstance(file, Path) else None)
        if mark is not None:
            try:
                self._return_to(mark, called or file)
            except BaseException:
                self.close()
                raise

    def write(self, data: Any, /) -> int:
        """As many bytes as the system takes. Raises SinkError if nobody could find them, since the file was removed."""
        if self._named:
            self._check_name(self._named)
        written = super().write(data) or 0
        self._crc = zlib.crc32(memoryview(data)[:written], self._crc)
        return written

    def append(self, data: bytes) -> None:
        """Writes all of it or nothing: if that is broken off, what was written of it is removed."""
        before, written, view = self._crc, 0, memoryview(data)
        try:
            while written < len(view):
                written += self.write(view[written:])  # a nearly full disk takes a part
        except BaseException:
            self._crc = before
            with suppress(OSError):  # nothing can be removed from a pipe
                self.seek(-written, os.SEEK_END)
                self.truncate()
            raise

    def mark(self) -> Mark:
        """How far it is."""
        return {"bytes": self.tell(), "crc32": self._crc}

    def _check_name(self, named: Path) -> None:
        found = os.fstat(self.fileno())
        if not found.st_nlink and stat.S_ISREG(found.st_mode):
            remedy = "leave it where it is while a run writes it; what came before is lost"
            raise SinkError(f"{named}: was removed while it was written", remedy=remedy)

    def _return_to(self, mark: Mark, called: Path | int) -> None:
        left = mark["bytes"]
        while left and (chunk := self.read(min(left, _CHUNK))):
            self._crc = zlib.crc32(chunk, self._crc)
            left -= len(chunk)
        if left or self._crc != mark["crc32"]:
            raise make_changed_error(called)
        self.truncate()


def make_changed_error(file: Path | int) -> SinkError:
    """For what is there but is not what an earlier run wrote."""
    remedy = "run without --resume to write it anew"
    return SinkError(f"{file}: not as the run that is resumed has left it", remedy=remedy)
