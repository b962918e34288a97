"""Journal: what a run leaves beside its answers, so that a later one can go on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any
from zlib import crc32

import attrs

from runner_core.errors import SinkError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.done_frames import DoneFrames, key_by_content, key_by_file
from runner_core.pipeline.summary import Summary, subtract_counts
from runner_core.results.result import Result
from runner_core.util.atomic import make_folder, write_text
from runner_core.util.growing_file import GrowingFile, Mark

FORM = 1  # of the file
PAUSE = 0.5  # seconds at least between two entries: what a kill costs
KINDS: Mapping[str, Callable[[Frame], bytes]] = {"files": key_by_file, "contents": key_by_content}


def _make_keys() -> dict[str, bytearray]:
    return {kind: bytearray() for kind in KINDS}


@attrs.define
class Journal:
    """JSON lines: first what the run depends on, then entries, each for what all sinks hold since the one before.

    An entry has the keys of its frames, in hex, what they add to the summary, and a checkpoint of each sink. It is
    passed to the system as soon as it is made. A last line that is cut off counts as not there.

    ``done``     the frames that an earlier run has answered.
    ``summary``  what that run counted.
    ``begun``    whether sinks have been given something, or may have been.
    """

    path: Path
    conditions: Mapping[str, Any]
    done: DoneFrames = attrs.field(factory=DoneFrames)
    summary: Summary = attrs.field(factory=Summary)
    begun: bool = False
    _mark: Mark | None = None
    _file: GrowingFile | None = attrs.field(default=None, init=False)
    _keys: dict[str, bytearray] = attrs.field(factory=_make_keys, init=False)
    _counted: Mapping[str, Any] = attrs.field(init=False)
    _written: float = attrs.field(default=-inf, init=False)

    def __attrs_post_init__(self) -> None:
        self._counted = self.summary.to_counts()

    @classmethod
    def read(cls, path: Path, kind: str) -> Journal:
        """That of an earlier run, whose frames are known again by one of ``KINDS``. Raises UsageError, SinkError."""
        keys, summary = bytearray(), Summary()
        with _convert_errors(path):
            lines = _read_lines(path)
            mark, head = next(lines, ({}, {}))
            if head.get("journal") != FORM:
                remedy = "run without --resume to begin anew"
                raise UsageError(f"{path}: not the journal of a run of this version", remedy=remedy)
            for mark, entry in lines:  # noqa: B007  # the last one counts
                keys += bytes.fromhex(entry[kind])
                summary.add_counts(entry["counts"])
        return cls(path, head["conditions"], DoneFrames(bytes(keys), KINDS[kind]), summary, begun=True, mark=mark)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Begins it anew, or goes on behind the last entry. Raises SinkError. One in which nothing began is removed."""
        with _convert_errors(self.path):
            if self._mark is None:
                head = json.dumps({"journal": FORM, "conditions": self.conditions}) + "\n"
                make_folder(self.path.parent)
                write_text(self.path, head)
                self._mark = {"bytes": len(head), "crc32": crc32(head.encode())}
            self._file = GrowingFile(self.path, self._mark)
        try:
            with self._file:
                yield
        except KeyboardInterrupt:  # between any two steps
            self.begun = True
            raise
        finally:
            if not self.begun:
                self.path.unlink(missing_ok=True)

    def read_checkpoints(self, sink: str) -> Iterator[Any]:
        """What the sink said at each entry of the earlier run, in order."""
        if self._mark is None:
            return
        place = self.conditions["sinks"].index(sink)
        for mark, entry in _read_lines(self.path):
            if mark["bytes"] > self._mark["bytes"]:
                return
            if "checkpoints" in entry:
                yield entry["checkpoints"][place]

    def add(self, result: Result) -> None:
        """A result that all sinks hold."""
        for kind, key_of in KINDS.items():
            self._keys[kind] += key_of(result.frame)

    @property
    def has_news(self) -> bool:
        """Whether there are results since the last entry."""
        return any(self._keys.values())

    @property
    def is_due(self) -> bool:
        """Whether it is time for an entry."""
        return monotonic() - self._written >= PAUSE

    def write_entry(self, checkpoints: Mapping[str, Any], summary: Summary) -> None:
        """For the results since the entry before; ``checkpoints`` are by the names of the sinks. Raises SinkError.

        ``summary`` is that of the whole run, with what an earlier one counted.
        """
        if self._file is None:
            raise ValueError("a journal is written while it is open")
        keys = {kind: collected.hex() for kind, collected in self._keys.items()}
        told, counts = [checkpoints[name] for name in self.conditions["sinks"]], summary.to_counts()
        entry = {**keys, "counts": subtract_counts(counts, self._counted), "checkpoints": told}
        with _convert_errors(self.path):
            self._file.append(json.dumps(entry).encode() + b"\n")
        self._keys, self._counted, self._written = _make_keys(), counts, monotonic()


def _read_lines(path: Path) -> Iterator[tuple[Mark, dict[str, Any]]]:
    """Each whole line and the mark behind it, until the first line that is damaged."""
    place = crc = 0
    with path.open("rb") as stream:
        for line in stream:
            try:
                data = json.loads(line)
            except ValueError:
                return
            if not isinstance(data, dict) or not line.endswith(b"\n"):
                return
            place, crc = place + len(line), crc32(line, crc)
            yield {"bytes": place, "crc32": crc}, data


@contextmanager
def _convert_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"{path}: the journal of the run cannot be kept ({error.strerror or error})"
        raise SinkError(problem, remedy="make room there, or write to another folder") from error
