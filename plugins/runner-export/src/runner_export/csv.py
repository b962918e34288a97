"""CsvSink: one line per instance."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from runner_core.results import Result
from runner_core.util import split_options
from runner_export.output_files import WholeFiles, convert_errors, open_whole_files
from runner_export.rows import COLUMNS, rows_of


class CsvSink:
    """``csv:out.csv``: UTF-8, with a header line; keypoints are JSON; missing values are empty."""

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for any option."""
        place, _ = split_options(location, {})
        self.path = Path(place).expanduser()
        self.places = (self.path,)

    @contextmanager
    def open(self) -> Iterator[CsvWriter]:
        """Raises SinkError if the file cannot be written."""
        with open_whole_files(self.path) as files:
            # An interrupt while a TextIOWrapper flushes its buffer would lose that: so it does not buffer.
            text = io.TextIOWrapper(files.streams[0], "utf-8", newline="", write_through=True)
            try:
                yield CsvWriter(files, text, self.path)
            finally:
                with convert_errors(self.path):
                    text.detach()  # flushes it; open_whole_files closes the file


class CsvWriter:
    """Writes lines as they come."""

    def __init__(self, files: WholeFiles, text: io.TextIOWrapper, path: Path) -> None:
        self._files, self._path = files, path
        self._table = csv.DictWriter(text, COLUMNS)
        self._table.writeheader()

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._files.begun = True
        with convert_errors(self._path):
            for row in rows_of(result):
                self._table.writerow({name: _format_cell(value, COLUMNS[name]) for name, value in row.items()})

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: the file is complete when it is closed."""


def _format_cell(value: Any, column_type: str) -> Any:
    """A float32 with the fewest digits that read back to it; a list of them as JSON."""
    if value is None:
        return None
    match column_type:
        case "float32":
            return str(np.float32(value))
        case "float32s":
            return json.dumps([float(str(np.float32(number))) for number in value])
    return value
