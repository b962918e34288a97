"""CsvSink: a line an instance."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner_core.result import Result
from runner_export.places import said, whole_file
from runner_export.rows import COLUMNS, rows_of


class CsvSink:
    """``csv:out.csv``: UTF-8, a line of names first; keypoints are JSON, what there is not is empty."""

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self.path = Path(location).expanduser()

    @contextmanager
    def open(self) -> Iterator[CsvWriter]:
        """Raises SinkError where the file cannot be written."""
        with whole_file(self.path) as stream, said(self.path):
            text = io.TextIOWrapper(stream, "utf-8", "backslashreplace", newline="")
            try:
                yield CsvWriter(text, self.path)
            finally:
                text.detach()  # writes what it holds; the file is closed by who opened it


class CsvWriter:
    """Writes lines as they come."""

    def __init__(self, text: io.TextIOWrapper, path: Path) -> None:
        self._path = path
        self._table = csv.DictWriter(text, COLUMNS)
        self._table.writeheader()

    def write(self, result: Result) -> None:
        """Raises SinkError where the disk is full."""
        with said(self._path):
            for row in rows_of(result):
                points = row["keypoints"]
                self._table.writerow(row | {"keypoints": None if points is None else json.dumps(points)})

    def finish(self, summary: Mapping[str, Any]) -> None:
        """The file is complete when it is closed."""
