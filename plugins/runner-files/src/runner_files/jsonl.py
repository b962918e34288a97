"""JsonlSink: one JSON line per frame."""

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
    """Writes ``Result.to_json()`` of each frame to a file, which is replaced, or to standard output for ``-``.

    The last line of a complete run is ``{"summary": {...}}``. Every line is passed whole to the system as soon as it is
    finished: if the run is stopped, or the disk is full, all lines before are complete.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for any option."""
        self.location, _ = split_options(location, {})
        self.places = (Path(self.location).expanduser(),)

    @contextmanager
    def open(self) -> Iterator[JsonlWriter]:
        """Makes missing folders. Raises SinkError if the file cannot be written."""
        try:
            stream = _open_standard_output() if self.location == STANDARD_OUTPUT else _open_file(self.location)
        except OSError as error:
            raise SinkError(
                f"{self.location}: cannot be written ({error.strerror or error})",
                remedy="name a file in a folder that you may write to",
            ) from error
        with stream:
            yield JsonlWriter(stream, self.location)


def _open_file(location: str) -> io.FileIO:
    path = Path(location).expanduser()
    make_folder(path.parent)
    return io.FileIO(path, "w")


def _open_standard_output() -> io.FileIO:
    sys.stdout.flush()  # so that it comes before the lines
    return io.FileIO(sys.stdout.fileno(), "w", closefd=False)


class JsonlWriter:
    """Writes whole lines to an unbuffered file."""

    def __init__(self, stream: io.FileIO, name: str) -> None:
        self._stream, self._name = stream, name

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full, BrokenPipeError if standard output is closed."""
        self._write_object(result.to_json())

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Writes the last line. Raises as ``write`` does."""
        self._write_object({"summary": dict(summary)})

    def _write_object(self, data: Mapping[str, Any]) -> None:
        try:
            self._write_line(_format_line(data))
        except BrokenPipeError:  # a closed pipe is not an error of the sink
            raise
        except OSError as error:
            raise SinkError(
                f"{self._name}: cannot take another line ({error.strerror})",
                remedy="make room; the lines before it are complete",
            ) from error

    def _write_line(self, line: memoryview) -> None:
        written = 0
        try:
            while written < len(line):
                written += self._stream.write(line[written:]) or 0  # a nearly full disk takes a part
        except BaseException:
            self._remove_unfinished(written)
            raise

    def _remove_unfinished(self, count: int) -> None:
        """Removes the beginning of a line that could not be finished."""
        with suppress(OSError):  # nothing can be removed from a pipe
            self._stream.seek(-count, os.SEEK_END)
            self._stream.truncate()


def _format_line(data: Mapping[str, Any]) -> memoryview:
    text = json.dumps(data, ensure_ascii=False)
    try:
        return memoryview(f"{text}\n".encode())
    except UnicodeEncodeError:  # a file name that is not UTF-8
        return memoryview(f"{json.dumps(data)}\n".encode())
