"""A stream that gives out: for bytes from elsewhere that unpack to more than they should."""

from __future__ import annotations

from typing import IO

from runner_core.errors import StoreError

_MOST_AT_ONCE = 16 << 20  # files are read by smaller pieces; a header of that size is there to fill the memory


class Metered:
    """Reads and skips at most ``left`` bytes of ``stream``, then raises StoreError naming ``where``."""

    def __init__(self, stream: IO[bytes], left: int, where: str) -> None:
        self.left = left
        self._stream, self._where = stream, where

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE:
            raise StoreError(f"{self._where}: holds a header of {size} bytes")
        data = self._stream.read(size)
        self._spend(len(data))
        return data

    def seek(self, place: int) -> int:
        """Forwards is paid for, since a compressed stream reads all that it skips."""
        self._spend(max(0, place - self._stream.tell()))
        return self._stream.seek(place)

    def tell(self) -> int:
        return self._stream.tell()

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise StoreError(f"{self._where}: unpacks to far more than a brain is", remedy="unpack it by hand")
