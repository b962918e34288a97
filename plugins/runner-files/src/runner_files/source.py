"""FileSource: pictures from files and web addresses."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import PurePath

from runner_core.frames import Animation, Frame, read_pictures
from runner_files.listing import find_root, find_searched_folder, is_url, list_pictures
from runner_files.skipped import describe_skipped

log = logging.getLogger("runner")


class FileSource:
    """A picture, a folder, a glob, a ``.txt`` list of pictures, or an http(s) picture.

    Folders are searched with their subfolders for names with a picture's suffix, except hidden ones; a file that is
    named itself may have any suffix, and if it is an animation, each of its pictures is a frame with a time. A list has
    one path, relative to the list's folder, or one URL per line; lines that begin with ``#`` are comments. Frames come
    in natural order and are read when they are first needed.

    ``folder``   the folder that is searched with its subfolders; None if pictures are named.
    ``files``    paths and URLs in the order in which they are read.
    ``skipped``  how many files are passed over, by suffix.

    Raises SourceError if there is no picture.
    """

    live: bool = False

    def __init__(self, location: str | os.PathLike[str]) -> None:
        listing = list_pictures(os.fspath(location))
        self.files, self.skipped, self._alone = listing.names, listing.skipped, listing.alone
        self.folder = find_searched_folder(os.fspath(location))
        self._root = find_root(os.fspath(location))
        if self.skipped:
            log.info("%s: %s", location, describe_skipped(self.skipped, len(self.files)))

    @property
    def total(self) -> int | None:
        """The number of frames, for progress bars; None for what is not on this machine."""
        if not self._alone:
            return len(self.files)
        if is_url(self.files[0]):
            return None
        animation = Animation.open(self._make_frame(self.files[0], 0))
        return animation.count if animation else 1

    def frames(self) -> Iterator[Frame]:
        """One for each name; its ``source`` is the path as it was typed or found, or the URL without its secrets.

        Its ``file_name`` is the path below the folder, the glob's part without wildcards, or the list's folder.

        Raises SourceError where an animation is damaged.
        """
        frames = (self._make_frame(name, index) for index, name in enumerate(self.files))
        return read_pictures(next(frames)) if self._alone else frames

    def _make_frame(self, name: str, index: int) -> Frame:
        if is_url(name):
            return Frame.from_url(name, index=index)
        frame = Frame.from_path(name, index=index)
        frame.file_name = _find_relative(name, self._root) if self._root else None
        return frame


def _find_relative(name: str, root: PurePath) -> str | None:
    """The path below the root, with ``/``; None for one that leads out of it, as a list may have."""
    if not PurePath(name).is_relative_to(root):
        return None
    path = PurePath(name).relative_to(root)
    return None if os.pardir in path.parts else path.as_posix()
