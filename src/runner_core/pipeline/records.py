"""Record: what a run said of one frame, read back from its JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.errors import LabelError, UsageError
from runner_core.results.columns import NO_NUMBER
from runner_core.results.inference import Inference
from runner_core.results.result import Failure

Entry = Inference | Failure


@attrs.frozen
class Record:
    """One line: the frame's source, index, time and size, and an entry for each brain or one ``error`` for all.

    ``size`` is None where the frame could not be read.
    """

    source: str
    index: int
    time: float | None = None
    size: tuple[int, int] | None = None
    entries: tuple[Entry, ...] = ()
    error: Failure | None = None

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Record:
        """Raises KeyError, TypeError or ValueError for what is no such line."""
        source, index = str(line["source"]), int(line["index"])
        if "error" in line:
            return cls(source, index, error=_failure(line))
        width, height = line["size"]
        size = int(width), int(height)
        return cls(source, index, line["time"], size, tuple(_entry(said, size) for said in line["inferences"]))


def _entry(said: Mapping[str, Any], size: tuple[int, int]) -> Entry:
    return _failure(said) if "error" in said else Inference.from_json(said, size=size)


def _failure(said: Mapping[str, Any]) -> Failure:
    return Failure(said["error"]["kind"], said["error"]["message"], said.get("brain", ""))


def read_records(lines: Iterable[bytes], name: str) -> Iterator[Record | Failure]:
    """The records of a file of that name, one at a time; a line that is none is a Failure that says which.

    Lines of sums are passed over. Raises UsageError where the first line is none: the file is something else.
    """
    begun = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = _record(json.loads(line))
        except (ValueError, KeyError, TypeError, LabelError) as error:
            if not begun:
                remedy = "give the JSON lines that `runner run` wrote"
                raise UsageError(f"{name}: not the answers of a run ({type(error).__name__})", remedy=remedy) from error
            yield Failure("ValueError", f"{name}: line {number} is not what a run says of a frame ({error!r})")
        else:
            if record:
                yield record
        begun = True


def _record(data: Any) -> Record | None:
    """None for the line of sums."""
    return None if "summary" in data else Record.from_json(data)


@attrs.frozen
class RowFilter:
    """Which rows are wanted: that score ``conf`` at least, of these ``classes``, at most ``max_det`` of them.

    A row without a score passes any ``conf``; a class map stays as it is.
    """

    conf: float | None = None
    classes: frozenset[str] | None = None
    max_det: int | None = None

    def of(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """The entries with these rows alone. What was found inside a row that is gone has no parent any more."""
        rows = {said.brain: self._rows(said) for said in entries if isinstance(said, Inference)}
        return tuple(_taken(said, rows) if isinstance(said, Inference) else said for said in entries)

    def _rows(self, inference: Inference) -> NDArray[np.integer]:
        kept = np.ones(len(inference), bool)
        if self.conf is not None and inference.scores is not None:
            kept &= inference.scores >= np.float32(self.conf)
        if self.classes is not None:
            kept &= np.array([name in self.classes for name in inference.names], bool)
        return np.flatnonzero(kept)[: self.max_det]


def _taken(inference: Inference, rows: Mapping[str, NDArray[np.integer]]) -> Inference:
    taken = inference.take(rows[inference.brain])
    kept = rows.get(inference.parent_brain)
    if taken.parents is None or kept is None:
        return taken
    place = {int(row): new for new, row in enumerate(kept)}
    return attrs.evolve(
        taken, parents=np.array([place.get(row, NO_NUMBER) for row in taken.parents.tolist()], np.int64)
    )
