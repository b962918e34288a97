"""Input: something that FFmpeg opens."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import attrs
import av
from av.container import InputContainer
from av.video.stream import VideoStream

from runner_core.errors import SourceError

_PASSWORD = re.compile(r"(?<=://)[^/?#@]*@")

Fault = tuple[str, str]  # what is the matter, and the remedy

FAULTS: Mapping[int, Fault] = {
    errno.ENOENT: ("no such file", "check the path"),
    errno.EACCES: ("permission denied", "see to it that you may read it"),
    errno.EISDIR: ("is a folder", "name a file in it"),
    errno.ECONNREFUSED: ("nobody answers there", "check the address and whether the camera is on"),
    errno.EHOSTUNREACH: ("no way to that host", "check the address and the network"),
    av.error.tag_to_code(b"EXIT"): ("no answer in time", "check the address and whether the camera is on"),
    av.error.tag_to_code(b"INDA"): ("not a video that can be read, or one without its index", ""),
}


def public_name(location: str) -> str:
    """The location as records and messages may show it: an address without user and password."""
    return _PASSWORD.sub("", location)


@attrs.frozen
class Input:
    """What FFmpeg opens, and how.

    ``place``    a path, an address, a device, a filter graph; ``name`` is what people see of it.
    ``format``   FFmpeg's name of the device or demuxer; None lets it find out.
    ``options``  FFmpeg's, for that format.
    ``timeout``  seconds after which a call into FFmpeg gives up; None waits for ever.
    ``faults``   what to say instead of ``FAULTS``, by error number.
    """

    place: str
    name: str
    format: str | None = None
    options: Mapping[str, str] = attrs.field(factory=dict)
    timeout: float | None = None
    faults: Mapping[int, Fault] = attrs.field(factory=dict)

    @contextmanager
    def opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        """The container and its first track of pictures. What FFmpeg raises in the block becomes a SourceError."""
        try:
            with av.open(
                self.place, "r", format=self.format, options=dict(self.options), timeout=self.timeout
            ) as container:
                yield container, self._pictures(container)
        except av.FFmpegError as error:
            raise self.error(error) from error

    def error(self, error: av.FFmpegError) -> SourceError:
        """What FFmpeg said, on one line."""
        faults = {**FAULTS, **self.faults}
        message, remedy = faults.get(error.errno or 0, (error.strerror or type(error).__name__, ""))
        return SourceError(f"{self.name}: {message}", remedy=remedy)

    def _pictures(self, container: InputContainer) -> VideoStream:
        tracks = [track for track in container.streams.video if not track.disposition & _COVER]
        if not tracks:
            raise SourceError(f"{self.name}: there are no pictures in it", remedy="sound alone is nothing to look at")
        return tracks[0]


_COVER = av.stream.Disposition.attached_pic  # of an album, say
