"""A JSON list in a file, which can be completed after any row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from runner_export.output_files import convert_errors


class JsonList:
    """A JSON list that is written row by row, and can be ended after any of them.

    ``before`` and the list's bracket begin the file, or are in it already. All methods raise SinkError.
    """

    def __init__(self, stream: BinaryIO, path: Path, before: str = "", *, is_new: bool = True) -> None:
        self._stream, self._path = stream, path
        head = f"{before}["
        if is_new:
            self._write(head)
        self._start = self._position() if is_new else len(head.encode())

    def add(self, row: Mapping[str, Any]) -> None:
        first = self._position() == self._start  # asked of the file, since an interrupt may come at any moment
        self._write(f"{'' if first else ','}\n{json.dumps(row)}")

    def end(self, after: str = "\n") -> None:
        self._write(f"\n]{after}")

    def _position(self) -> int:
        with convert_errors(self._path):
            return self._stream.tell()

    def _write(self, text: str) -> None:
        with convert_errors(self._path):
            self._stream.write(text.encode())
