"""VideoSink: a video with the answers drawn in."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from runner_core.drawing import Style, annotate_picture
from runner_core.errors import ImageError, SinkError, UsageError
from runner_core.frames import Frame
from runner_core.results import Result
from runner_core.util import make_folder, redact_url
from runner_video.options import RATE, split_options
from runner_video.recording import FORMATS, Recording

log = logging.getLogger("runner")

FPS = 25.0


class VideoSink:
    """``video:out.mp4``: H.264, each picture at its frame's time, so that it plays as its source does.

    Frames of several cameras make several files: ``out.mp4``, ``out-2.mp4``, ..., whose titles name the camera.
    Pictures, which have no time, make one file of ``?fps=`` pictures a second (25). What was written can be played even
    if the program is killed.
    """

    draws = True

    def __init__(self, location: str | os.PathLike[str]) -> None:
        place, options = split_options(location, {"fps": RATE})
        self.path = Path(place).expanduser()
        self.places = (self.path,)
        self.fps: float = options.get("fps", FPS)
        if self.path.suffix.lower() not in FORMATS:
            name = redact_url(place)
            raise UsageError(f"{name}: not the name of a video", remedy=f"end it in {', '.join(FORMATS)}")

    @contextmanager
    def open(self) -> Iterator[VideoWriter]:
        """Makes missing folders. Raises SinkError if it cannot write, UsageError for a wrong font."""
        Style.of((1, 1))  # reports a wrong font before the first frame
        try:
            make_folder(self.path.parent)
            with self.path.open("ab"):  # not truncated yet: it may be the file that is read
                pass
        except OSError as error:
            raise SinkError(
                f"{self.path}: cannot be written ({error.strerror or error})",
                remedy="name a file in a folder that you can write to",
            ) from error
        with ExitStack() as stack:
            yield VideoWriter(self.path, self.fps, stack)


class VideoWriter:
    """Draws and encodes."""

    def __init__(self, path: Path, fps: float, stack: ExitStack) -> None:
        self._path, self._fps, self._stack = path, fps, stack
        self._recordings: dict[str, Recording] = {}

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
        if camera not in self._recordings:
            number = len(self._recordings) + 1
            path = self._path if number == 1 else self._path.with_stem(f"{self._path.stem}-{number}")
            _check_not_source(path, frame.source)
            recording = Recording(path, camera, frame.size, self._fps)
            self._recordings[camera] = recording
            self._stack.callback(recording.close)
        return self._recordings[camera]


def _check_not_source(path: Path, source: str) -> None:
    """Refuses to write over the video that is being read."""
    if path.exists() and os.path.exists(source) and path.samefile(source):  # noqa: PTH110  # any text may be a source
        raise SinkError(f"{path}: is being read", remedy="name another file")
