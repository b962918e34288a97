"""Rows of a JSON list, in a file that is whole after any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from runner_export.places import said


class Rows:
    """A JSON list that is written row by row, and can be ended after any of them."""

    def __init__(self, stream: BinaryIO, path: Path, before: str = "") -> None:
        self._stream, self._path = stream, path
        self._put(f"{before}[")
        self._begin = self._place()

    def add(self, row: Mapping[str, Any]) -> None:
        first = self._place() == self._begin  # asked of the file: an interrupt may come between any two lines
        self._put(f"{'' if first else ','}\n{json.dumps(row)}")

    def end(self, after: str = "") -> None:
        self._put(f"\n]{after}\n")

    def _place(self) -> int:
        with said(self._path):
            return self._stream.tell()

    def _put(self, text: str) -> None:
        with said(self._path):
            self._stream.write(text.encode())
