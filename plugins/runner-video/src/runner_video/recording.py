"""Recording: one H.264 file that grows."""

from __future__ import annotations

import errno
import io
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray
from PIL import Image, ImageOps

from runner_core.errors import SinkError
from runner_core.util import uninterrupted

TICK = Fraction(1, 90_000)  # of a second: divides the usual frame rates evenly

# What is written can be played even if the program is killed: the index is written in pieces, one a second.
_FRAGMENTS = {"movflags": "empty_moov+default_base_moof", "frag_duration": "1000000", "flush_packets": "1"}
FORMATS = {
    ".mp4": ("mp4", _FRAGMENTS),
    ".m4v": ("mp4", _FRAGMENTS),
    ".mov": ("mov", _FRAGMENTS),
    ".mkv": ("matroska", {"flush_packets": "1"}),
}
_MARK = "drawn in by runner"  # the comment of each file: another run may replace it
_ENCODER = {"preset": "veryfast", "crf": "23", "bf": "0"}  # without B-frames, so that the first is shown at 0


def is_recording(path: Path) -> bool:
    """Whether a file is one that was written here, or the beginning of one."""
    try:
        with av.open(str(path), "r", metadata_errors="replace") as container:
            return container.metadata.get("comment", container.metadata.get("COMMENT", "")) == _MARK
    except (av.FFmpegError, OSError):
        return path.stat().st_size == 0


class Recording:
    """Takes pictures with their times. All have the size of the first, made even; others are fitted into it.

    ``fps``  how many pictures a second, for pictures without a time.
    """

    def __init__(self, path: Path, title: str, size: tuple[int, int], fps: float) -> None:
        self._path, self._size, self._fps = path, size, fps
        self._first: float | None = None
        self._count, self._last, self._failed = 0, -1, False
        kind, options = FORMATS[path.suffix.lower()]
        try:
            self._file = _File(path, "w")
            self._container = av.open(self._file, "w", format=kind, options=options)
            self._container.metadata.update(title=title, comment=_MARK)
            self._stream = self._container.add_stream("libx264", rate=Fraction(fps), options=_ENCODER)
        except (av.FFmpegError, OSError) as error:
            raise self._error(error) from error
        context = self._stream.codec_context
        context.width, context.height = (side + side % 2 for side in size)  # colour has half the resolution
        context.pix_fmt, context.time_base = "yuv420p", TICK
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709

    def add(self, image: Image.Image, time: float | None) -> None:
        """Raises SinkError if the file cannot grow."""
        fitted = image if image.size == self._size else ImageOps.pad(image, self._size)
        frame = VideoFrame.from_ndarray(_even(np.asarray(fitted)), format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts, frame.time_base = self._tick(time), TICK
        self._put(frame)

    def close(self) -> None:
        """Writes what the encoder still holds, unless writing failed: then FFmpeg must not be called again."""
        try:
            if not self._failed:
                self._put(None)
        finally:
            self._close()

    def _close(self) -> None:
        try:
            with uninterrupted(), self._file:
                self._container.close()
        except (av.FFmpegError, OSError) as error:
            if not self._failed:
                raise self._error(error) from error

    def _tick(self, time: float | None) -> int:
        """When a picture is shown: as it was taken, counted from the first, and always after the one before it."""
        if time is None:
            time = self._count / self._fps
        self._first = time if self._first is None else self._first
        self._count += 1
        self._last = max(round((time - self._first) / TICK), self._last + 1)
        return self._last

    def _put(self, frame: VideoFrame | None) -> None:
        try:
            # PyAV would swallow an interrupt together with the data that it writes through Python; one behind the
            # encoder would lose a packet that all later pictures need.
            with uninterrupted():
                self._container.mux(self._stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            self._failed = True
            raise self._error(error) from error

    def _error(self, error: av.FFmpegError | OSError) -> SinkError:
        remedy = "make room, or name a file that you can write"
        return SinkError(f"{self._path}: cannot be written ({error.strerror})", remedy=remedy)


class _File(io.FileIO):
    """Writes all or fails. FFmpeg by itself ignores a full disk in the last fragment of an MP4."""

    def write(self, data: Any, /) -> int:
        if not os.fstat(self.fileno()).st_nlink:
            raise OSError(errno.ENOENT, "removed while it was written")
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) :]  # a nearly full disk takes a part
        return len(data)


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With the last row and column twice if their number is odd."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
