"""JsonlSink: one JSON line a frame."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from runner_core.errors import SinkError
from runner_core.results import Result
from runner_core.util import make_folder, split_options

STANDARD_OUTPUT = "-"


class JsonlSink:
    """Writes ``Result.to_json()`` of each frame to a file, anew, or to standard output for ``-``.

    The last line of a run that came to its end is ``{"summary": {...}}``. Every line is handed to the system whole as
    soon as it is finished: what stops a run, be it a full disk, costs no line before it.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for options: it has none."""
        self.location, _ = split_options(location, {})
        self.places = (Path(self.location).expanduser(),)

    @contextmanager
    def open(self) -> Iterator[JsonlWriter]:
        """Makes the folders that are missing. Raises SinkError where the file cannot be written."""
        try:
            stream = _standard_output() if self.location == STANDARD_OUTPUT else _new_file(self.location)
        except OSError as error:
            raise SinkError(
                f"{self.location}: cannot be written ({error.strerror or error})",
                remedy="name a file in a folder that you may write to",
            ) from error
        with stream:
            yield JsonlWriter(stream, self.location)


def _new_file(location: str) -> io.FileIO:
    path = Path(location).expanduser()
    make_folder(path.parent)
    return io.FileIO(path, "w")


def _standard_output() -> io.FileIO:
    sys.stdout.flush()  # what was printed before comes before
    return io.FileIO(sys.stdout.fileno(), "w", closefd=False)


class JsonlWriter:
    """Writes whole lines to an unbuffered file."""

    def __init__(self, stream: io.FileIO, name: str) -> None:
        self._stream, self._name = stream, name

    def write(self, result: Result) -> None:
        """Raises SinkError where the disk is full, BrokenPipeError where nobody reads standard output any more."""
        self._put(result.to_json())

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Writes the last line. Raises as ``write`` does."""
        self._put({"summary": dict(summary)})

    def _put(self, data: Mapping[str, Any]) -> None:
        try:
            self._put_line(_line(data))
        except BrokenPipeError:  # the end of a pipe is no fault of the sink's
            raise
        except OSError as error:
            raise SinkError(
                f"{self._name}: cannot take another line ({error.strerror})",
                remedy="make room; the lines before it are complete",
            ) from error

    def _put_line(self, line: memoryview) -> None:
        written = 0
        try:
            while written < len(line):
                written += self._stream.write(line[written:]) or 0  # a disk nearly full takes a part
        except BaseException:
            self._take_back(written)
            raise

    def _take_back(self, count: int) -> None:
        """Cuts the beginning of an unfinished line off again."""
        with suppress(OSError):  # a pipe keeps what it has
            self._stream.seek(-count, os.SEEK_END)
            self._stream.truncate()


def _line(data: Mapping[str, Any]) -> memoryview:
    text = json.dumps(data, ensure_ascii=False)
    try:
        return memoryview(f"{text}\n".encode())
    except UnicodeEncodeError:  # a file name that is not UTF-8
        return memoryview(f"{json.dumps(data)}\n".encode())
