"""Places to write to: files that appear whole, folders that can be written."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

import attrs

from runner_core.errors import SinkError, UsageError
from runner_core.util import (
    GrowingFile,
    Mark,
    claim_open,
    find_descriptor,
    make_folder,
    open_descriptor,
    remove_partials,
)

T = TypeVar("T")


@attrs.define
class WholeFiles:
    """Files that are written beside their places. ``begun`` is whether they have something to keep, and are whole."""

    streams: Sequence[BinaryIO]
    _parts: Sequence[Part]
    begun: bool = False

    def mark(self) -> list[Mark]:
        """Passes everything to the system; how far each file is. Raises SinkError."""
        for stream, part in zip(self.streams, self._parts, strict=True):
            with convert_errors(part.place):
                stream.flush()
            part.stays = True
        return [part.mark() for part in self._parts]

    @contextmanager
    def completing(self) -> Iterator[None]:
        """Writing their ends: if that is broken off they are not whole, and not kept."""
        begun, self.begun = self.begun, False
        yield
        self.begun = begun


@contextmanager
def open_whole_files(*paths: Path) -> Iterator[WholeFiles]:
    """Files that replace ``paths`` together when the block ends, also by an exception once they are ``begun``.

    If writing to one of them failed, none does. Raises SinkError for that, and if a folder cannot be written;
    exceptions of the block are raised unchanged.
    """
    with _write_parts(map(open_beside, paths)) as files:
        yield files


@contextmanager
def resume_whole_files(*paths: Path, marks: Sequence[Mark] | None) -> Iterator[WholeFiles]:
    """As ``open_whole_files``, behind ``marks`` of an earlier run; None begins anew.

    Where that run was killed its files are still beside their places; else they are copied from there. If this one
    fails they stay beside them, for the next. Raises SinkError if they are missing or changed.
    """
    at: Sequence[Mark | None] = marks or [None] * len(paths)
    with _write_parts(map(_open_again, paths, at)) as files:
        yield files


@contextmanager
def _write_parts(opening: Iterable[Part]) -> Iterator[WholeFiles]:
    with ExitStack() as stack:
        parts = [stack.enter_context(each) for each in opening]
        files = WholeFiles([io.BufferedWriter(part) for part in parts], parts)
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


class Part(GrowingFile):
    """A file beside its place, until it is published there.

    ``whole``  until a write fails.
    ``stays``  whether it is not removed where its block ends without that.
    """

    def __init__(
        self, file: int | Path, partial: Path | None, place: Path, mark: Mark | None = None, *, stays: bool = False
    ) -> None:
        super().__init__(file, mark, mode="w+b", called=place)
        self.partial, self.place, self.whole, self.stays = partial, place, True, stays
        self._count = 0
        if partial:
            claim_open(self.fileno())  # a living process writes it
        else:
            self._named = None

    def tell(self) -> int:
        """In what is not replaced, a device, a pipe or standard output: how much was written here."""
        return super().tell() if self.partial else self._count

    def write(self, data: Any, /) -> int:
        place = self.tell() if self.partial else None
        try:
            written = super().write(data)
            self._count += written
            return written
        except (OSError, SinkError):
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Removes what is not published."""
        try:
            super().__exit__(kind, error, trace)
        finally:
            if self.partial and not self.stays:
                self.partial.unlink(missing_ok=True)


def open_beside(path: Path) -> Part:
    """Raises SinkError if the folder cannot be written."""
    with convert_errors(path):
        handle, partial = _create_file(path)
        return Part(handle, partial, path)


def _open_again(path: Path, mark: Mark | None) -> Part:
    partial = path.resolve().with_name(f".{path.resolve().name}.part")
    with convert_errors(path):
        make_folder(partial.parent)
        return Part(partial, partial, path) if mark is None else _reopen(path, partial, mark)


def _reopen(path: Path, partial: Path, mark: Mark) -> Part:
    try:
        return Part(partial, partial, path, mark, stays=True)
    except (FileNotFoundError, SinkError):  # it has been published, or copying it was broken off
        if not path.exists():
            raise make_gone_error(path) from None
    try:
        shutil.copyfile(path, partial)
        return Part(partial, partial, path, mark)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _create_file(path: Path) -> tuple[int, Path | None]:
    """Handle and path of a new file beside ``path``, or beside its link's target; a device or pipe is opened itself.

    What is open already, such as standard output, is written from where it is.
    """
    number = find_descriptor(path)
    if number is not None:
        return open_descriptor(number), None
    if path.exists() and not path.is_file():
        return os.open(path, os.O_WRONLY), None
    make_folder(path.parent)
    place = path.resolve()
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-", suffix=".part")
    return handle, Path(name)


def make_gone_error(path: Path) -> SinkError:
    """For what an earlier run wrote and this one cannot go on with."""
    return SinkError(f"{path}: is gone", remedy="run without --resume to write it anew")


def find_last(checkpoints: Iterable[T]) -> T | None:
    """The last one, which says all; None if there is none."""
    return next(iter(deque(checkpoints, maxlen=1)), None)


def is_replaceable(path: Path) -> bool:
    """Whether a whole file can take its place: not of a device, a pipe or standard output, which is written itself."""
    return find_descriptor(path) is None and (path.is_file() or not path.exists())


def require_replaceable(path: Path) -> None:
    """Raises UsageError where a sink that writes another file beside it would write to what is open already."""
    if find_descriptor(path) is not None:
        raise UsageError(f"{path}: takes one file, and here are two", remedy="name a file")


def _close_stream(stream: BinaryIO, path: Path) -> None:
    with convert_errors(path):
        stream.close()


def prepare_folder(folder: Path, *, begun: bool = False) -> None:
    """Makes the folder; if an earlier run has ``begun`` it, removes what that left unfinished.

    Raises SinkError if nothing can be written there, or the earlier run's folder is gone.
    """
    if begun and not folder.is_dir():
        raise make_gone_error(folder)
    with convert_errors(folder):
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if begun:
            remove_partials(folder)


@contextmanager
def convert_errors(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a SinkError for this path, but for a pipe that nobody reads any more."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SinkError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="make room, or name a place that you may write to",
        ) from error
