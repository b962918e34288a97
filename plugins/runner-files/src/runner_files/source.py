"""FileSource: pictures from files and web addresses."""

from __future__ import annotations

import os
from collections.abc import Iterator

from runner_core.frames import Frame
from runner_files.listing import is_url, names_of, searched


class FileSource:
    """A picture, a folder, a glob, a ``.txt`` list of pictures, or an http(s) picture.

    Folders are searched to the bottom for names with a picture's suffix, hidden ones left out; a file named by itself
    is taken whatever its suffix. A list has one path, relative to the list's folder, or URL a line, and comments after
    ``#``. Frames come in natural order and are read when somebody needs them.

    ``total``   how many frames there are. Progress bars ask any source for it; None is not known.
    ``folder``  the one that is searched to the bottom; None where pictures are named.
    ``files``   what is read, in order: paths and URLs.

    Raises SourceError where there is no picture.
    """

    live: bool = False

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self.files = names_of(os.fspath(location))
        self.folder = searched(os.fspath(location))
        self.total: int | None = len(self.files)

    def frames(self) -> Iterator[Frame]:
        """One for each name; its ``source`` is the name as it was given or found."""
        return (_frame(name, index) for index, name in enumerate(self.files))


def _frame(name: str, index: int) -> Frame:
    return Frame.from_url(name, index=index) if is_url(name) else Frame.from_path(name, index=index)
