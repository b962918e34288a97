"""The results log of a run, its JSON lines, read back: one Record a frame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.errors import LabelError, UsageError
from runner_core.results.columns import NO_NUMBER
from runner_core.results.inference import Inference
from runner_core.results.json_values import to_list, to_number, to_object, to_size, to_text, to_whole
from runner_core.results.result import Failure

Entry = Inference | Failure

MOST_BYTES = 1 << 28  # of a line: more than the class map of a large picture takes
# What reading a line raises that is not what a run says.
_MOST_SAID = 200  # characters of a fault
_FAULTS = (KeyError, LabelError, MemoryError, OverflowError, RecursionError, TypeError, ValueError)


@attrs.frozen
class Record:
    """One line: the frame's source, index, time and size, and an entry for each brain or one ``error`` for all.

    ``size`` is None if the frame could not be read.
    """

    source: str
    index: int
    time: float | None = None
    size: tuple[int, int] | None = None
    entries: tuple[Entry, ...] = ()
    error: Failure | None = None

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Record:
        """Raises KeyError, TypeError, ValueError or LabelError for what is not such a line."""
        source, index = to_text(line["source"], "source"), to_whole(line["index"], "index")
        if "error" in line:
            return cls(source, index, error=_read_failure(line))
        time = None if line["time"] is None else to_number(line["time"], "time")
        size, entries = to_size(line["size"], "size"), to_list(line["inferences"], "inferences")
        return cls(source, index, time, size, tuple(_read_entry(entry, size) for entry in entries))


def _read_entry(entry: Any, size: tuple[int, int]) -> Entry:
    given = to_object(entry, "an inference")
    return _read_failure(given) if "error" in given else Inference.from_json(given, size=size)


def _read_failure(entry: Mapping[str, Any]) -> Failure:
    error = to_object(entry["error"], "error")
    kind, message = (to_text(error[name], name) for name in ("kind", "message"))
    return Failure(kind, message, to_text(entry.get("brain", ""), "brain"))


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines; of one with more than ``MOST_BYTES`` only its beginning, which is no record."""
    while line := stream.readline(MOST_BYTES):
        yield line
        while len(line) == MOST_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MOST_BYTES)


def read_records(lines: Iterable[bytes], name: str) -> Iterator[Record | Failure]:
    """The records of a file called ``name``, one at a time; for a line that is not a record, a Failure with its number.

    Lines with a summary are skipped. Raises UsageError if the first line is not a record: the file is something else.
    """
    begun = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = _read_record(json.loads(line))
        except _FAULTS as error:
            fault = f"line {number} is not what a run says ({_describe_fault(error)})"
            if not begun:
                remedy = "give the JSON lines that `runner run` or `runner verify --write-golden` wrote"
                raise UsageError(f"{name}: not the answers of a run: {fault}", remedy=remedy) from error
            yield Failure("ValueError", f"{name}: {fault}")
        else:
            if record:
                yield record
        begun = True


def _read_record(data: Any) -> Record | None:
    """None for the line with the summary."""
    line = to_object(data, "the line")
    return None if "summary" in line else Record.from_json(line)


def _describe_fault(error: Exception) -> str:
    """In a few words of one line."""
    text = f"it has no {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
    return " ".join(text.split())[:_MOST_SAID]


@attrs.frozen
class RowFilter:
    """Which rows to keep: those that score at least ``conf``, of these ``classes``, at most ``max_det`` of them.

    A row without a score passes any ``conf``; a class map stays as it is.
    """

    conf: float | None = None
    classes: frozenset[str] | None = None
    max_det: int | None = None

    def apply(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """The entries with only these rows. What was found inside a row that is gone has no parent any more."""
        rows = {entry.brain: self._find_rows(entry) for entry in entries if isinstance(entry, Inference)}
        return tuple(_select_rows(entry, rows) if isinstance(entry, Inference) else entry for entry in entries)

    def _find_rows(self, inference: Inference) -> NDArray[np.integer]:
        kept = np.ones(len(inference), bool)
        if self.conf is not None and inference.scores is not None:
            kept &= inference.scores >= np.float32(self.conf)
        if self.classes is not None:
            kept &= np.array([name in self.classes for name in inference.names], bool)
        return np.flatnonzero(kept)[: self.max_det]


def _select_rows(inference: Inference, rows: Mapping[str, NDArray[np.integer]]) -> Inference:
    selected = inference.take(rows[inference.brain])
    kept = rows.get(inference.parent_brain)
    if selected.parents is None or kept is None:
        return selected
    moved = {int(row): new for new, row in enumerate(kept)}
    parents = np.array([moved.get(row, NO_NUMBER) for row in selected.parents.tolist()], np.int64)
    return attrs.evolve(selected, parents=parents)
