"""Places to write to: files that appear whole, folders that can be written."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from runner_core.errors import SinkError
from runner_core.util import make_folder


@attrs.define
class WholeFiles:
    """Files beside their places. ``begun`` says that there is something in them to keep."""

    streams: Sequence[BinaryIO]
    begun: bool = False


@contextmanager
def whole_files(*paths: Path) -> Iterator[WholeFiles]:
    """Files that take their places together when the block ends, or by an exception once they are ``begun``.

    Where writing to one of them failed, none takes its place. Raises SinkError for that, and where a folder cannot be
    written; what the block raises comes out as it is.
    """
    with ExitStack() as stack:
        parts = [stack.enter_context(_beside(path)) for path in paths]
        files = WholeFiles([io.BufferedWriter(part) for part in parts])
        try:
            with ExitStack() as closing:
                for stream, part in zip(files.streams, parts, strict=True):
                    closing.callback(_close, stream, part.place)
                yield files
            files.begun = True
        finally:
            if files.begun and all(part.whole for part in parts):
                for part in parts:
                    part.publish()


class _Part(io.FileIO):
    """What is written of a file, beside its place; ``whole`` until a write fails."""

    def __init__(self, handle: int, partial: Path | None, place: Path) -> None:
        super().__init__(handle, "wb")
        self.partial, self.place, self.whole = partial, place, True

    def write(self, data: Any, /) -> int:
        place = self.tell() if self.partial else None
        try:
            return super().write(data)
        except OSError:
            self.whole = False
            raise
        except KeyboardInterrupt:  # what the system has written by now, the buffer writes once more: in the same place
            if place is not None:
                self.seek(place)
            raise

    def publish(self) -> None:
        if self.partial:
            with said(self.place):
                self.partial.chmod(0o644)  # mkstemp makes it private, which a file of a person's folder is not
                self.partial.replace(self.place.resolve())


@contextmanager
def _beside(path: Path) -> Iterator[_Part]:
    with said(path):
        handle, partial = _opened(path)
    with _Part(handle, partial, path) as part:
        try:
            yield part
        finally:
            if partial:
                partial.unlink(missing_ok=True)


def _opened(path: Path) -> tuple[int, Path | None]:
    """A new file in the folder of the place, or of what it links to; a device or a pipe is opened itself."""
    if path.exists() and not path.is_file():
        return os.open(path, os.O_WRONLY), None
    make_folder(path.parent)
    place = path.resolve()
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-", suffix=".part")
    return handle, Path(name)


def _close(stream: BinaryIO, path: Path) -> None:
    with said(path):
        stream.close()


def writable_folder(folder: Path) -> None:
    """Makes it. Raises SinkError where nothing can be written there."""
    with said(folder):
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Turns what the system says into a SinkError about this path."""
    try:
        yield
    except OSError as error:
        raise SinkError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="make room, or name a place that you may write to",
        ) from error
