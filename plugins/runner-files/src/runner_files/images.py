"""ImagesSink: pictures with the answers drawn in."""

from __future__ import annotations

import io
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from runner_core.drawing import Style, annotate_picture
from runner_core.errors import ImageError, SinkError
from runner_core.frames import Frame
from runner_core.results import Result
from runner_core.util import expand_home, make_folder, remove_partials, split_options, write_bytes
from runner_files.naming import Names

_JPEG_START = b"\xff\xd8\xff"
_MARK = b"drawn in by runner"  # the comment of each picture: another run may replace it
_HEAD_BYTES = 4096  # the first part of a file, which has the comment
_PNG_INFO = PngInfo()
_PNG_INFO.add_text("Comment", _MARK)
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "JPEG": {"quality": 92, "subsampling": 0, "comment": _MARK},  # thin coloured lines need colour at full resolution
    "PNG": {"compress_level": 4, "pnginfo": _PNG_INFO},
}

log = logging.getLogger("runner")


class ImagesSink:
    """A folder of annotated pictures, named as they are below the folder that is read: a JPEG for a JPEG, else a PNG.

    Of two with one name the later gets a number. A frame without an answer writes nothing. Each file is written whole
    or not at all. An existing picture is replaced only if runner drew it.
    """

    draws = resumable = True

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for any option."""
        place, _ = split_options(location, {})
        self.folder = Path(expand_home(place))
        self.places = (self.folder,)

    def open(self) -> AbstractContextManager[ImagesWriter]:
        """Makes the folder. Raises SinkError if it cannot be written, UsageError if RUNNER_FONT is not a font."""
        return self.resume(())

    @contextmanager
    def resume(self, checkpoints: Iterable[Sequence[str]]) -> Iterator[ImagesWriter]:
        """As ``open``; pictures after the last checkpoint are drawn again. Raises SinkError if the folder is gone."""
        Style.of((1, 1))  # so that a wrong font is reported before the first frame
        names, begun = Names(), False
        for taken in checkpoints:
            names.take(taken)
            begun = True
        if begun and not self.folder.is_dir():
            raise SinkError(f"{self.folder}: is gone", remedy="run without --resume to draw anew")
        with _convert_errors(self.folder, "name a folder that you may write to"):
            make_folder(self.folder)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
            if begun:
                remove_partials(self.folder)
        yield ImagesWriter(self.folder, names)


@contextmanager
def _convert_errors(path: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SinkError(f"{path}: cannot be written ({error.strerror or error})", remedy=remedy) from error


class ImagesWriter:
    """Draws and saves."""

    def __init__(self, folder: Path, names: Names) -> None:
        self._folder, self._names = folder, names

    def write(self, result: Result) -> None:
        """Raises SinkError if the picture cannot be written, or would replace one that runner did not draw."""
        if result.failures and not result.answers:
            return
        frame = result.frame
        try:
            drawn = annotate_picture(frame.image, result.answers)
        except ImageError as error:  # a brain with its own decoder read what Pillow cannot
            log.warning("%s; nothing is drawn", error)
            return
        form = "JPEG" if (frame.encoded or b"").startswith(_JPEG_START) else "PNG"
        number = None if frame.time is None else frame.index
        name = self._names.choose_name(frame.file_name or frame.source, form, number=number)
        self._save(drawn, self._folder / name, form, frame)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Every picture is complete already."""

    def checkpoint(self) -> Sequence[str]:
        """The names that pictures were given since the one before."""
        return self._names.pop_new()

    def _save(self, image: Image.Image, path: Path, form: str, frame: Frame) -> None:
        buffer = io.BytesIO()
        image.save(buffer, form, **_OPTIONS[form])
        with _convert_errors(path, "make room, or name a folder that you may write to"):
            make_folder(path.parent)
            if frame.time is None:
                _refuse_source_folder(path, frame.source)
            _refuse_foreign_picture(path)
            write_bytes(path, buffer.getvalue())


def _refuse_source_folder(path: Path, source: str) -> None:
    """Refuses to write into the folder of the source: a picture in it that is still to be read might be overwritten."""
    if os.path.isfile(source) and Path(source).parent.samefile(path.parent):  # noqa: PTH113  # any text may be a source
        raise SinkError(f"{path}: is among the pictures that are read", remedy="name another folder: images:out/")


def _refuse_foreign_picture(path: Path) -> None:
    """Refuses to replace a picture that runner did not draw: it may be a source that is still to be read."""
    if path.exists() and not _is_drawn(path):
        remedy = "move it away, or name another folder: images:out/"
        raise SinkError(f"{path}: there already, and not drawn by runner", remedy=remedy)


def _is_drawn(path: Path) -> bool:
    with path.open("rb") as stream:
        return _MARK in stream.read(_HEAD_BYTES)
