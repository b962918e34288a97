"""JsonlSink: one JSON line per frame."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from runner_core.errors import SinkError
from runner_core.results import Result
from runner_core.util import (
    GrowingFile,
    Mark,
    find_descriptor,
    make_folder,
    make_printable,
    open_descriptor,
    split_options,
    to_output_path,
)


class JsonlSink:
    """Writes ``Result.to_json()`` of each frame to a file, which is replaced, or to standard output for ``-``.

    The last line of a complete run is ``{"summary": {...}}``. Every line is passed whole to the system as soon as it is
    finished: if the run is stopped, or the disk is full, all lines before are complete. On standard output JSON's
    escapes stand for whatever a terminal would act on.

    ``resumable``  unless it writes to standard output, a device or a pipe.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for any option."""
        self.location, _ = split_options(location, {})
        self.path = to_output_path(self.location)
        self.places = (self.path,)

    @property
    def resumable(self) -> bool:
        return find_descriptor(self.path) is None and (self.path.is_file() or not self.path.exists())

    def open(self) -> AbstractContextManager[JsonlWriter]:
        """Makes missing folders. Raises SinkError if the file cannot be written."""
        return self._open(None)

    def resume(self, checkpoints: Iterable[Mark]) -> AbstractContextManager[JsonlWriter]:
        """Removes the lines behind the last checkpoint. Raises SinkError, also if others were there before."""
        marks = deque(checkpoints, maxlen=1)
        return self._open(marks[0] if marks else None)

    @contextmanager
    def _open(self, mark: Mark | None) -> Iterator[JsonlWriter]:
        try:
            stream = _open_file(self.path, mark)
        except OSError as error:
            raise SinkError(
                f"{self.location}: cannot be written ({error.strerror or error})",
                remedy="name a file in a folder that you may write to",
            ) from error
        with stream:
            yield JsonlWriter(stream, self.location, shown=find_descriptor(self.path) is not None or stream.isatty())


def _open_file(path: Path, mark: Mark | None) -> GrowingFile:
    """What is open already, such as standard output, is written from where it is."""
    number = find_descriptor(path)
    if number is not None:
        return GrowingFile(open_descriptor(number))
    make_folder(path.parent)
    return GrowingFile(path, mark)


class JsonlWriter:
    """Writes whole lines to an unbuffered file."""

    def __init__(self, stream: GrowingFile, name: str, *, shown: bool) -> None:
        """``shown`` is whether the file may be a terminal."""
        self._stream, self._name, self._shown = stream, name, shown

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full, BrokenPipeError if standard output is closed."""
        self._write_object(result.to_json())

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Writes the last line. Raises as ``write`` does."""
        self._write_object({"summary": dict(summary)})

    def checkpoint(self) -> Mark:
        """How far the file is."""
        return self._stream.mark()

    def _write_object(self, data: Mapping[str, Any]) -> None:
        try:
            self._stream.append(_format_line(data, shown=self._shown))
        except BrokenPipeError:  # a closed pipe is not an error of the sink
            raise
        except OSError as error:
            raise SinkError(
                f"{self._name}: cannot take another line ({error.strerror})",
                remedy="make room; the lines before it are complete",
            ) from error


def _format_line(data: Mapping[str, Any], *, shown: bool) -> bytes:
    text = json.dumps(data, ensure_ascii=False)
    text = make_printable(text) if shown else text
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8
        return f"{json.dumps(data)}\n".encode()
