"""The pictures of a folder: which there are, what a browser is sent of one, and whether one has changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import attrs

from runner_core.errors import ImageError, UsageError
from runner_core.frames import Frame, is_picture_name

# What browsers show, by the bytes that a file begins with; other pictures are made into JPEGs.
_SHOWN = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_QUALITY = 92


@attrs.frozen
class Picture:
    """``name`` is its path below the folder, with ``/``: the ``file_name`` of COCO."""

    name: str
    path: Path

    def stamp(self) -> str:
        """Another one when the file has changed. Raises ImageError for one that is gone."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise ImageError(f"{self.name}: cannot be read ({error.strerror})") from error
        return f"{status.st_mtime_ns}-{status.st_size}"

    def measure(self) -> tuple[int, int]:
        """(width, height), upright. Raises ImageError."""
        return Frame.from_path(self.path, source=self.name).size

    def encode(self) -> tuple[bytes, str]:
        """What a browser is sent, and its media type. Raises ImageError."""
        frame = Frame.from_path(self.path, source=self.name)
        data = frame.encoded or b""
        kind = next((kind for begin, kind in _SHOWN.items() if data.startswith(begin)), None)
        if kind:
            return data, kind
        stream = BytesIO()
        frame.image.save(stream, "JPEG", quality=_QUALITY)
        return stream.getvalue(), "image/jpeg"


def find_pictures(folder: Path) -> list[Picture]:
    """The pictures in and below a folder, by name. Raises UsageError where there are none."""
    found = [Picture(path.relative_to(folder).as_posix(), path) for path in sorted(_walk(folder))]
    if not found:
        raise UsageError(f"{folder}: no pictures in this folder", remedy="name a folder with pictures")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    """Files and folders whose names begin with a point are somebody else's."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        elif is_picture_name(path.name):
            yield path


def shuffle(names: Iterable[str]) -> list[str]:
    """In an order by chance that is the same each time, also when pictures are added: a folder's first pictures are
    often alike, and twenty of them would show little of the rest.
    """
    return sorted(names, key=lambda name: hashlib.sha256(name.encode(errors="surrogatepass")).digest())
