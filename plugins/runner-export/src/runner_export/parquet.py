"""ParquetSink: one row per instance, written by pyarrow."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner_core.errors import SinkError
from runner_core.results import Result
from runner_core.util import split_options
from runner_export.output_files import WholeFiles, convert_errors, open_whole_files
from runner_export.rows import COLUMNS, rows_of

ROW_GROUP = 10_000  # rows that are buffered and written as one row group


class ParquetSink:
    """``parquet:out.parquet``; pyarrow is imported when it is opened."""

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for any option."""
        place, _ = split_options(location, {})
        self.path = Path(place).expanduser()
        self.places = (self.path,)

    @contextmanager
    def open(self) -> Iterator[ParquetWriter]:
        """Raises SinkError if the file cannot be written, or pyarrow is not installed."""
        arrow, parquet = _import_pyarrow()
        schema = arrow.schema([(name, _arrow_type_of(arrow, kind)) for name, kind in COLUMNS.items()])
        with open_whole_files(self.path) as files:
            with convert_errors(self.path):
                table = parquet.ParquetWriter(files.streams[0], schema, compression="zstd")
            writer = ParquetWriter(files, table, lambda rows: arrow.Table.from_pylist(rows, schema), self.path)
            try:
                yield writer
            finally:
                writer.close()


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise SinkError(f"Parquet needs pyarrow ({error})", remedy="pip install 'runner-export[parquet]'") from error


def _arrow_type_of(arrow: Any, kind: str) -> Any:
    return arrow.list_(arrow.float32()) if kind == "float32s" else arrow.type_for_alias(kind)


class ParquetWriter:
    """Buffers rows until they fill a row group."""

    def __init__(self, files: WholeFiles, table: Any, make_table: Any, path: Path) -> None:
        self._files, self._table, self._make_table, self._path = files, table, make_table, path
        self._rows: list[dict[str, Any]] = []

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._files.begun = True
        self._rows += rows_of(result)
        if len(self._rows) >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Writes the buffered rows. Raises SinkError if the disk is full."""
        rows, self._rows = self._rows, []
        if rows:
            with convert_errors(self._path):
                self._table.write_table(self._make_table(rows))

    def close(self) -> None:
        """Writes the buffered rows and the end of the file."""
        try:
            self.flush()
        finally:
            with convert_errors(self._path):
                self._table.close()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: the file is complete when it is closed."""
