"""RowSpool: rows that wait until they are written as Parquet, which cannot be cut off anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner_core.util import Mark, make_changed_error
from runner_export.output_files import convert_errors
from runner_export.spool import Spool

ROW_GROUP = 10_000  # rows that are written as one row group


class RowSpool:
    """Batches of rows, each an encapsulated IPC message of Arrow's: ``schema`` is theirs.

    Format: https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format. ``arrow`` is pyarrow.
    """

    def __init__(self, arrow: Any, schema: Any, path: Path, spool: Spool, count: int = 0) -> None:
        """``count`` is how many rows are in the spool already; errors name ``path``."""
        self._arrow, self.schema, self._path, self._spool, self.count = arrow, schema, path, spool, count

    @property
    def whole(self) -> bool:
        """Whether all rows could be written."""
        return self._spool.whole

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Raises SinkError if the disk is full."""
        self._add_batch(self._arrow.RecordBatch.from_pylist(rows, self.schema))

    def add_file(self, open_file: Callable[[Path], Any], count: int) -> None:
        """The first rows of the Parquet file. Raises SinkError if it has fewer, or is another."""
        try:
            with open_file(self._path) as file:
                for batch in file.iter_batches(ROW_GROUP):
                    self._add_batch(batch.cast(self.schema).slice(0, count - self.count))
        except (OSError, self._arrow.ArrowException):
            self.count = -1
        if self.count != count:
            raise make_changed_error(self._path)

    def mark(self) -> Mark:
        """Passes everything to the system; how far the spool is."""
        return self._spool.mark()

    def read_groups(self) -> Iterator[Any]:
        """All rows, as tables of ``ROW_GROUP``. Raises SinkError."""
        waiting: list[Any] = []
        for batch in self._read_batches():
            rest = batch
            while len(rest):
                head = rest.slice(0, ROW_GROUP - sum(map(len, waiting)))
                waiting, rest = [*waiting, head], rest.slice(len(head))
                if sum(map(len, waiting)) == ROW_GROUP:
                    yield self._arrow.Table.from_batches(waiting, self.schema)
                    waiting = []
        if waiting:
            yield self._arrow.Table.from_batches(waiting, self.schema)

    def _add_batch(self, batch: Any) -> None:
        if len(batch):
            with convert_errors(self._path):
                self._spool.stream.write(batch.serialize())
            self.count += len(batch)

    def _read_batches(self) -> Iterator[Any]:
        ipc, stream = self._arrow.ipc, self._spool.reread()
        left = self.count
        while left:
            with convert_errors(self._path):
                batch = ipc.read_record_batch(ipc.read_message(stream), self.schema)
            left -= len(batch)
            yield batch
