"""Spool: a file for what belongs behind what is still to come."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import attrs

from runner_core.errors import SinkError
from runner_core.util import Mark, make_folder
from runner_export.output_files import Part, convert_errors, is_replaceable, make_gone_error, open_beside


@attrs.define
class Spool:
    """``stream`` takes what is to wait. ``stays`` is whether a later run may still need it."""

    stream: BinaryIO
    _part: Part

    @property
    def whole(self) -> bool:
        """Whether everything could be written."""
        return self._part.whole

    def mark(self) -> Mark:
        """Passes everything to the system; how far it is. Raises SinkError."""
        with convert_errors(self._part.place):
            self.stream.flush()
        self._part.stays = True
        return self._part.mark()

    def reread(self) -> BinaryIO:
        """All that is in it, from its beginning. Raises SinkError."""
        with convert_errors(self._part.place):
            self.stream.flush()
            self._part.seek(0)
        return self._part

    def append_to(self, stream: BinaryIO) -> None:
        """Writes all that is in it to a stream. Raises SinkError, and OSError of that stream."""
        shutil.copyfileobj(self.reread(), stream)

    def drop(self) -> None:
        """What it holds is where it belongs: it goes when its block ends."""
        self._part.stays = False


def open_spool(path: Path) -> AbstractContextManager[Spool]:
    """One beside ``path``, or among the temporary files if that is a device. It is gone when its block ends.

    Raises SinkError if the folder cannot be written.
    """
    return _use(open_beside(path if is_replaceable(path) else Path(tempfile.gettempdir(), path.name)))


@contextmanager
def resume_spool(path: Path, mark: Mark | None, restore: Callable[[Spool], None] | None = None) -> Iterator[Spool]:
    """One beside ``path`` that stays if it has been marked and is not dropped, for the next run to go on with it.

    It goes on behind ``mark``; if that file is not there any more, ``restore`` fills a new one. Raises SinkError.
    """
    partial = path.resolve().with_name(f".{path.resolve().name}.spool")
    with convert_errors(path):
        make_folder(partial.parent)
        part = _reopen(path, partial, mark)
        lost = mark is not None and part is None
        opened = part or Part(partial, partial, path)
    with _use(opened) as spool:
        if lost and not path.exists():
            raise make_gone_error(path)
        if lost and restore:
            restore(spool)
        yield spool


def _reopen(path: Path, partial: Path, mark: Mark | None) -> Part | None:
    with suppress(FileNotFoundError, SinkError):
        return None if mark is None else Part(partial, partial, path, mark, stays=True)
    return None


@contextmanager
def _use(part: Part) -> Iterator[Spool]:
    with part:
        stream = io.BufferedWriter(part)
        try:
            yield Spool(stream, part)
        finally:
            with suppress(OSError):  # nobody wants what is still in its buffer
                stream.close()
