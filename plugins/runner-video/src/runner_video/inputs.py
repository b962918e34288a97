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

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: C: is a drive

Fault = tuple[str, str]  # what is the matter, and the remedy


def _tagged(tag: bytes) -> int:
    return int(av.error.tag_to_code(tag))


_LOOK = "check the address and whether the camera is on"

FAULTS: Mapping[int, Fault] = {
    errno.ENOENT: ("no such file", "check the path"),
    errno.EACCES: ("permission denied", "see to it that you may read it"),
    errno.EISDIR: ("is a folder", "name a file in it"),
    **dict.fromkeys(
        (_tagged(b"INDA"), _tagged(b"EOF ")),
        ("not a video that can be read, or one without its index", "copy or record it again"),
    ),
}
NETWORK_FAULTS: Mapping[int, Fault] = {
    errno.ECONNREFUSED: ("nobody answers there", _LOOK),
    errno.EHOSTUNREACH: ("no way to that host", "check the address and the network"),
    errno.EIO: ("no such host, or no video comes from it", _LOOK),
    **dict.fromkeys((_tagged(b"INDA"), _tagged(b"EOF ")), ("what comes is no video", _LOOK)),
    _tagged(b"EXIT"): ("no answer in time", _LOOK),
    _tagged(b"\xf8401"): (
        "it wants a user and a password, or others",
        "write them before the host: USER:PASSWORD@HOST",
    ),
    _tagged(b"\xf8403"): ("it is forbidden to you", "check user and password"),
    _tagged(b"\xf8404"): ("there is nothing at that address", "check its path"),
    _tagged(b"\xf8PRO"): (
        "no protocol that FFmpeg knows",
        "it knows rtsp, rtsps, udp, rtmp, http, https, among others",
    ),
}


@attrs.frozen
class Input:
    """What FFmpeg opens, and how. Raises SourceError where no place is named.

    ``place``    a path, an address, a device, a filter graph; ``name`` is what people see of it.
    ``format``   FFmpeg's name of the device or demuxer; None lets it find out.
    ``options``  FFmpeg's, for that format.
    ``timeout``  seconds after which a call into FFmpeg gives up; None waits for ever.
    ``faults``   what to say instead of ``FAULTS`` and ``NETWORK_FAULTS``, by error number.
    """

    place: str = attrs.field()
    name: str
    format: str | None = None
    options: Mapping[str, str] = attrs.field(factory=dict)
    timeout: float | None = None
    faults: Mapping[int, Fault] = attrs.field(factory=dict)

    @place.validator
    def _named(self, _: object, place: str) -> None:
        if not place:
            raise SourceError("nothing is named to be read", remedy="write it behind the colon, such as video:clip.mp4")

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
        faults = {**FAULTS, **(NETWORK_FAULTS if _ADDRESS.match(self.place) else {}), **self.faults}
        message, remedy = faults.get(error.errno or 0, (error.strerror or type(error).__name__, ""))
        return SourceError(f"{self.name}: {message}", remedy=remedy)

    def _pictures(self, container: InputContainer) -> VideoStream:
        tracks = [track for track in container.streams.video if not track.disposition & _COVER]
        if not tracks:
            raise SourceError(f"{self.name}: there are no pictures in it", remedy="sound alone is nothing to look at")
        return tracks[0]


_COVER = av.stream.Disposition.attached_pic  # of an album, say
