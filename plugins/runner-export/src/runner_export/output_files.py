"""Places to write to: files that appear whole, folders that can be written."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from runner_core.errors import SinkError
from runner_core.util import make_folder


@attrs.define
class WholeFiles:
    """Files that are written beside their places. ``begun`` is whether they have something to keep, and are whole."""

    streams: Sequence[BinaryIO]
    begun: bool = False


@contextmanager
def open_whole_files(*paths: Path) -> Iterator[WholeFiles]:
    """Files that replace ``paths`` together when the block ends, also by an exception once they are ``begun``.

    If writing to one of them failed, none does. Raises SinkError for that, and if a folder cannot be written;
    exceptions of the block are raised unchanged.
    """
    with ExitStack() as stack:
        parts = [stack.enter_context(_open_beside(path)) for path in paths]
        files = WholeFiles([io.BufferedWriter(part) for part in parts])
        try:
            with ExitStack() as closing:
                for stream, part in zip(files.streams, parts, strict=True):
                    closing.callback(_close_stream, stream, part.place)
                yield files
            files.begun = True
        finally:
            if files.begun and all(part.whole for part in parts):
                for part in parts:
                    part.publish()


@attrs.frozen
class Spool:
    """A file for what belongs behind what is still to come. It is gone when its block ends."""

    stream: BinaryIO
    _part: _Part

    def append_to(self, stream: BinaryIO) -> None:
        """Writes all that is in it to a stream. Raises OSError."""
        self.stream.flush()
        self._part.seek(0)
        shutil.copyfileobj(self._part, stream)


@contextmanager
def open_spool(path: Path) -> Iterator[Spool]:
    """A spool beside ``path``, or among the temporary files if that is a device.

    Raises SinkError if the folder cannot be written.
    """
    is_device = path.exists() and not path.is_file()
    with _open_beside(Path(tempfile.gettempdir(), path.name) if is_device else path) as part:
        stream = io.BufferedWriter(part)
        try:
            yield Spool(stream, part)
        finally:
            with suppress(OSError):  # nobody wants what is still in its buffer
                stream.close()


class _Part(io.FileIO):
    """A file beside its place, until it is published there; ``whole`` until a write fails."""

    def __init__(self, handle: int, partial: Path | None, place: Path) -> None:
        super().__init__(handle, "w+b")
        self.partial, self.place, self.whole = partial, place, True

    def write(self, data: Any, /) -> int:
        place = self.tell() if self.partial else None
        try:
            return super().write(data)
        except OSError:
            self.whole = False
            raise
        except KeyboardInterrupt:  # the buffer will write the same data again: to the same position
            if place is not None:
                self.seek(place)
            raise

    def publish(self) -> None:
        if self.partial:
            with convert_errors(self.place):
                self.partial.chmod(0o644)  # mkstemp makes it private, unlike other files in the user's folders
                self.partial.replace(self.place.resolve())


@contextmanager
def _open_beside(path: Path) -> Iterator[_Part]:
    with convert_errors(path):
        handle, partial = _create_file(path)
    with _Part(handle, partial, path) as part:
        try:
            yield part
        finally:
            if partial:
                partial.unlink(missing_ok=True)


def _create_file(path: Path) -> tuple[int, Path | None]:
    """Handle and path of a new file beside ``path``, or beside its link's target; a device or pipe is opened itself."""
    if path.exists() and not path.is_file():
        return os.open(path, os.O_WRONLY), None
    make_folder(path.parent)
    place = path.resolve()
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-", suffix=".part")
    return handle, Path(name)


def _close_stream(stream: BinaryIO, path: Path) -> None:
    with convert_errors(path):
        stream.close()


def make_writable_folder(folder: Path) -> None:
    """Makes the folder. Raises SinkError if nothing can be written there."""
    with convert_errors(folder):
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def convert_errors(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a SinkError for this path."""
    try:
        yield
    except OSError as error:
        raise SinkError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="make room, or name a place that you may write to",
        ) from error
