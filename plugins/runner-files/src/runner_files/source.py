"""FileSource: pictures and videos from files and web addresses."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath

import attrs

from runner_core.contracts import Source
from runner_core.errors import UsageError
from runner_core.frames import Animation, Frame, read_pictures
from runner_core.pipeline import join_sources, open_source
from runner_files.clips import is_clip_name
from runner_files.listing import find_root, find_searched_folder, is_url, list_pictures
from runner_files.skipped import describe_skipped

log = logging.getLogger("runner")

_NO_OPTION = "leave it out"


class FileSource:
    """A picture, a folder, a glob, a ``.txt`` list of pictures and videos, or an http(s) picture.

    Folders are searched with their subfolders for names with the suffix of a picture, or of a file that another
    installed source reads to its end, such as a video; except hidden ones. Options for videos may follow:
    ``clips/*.mp4?stride=2``. A file that is
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
        place, options = _split_options(os.fspath(location))
        listing = list_pictures(place)
        self.files, self.skipped, self._alone = listing.names, listing.skipped, listing.alone
        self.folder = find_searched_folder(place)
        self._root = find_root(place)
        self._series = None if self._alone else _join_parts(place, self.files, self._root, options)
        if self.skipped:
            log.info("%s: %s", place, describe_skipped(self.skipped, len(self.files)))

    @property
    def total(self) -> int | None:
        """The number of frames, for progress bars; None for what is not on this machine."""
        if self._series:
            return getattr(self._series, "total", None)
        if is_url(self.files[0]):
            return None
        animation = Animation.open(_make_frame(self.files[0], 0, self._root))
        return animation.count if animation else 1

    def frames(self) -> Iterator[Frame]:
        """One for each name; its ``source`` is the path as it was typed or found, or the URL without its secrets.

        Its ``file_name`` is the path below the folder, the glob's part without wildcards, or the list's folder.

        Raises SourceError where an animation is damaged.
        """
        if self._series:
            return self._series.frames()
        return read_pictures(_make_frame(self.files[0], 0, self._root))


@attrs.define
class _Pictures:
    """Pictures that follow each other in a listing."""

    files: Sequence[str]
    root: PurePath | None
    live: bool = False

    @property
    def total(self) -> int:
        return len(self.files)

    def frames(self) -> Iterator[Frame]:
        return (_make_frame(name, index, self.root) for index, name in enumerate(self.files))


def _split_options(location: str) -> tuple[str, str]:
    """The location, and what follows its last question mark if those are options, not a glob's sign."""
    place, _, query = location.rpartition("?")
    if is_url(location) or os.path.lexists(location) or not re.match(r"[A-Za-z_][\w-]*=", query):
        return location, ""
    return place, query


def _join_parts(place: str, names: Sequence[str], root: PurePath | None, options: str) -> Source:
    """Pictures and videos as one source. Raises UsageError for options that nothing takes."""
    runs = [(clips, list(run)) for clips, run in groupby(names, is_clip_name)]
    if options and (len(runs) != 1 or not runs[0][0]):
        raise UsageError(f"{place}: pictures take no option {options.partition('=')[0]!r}", remedy=_NO_OPTION)
    if options.startswith("name=") or "&name=" in options:
        raise UsageError(f"{place}: a name is for one camera or one video", remedy=_NO_OPTION)
    parts: list[tuple[Source, str]] = []
    for clips, run in runs:
        if clips:
            parts += [(open_source(f"{name}?{options}" if options else name), name) for name in run]
        else:
            parts.append((_Pictures(run, root), run[0]))
    return join_sources([part for part, _ in parts], [name for _, name in parts])


def _make_frame(name: str, index: int, root: PurePath | None) -> Frame:
    if is_url(name):
        return Frame.from_url(name, index=index)
    frame = Frame.from_path(name, index=index)
    frame.file_name = _find_relative(name, root) if root else None
    return frame


def _find_relative(name: str, root: PurePath) -> str | None:
    """The path below the root, with ``/``; None for one that leads out of it, as a list may have."""
    if not PurePath(name).is_relative_to(root):
        return None
    path = PurePath(name).relative_to(root)
    return None if os.pardir in path.parts else path.as_posix()
