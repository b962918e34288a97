"""FileSource: pictures from files and web addresses."""

from __future__ import annotations

import os
from collections.abc import Iterator

from runner_core.frames import Frame
from runner_files.listing import find_searched_folder, is_url, list_pictures


class FileSource:
    """A picture, a folder, a glob, a ``.txt`` list of pictures, or an http(s) picture.

    Folders are searched with their subfolders for names with a picture's suffix, except hidden ones; a file that is
    named itself may have any suffix. A list has one path, relative to the list's folder, or one URL per line; lines
    that begin with ``#`` are comments. Frames come in natural order and are read when they are first needed.

    ``total``   the number of frames, for progress bars.
    ``folder``  the folder that is searched with its subfolders; None if pictures are named.
    ``files``   paths and URLs in the order in which they are read.

    Raises SourceError if there is no picture.
    """

    live: bool = False

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self.files = list_pictures(os.fspath(location))
        self.folder = find_searched_folder(os.fspath(location))
        self.total: int | None = len(self.files)

    def frames(self) -> Iterator[Frame]:
        """One for each name; its ``source`` is the path as it was typed or found, or the URL without its secrets."""
        return (_make_frame(name, index) for index, name in enumerate(self.files))


def _make_frame(name: str, index: int) -> Frame:
    return Frame.from_url(name, index=index) if is_url(name) else Frame.from_path(name, index=index)
