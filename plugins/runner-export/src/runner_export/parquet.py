"""ParquetSink: one row per instance, written by pyarrow."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner_core.errors import SinkError
from runner_core.results import Result
from runner_core.util import split_options, to_output_path
from runner_export.output_files import (
    WholeFiles,
    convert_errors,
    find_last,
    is_replaceable,
    open_whole_files,
    resume_whole_files,
)
from runner_export.row_spool import ROW_GROUP, RowSpool
from runner_export.rows import COLUMNS, rows_of
from runner_export.spool import Spool, open_spool, resume_spool


class ParquetSink:
    """``parquet:out.parquet``; pyarrow is imported when it is opened.

    Rows wait in a spool, since a file without its end cannot be read, nor be gone on with.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for any option."""
        place, _ = split_options(location, {})
        self.path = to_output_path(place)
        self.places = (self.path,)

    @property
    def resumable(self) -> bool:
        return is_replaceable(self.path)

    @contextmanager
    def open(self) -> Iterator[ParquetWriter]:
        """Raises SinkError if the file cannot be written, or pyarrow is not installed."""
        arrow, parquet = _import_pyarrow()
        with open_spool(self.path) as spool, open_whole_files(self.path) as files:
            yield from self._write(arrow, parquet, spool, files)

    @contextmanager
    def resume(self, checkpoints: Iterable[Mapping[str, Any]]) -> Iterator[ParquetWriter]:
        """Removes the rows behind the last checkpoint. Raises SinkError as ``open``, and if they are gone or others."""
        arrow, parquet = _import_pyarrow()
        last = find_last(checkpoints)
        rows, mark = (last["rows"], last["spool"]) if last else (0, None)

        def restore(spool: Spool) -> None:
            RowSpool(arrow, _make_schema(arrow), self.path, spool).add_file(parquet.ParquetFile, rows)

        with resume_spool(self.path, mark, restore) as spool:
            with resume_whole_files(self.path, marks=None) as files:
                yield from self._write(arrow, parquet, spool, files, rows)
            spool.drop()

    def _write(
        self, arrow: Any, parquet: Any, spool: Spool, files: WholeFiles, rows: int = 0
    ) -> Iterator[ParquetWriter]:
        kept = RowSpool(arrow, _make_schema(arrow), self.path, spool, rows)
        writer = ParquetWriter(files, kept, parquet, self.path)
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


def _make_schema(arrow: Any) -> Any:
    return arrow.schema([(name, _arrow_type_of(arrow, kind)) for name, kind in COLUMNS.items()])


class ParquetWriter:
    """Buffers rows, and writes them at the end."""

    def __init__(self, files: WholeFiles, kept: RowSpool, parquet: Any, path: Path) -> None:
        self._files, self._kept, self._parquet, self._path = files, kept, parquet, path
        self._rows: list[dict[str, Any]] = []

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._files.begun = True
        self._rows += rows_of(result)
        if len(self._rows) >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Writes the buffered rows to the spool. Raises SinkError if the disk is full."""
        rows, self._rows = self._rows, []
        self._kept.add(rows)

    def checkpoint(self) -> Mapping[str, Any]:
        """How many rows there are, and how far the spool is."""
        self.flush()
        return {"rows": self._kept.count, "spool": self._kept.mark()}

    def close(self) -> None:
        """Writes the file. If that is broken off, or rows are missing, it is not whole, and not kept."""
        with self._files.completing():
            self.flush()
            schema, stream = self._kept.schema, self._files.streams[0]
            with convert_errors(self._path), self._parquet.ParquetWriter(stream, schema, compression="zstd") as table:
                for group in self._kept.read_groups():
                    table.write_table(group)
        self._files.begun &= self._kept.whole

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: the file is complete when it is closed."""
