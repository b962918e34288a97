"""Ahead: a stream whose next bytes can be seen before they are read."""

from __future__ import annotations

import io
import re

BLOCK = 1 << 16


class Ahead:
    """Reads what has come; never waits for more bytes than are asked for.

    ``limit``  how many bytes may be taken at once, at most.
    """

    def __init__(self, stream: io.BufferedReader, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self._held = bytearray()

    def peek(self, count: int) -> bytes:
        """The next bytes, which stay in the stream; fewer at the end."""
        while len(self._held) < count and self._grow():
            pass
        return bytes(self._held[:count])

    def take(self, count: int) -> bytes:
        """The next bytes. Raises EOFError if there are fewer, ValueError if ``count`` is above the limit."""
        if count > self._limit:
            raise ValueError(f"claims to have {count} bytes, more than {self._limit}")
        while len(self._held) < count:
            if not self._grow():
                raise EOFError
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def take_to(self, pattern: re.Pattern[bytes]) -> bytes:
        """The bytes before the first match of ``pattern``, which matches 2 bytes. Raises as ``take`` does."""
        searched = 0
        while not (found := pattern.search(self._held, searched)):
            searched = max(len(self._held) - 1, 0)
            if searched > self._limit:
                raise ValueError(f"has more than {self._limit} bytes")
            if not self._grow():
                raise EOFError
        return self.take(found.start())

    def take_all(self) -> bytes:
        """The remaining bytes, at most one more than the limit."""
        return self.peek(self._limit + 1)

    def _grow(self) -> bool:
        block = self._stream.read1(BLOCK)
        self._held += block
        return bool(block)
