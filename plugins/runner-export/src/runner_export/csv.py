"""CsvSink: one line per instance."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from runner_core.results import Result
from runner_core.util import Mark, OptionType, make_printable, split_options, to_output_path
from runner_export.output_files import (
    WholeFiles,
    convert_errors,
    find_last,
    is_replaceable,
    open_whole_files,
    resume_whole_files,
)
from runner_export.rows import COLUMNS, rows_of

_OPTIONS = {"excel": OptionType("[01]", "1".__eq__, "1 or 0")}
# How a cell begins that spreadsheets compute; behind an apostrophe it is a text to them.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class CsvSink:
    """``csv:out.csv``: UTF-8, with a header line; keypoints are JSON; missing values are empty.

    ``excel=1``  for a spreadsheet: a text that it would take for a formula has an apostrophe before it, and the file
                 begins with a byte order mark, without which Excel reads no UTF-8.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for another option."""
        place, options = split_options(location, _OPTIONS)
        self._excel: bool = options.get("excel", False)
        self.path = to_output_path(place)
        self.places = (self.path,)

    @property
    def resumable(self) -> bool:
        return is_replaceable(self.path)

    def open(self) -> AbstractContextManager[CsvWriter]:
        """Raises SinkError if the file cannot be written."""
        return self._write(open_whole_files(self.path), is_new=True)

    def resume(self, checkpoints: Iterable[Sequence[Mark]]) -> AbstractContextManager[CsvWriter]:
        """Removes the lines behind the last checkpoint. Raises SinkError, also if others were there before."""
        marks = find_last(checkpoints)
        return self._write(resume_whole_files(self.path, marks=marks), is_new=marks is None)

    @contextmanager
    def _write(self, opening: AbstractContextManager[WholeFiles], *, is_new: bool) -> Iterator[CsvWriter]:
        with opening as files:
            # An interrupt while a TextIOWrapper flushes its buffer would lose that: so it does not buffer.
            text = io.TextIOWrapper(files.streams[0], "utf-8", newline="", write_through=True)
            try:
                yield CsvWriter(files, text, self.path, is_new=is_new, excel=self._excel)
            finally:
                with convert_errors(self.path):
                    text.detach()  # flushes it; the block around closes the file


class CsvWriter:
    """Writes lines as they come."""

    def __init__(
        self, files: WholeFiles, text: io.TextIOWrapper, path: Path, *, is_new: bool, excel: bool = False
    ) -> None:
        self._files, self._path, self._excel, self._shown = files, path, excel, text.isatty()
        self._table = csv.DictWriter(text, COLUMNS)
        if is_new:
            text.write("\ufeff" if excel and not self._shown else "")
            self._table.writeheader()

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._files.begun = True
        with convert_errors(self._path):
            for row in rows_of(result):
                self._table.writerow({name: self._format_cell(value, COLUMNS[name]) for name, value in row.items()})

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: the file is complete when it is closed."""

    def checkpoint(self) -> Sequence[Mark]:
        """How far the file is."""
        return self._files.mark()

    def _format_cell(self, value: Any, column_type: str) -> Any:
        if not isinstance(value, str):
            return _format_value(value, column_type)
        text = f"'{value}" if self._excel and value.startswith(_FORMULA) else value
        return make_printable(text) if self._shown else text


def _format_value(value: Any, column_type: str) -> Any:
    """A float32 with the fewest digits that read back to it; a list of them as JSON."""
    if value is None:
        return None
    match column_type:
        case "float32":
            return str(np.float32(value))
        case "float32s":
            return json.dumps([float(str(np.float32(number))) for number in value])
    return value
