"""VideoSink: a video with the answers drawn in."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from typing import Any

from runner_core.drawing import Style, annotate_picture
from runner_core.errors import ImageError, SinkError, UsageError
from runner_core.frames import Frame
from runner_core.results import Result
from runner_core.util import expand_home, make_folder, redact_url
from runner_video.options import RATE, split_options
from runner_video.recording import FORMATS, Recording, is_recording

log = logging.getLogger("runner")

FPS = 25.0
_MAX_STEM = 100  # characters
_MOST_OPEN = 8  # videos at once: an encoder takes memory, and one that ended needs none


class VideoSink:
    """``video:out.mp4``: H.264, each picture at its frame's time, so that it plays as its source does.

    Frames of several cameras make several files: ``out.mp4``, ``out-2.mp4``, ..., whose titles name the camera. In a
    folder, ``video:out/``, each file has the name of its camera or video. Pictures, which have no time, make one file
    of ``?fps=`` pictures a second (25). What was written can be played even if the program is killed. A file that the
    person did not name is replaced only if runner wrote it.

    ``folder``  the folder that is filled; None if a file is named.
    """

    draws = True

    def __init__(self, location: str | os.PathLike[str]) -> None:
        place, options = split_options(location, {"fps": RATE})
        self.path = Path(expand_home(place))
        self.places = (self.path,)
        self.folder = self.path if place.endswith(("/", os.sep)) or self.path.is_dir() else None
        self.fps: float = options.get("fps", FPS)
        if not self.folder and self.path.suffix.lower() not in FORMATS:
            name = redact_url(place)
            raise UsageError(
                f"{name}: not the name of a video", remedy=f"end it in {', '.join(FORMATS)}, or in / for a folder"
            )

    @contextmanager
    def open(self) -> Iterator[VideoWriter]:
        """Makes missing folders. Raises SinkError if it cannot write, UsageError for a wrong font."""
        Style.of((1, 1))  # reports a wrong font before the first frame
        try:
            make_folder(self.folder or self.path.parent)
            if self.folder:
                with tempfile.TemporaryFile(dir=self.folder):
                    pass
            else:
                with self.path.open("ab"):  # not truncated yet: it may be the file that is read
                    pass
        except OSError as error:
            raise SinkError(
                f"{self.path}: cannot be written ({error.strerror or error})",
                remedy="name a file in a folder that you can write to",
            ) from error
        with ExitStack() as stack:
            yield VideoWriter(self.path, self.fps, stack, in_folder=self.folder is not None)


class VideoWriter:
    """Draws and encodes."""

    def __init__(self, path: Path, fps: float, stack: ExitStack, *, in_folder: bool = False) -> None:
        self._path, self._fps, self._stack, self._in_folder = path, fps, stack, in_folder
        self._open: dict[str, Recording] = {}  # the one that got a picture last comes last
        self._stems: list[str] = []  # of all files

    def write(self, result: Result) -> None:
        """Raises SinkError. A frame that cannot be read is left out."""
        try:
            drawn = annotate_picture(result.frame.image, result.answers)
        except ImageError as error:
            log.warning("%s; not in the video", error)
            return
        self._recording(result.frame).add(drawn, result.frame.time)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Nothing to do: every file is closed when the sink is."""

    def _recording(self, frame: Frame) -> Recording:
        """The recording for the frame's camera; pictures share one."""
        camera = "" if frame.time is None else frame.source
        recording = self._open.pop(camera, None) or self._begin(camera, frame)
        self._open[camera] = recording
        return recording

    def _begin(self, camera: str, frame: Frame) -> Recording:
        if frame.taken is None and len(self._open) >= _MOST_OPEN:  # videos come one after the other, cameras do not
            self._close(next(iter(self._open)))
        path = self._choose_path(camera)
        _check_not_source(path, frame.source)
        if path != self._path:
            _check_own(path)
        self._stack.callback(self._close, camera)
        return Recording(path, camera, frame.size, self._fps)

    def _close(self, camera: str) -> None:
        recording = self._open.pop(camera, None)
        if recording:
            recording.close()

    def _choose_path(self, camera: str) -> Path:
        """A file for a camera or a video that has none open: by its name in a folder; of one name, by a number too."""
        stem = _to_stem(camera) if self._in_folder else self._path.stem
        self._stems.append(stem.casefold())
        number = self._stems.count(stem.casefold())
        numbered = stem if number == 1 else f"{stem}-{number}"
        return self._path / f"{numbered}.mp4" if self._in_folder else self._path.with_stem(numbered)


def _to_stem(camera: str) -> str:
    """The name of a camera, a video or a stream as the name of a file without its suffix."""
    place = camera.partition("://")[2] or PurePath(camera).stem
    return re.sub(r"[^\w. -]+", "-", place).strip("-. ")[:_MAX_STEM] or "pictures"


def _check_own(path: Path) -> None:
    """Refuses to replace a file that the person did not name and runner did not write: it may be still to be read."""
    if path.exists() and not is_recording(path):
        raise SinkError(f"{path}: there already, and not written by runner", remedy="move it, or name another place")


def _check_not_source(path: Path, source: str) -> None:
    """Refuses to write over the video that is being read."""
    if path.exists() and os.path.exists(source) and path.samefile(source):  # noqa: PTH110  # any text may be a source
        raise SinkError(f"{path}: is being read", remedy="name another file")
