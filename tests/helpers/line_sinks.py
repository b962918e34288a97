"""Sinks that write a line for each result: a sound one, and one that keeps all until the end."""

import json
from contextlib import contextmanager
from pathlib import Path

from runner_core.errors import SinkError


class LineWriter:
    def __init__(self, stream):
        self.stream = stream

    def write(self, result):
        self.stream.write(json.dumps(result.to_json()) + "\n")

    def finish(self, summary):
        self.stream.write(json.dumps({"summary": summary}) + "\n")


class LineSink:
    """A sound sink."""

    writer = LineWriter

    def __init__(self, location):
        self.path = Path(location)

    @contextmanager
    def open(self):
        with self._stream() as stream:
            yield self.writer(stream)

    def _stream(self):
        try:
            return self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise SinkError(f"{self.path}: cannot be written ({error.strerror})") from error


class WritesAtTheEnd(LineSink):
    """Keeps all in memory until the run has come to its end."""

    class writer(LineWriter):
        def __init__(self, stream):
            self.stream, self.lines = stream, []

        def write(self, result):
            self.lines.append(str(result))

        def finish(self, summary):
            self.stream.writelines(self.lines)
