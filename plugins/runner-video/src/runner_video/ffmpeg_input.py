"""Input: what FFmpeg opens."""

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
from runner_core.util import describe_offline

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: C: is a drive

Fault = tuple[str, str]  # the problem and the remedy


def _code_of_tag(tag: bytes) -> int:
    return int(av.error.tag_to_code(tag))


_LOOK = "check the address and whether the camera is on"

FAULTS: Mapping[int, Fault] = {
    errno.ENOENT: ("no such file", "check the path"),
    errno.EACCES: ("permission denied", "change its permissions so that you can read it"),
    errno.EISDIR: ("is a folder", "name a file in it"),
    **dict.fromkeys(
        (_code_of_tag(b"INDA"), _code_of_tag(b"EOF ")),
        ("not a video that can be read, or one without its index", "copy or record it again"),
    ),
}
NETWORK_FAULTS: Mapping[int, Fault] = {
    errno.ECONNREFUSED: ("nobody answers there", _LOOK),
    errno.EHOSTUNREACH: ("no way to that host", "check the address and the network"),
    errno.EIO: ("no such host, or no video comes from it", _LOOK),
    **dict.fromkeys((_code_of_tag(b"INDA"), _code_of_tag(b"EOF ")), ("what comes is not a video", _LOOK)),
    _code_of_tag(b"EXIT"): ("no answer in time", _LOOK),
    _code_of_tag(b"\xf8401"): (
        "it needs a user and a password, or others than these",
        "write them before the host: USER:PASSWORD@HOST",
    ),
    _code_of_tag(b"\xf8403"): ("access is forbidden", "check user and password"),
    _code_of_tag(b"\xf8404"): ("there is nothing at that address", "check its path"),
    _code_of_tag(b"\xf8PRO"): (
        "FFmpeg does not know this protocol",
        "it knows rtsp, rtsps, udp, rtmp, http, https, among others",
    ),
}


@attrs.frozen
class Input:
    """What FFmpeg opens, and how. Raises SourceError without a place.

    ``place``    a path, an address, a device, a filter graph; ``name`` is what messages show.
    ``format``   FFmpeg's name of the device or demuxer; None lets it find out.
    ``options``  FFmpeg's, for that format.
    ``timeout``  seconds after which a call into FFmpeg gives up; None waits for ever.
    ``faults``   messages in place of ``FAULTS`` and ``NETWORK_FAULTS``, by error number.
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
            raise SourceError("there is nothing to read", remedy="write it after the colon, such as video:clip.mp4")

    @contextmanager
    def open(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        """The container and its first track of pictures. What FFmpeg raises in the block becomes a SourceError.

        So does an address on the network where RUNNER_OFFLINE is set.
        """
        offline = describe_offline()
        if offline and self._is_network:
            raise SourceError(f"{self.name}: {offline}", remedy="unset it, or give a file")
        try:
            with av.open(
                self.place, "r", format=self.format, options=dict(self.options), timeout=self.timeout,
                metadata_errors="replace",  # old files are not in UTF-8
            ) as container:  # fmt: skip
                yield container, self._pictures(container)
        except av.FFmpegError as error:
            raise self.error(error) from error
        except UnicodeDecodeError as error:  # PyAV reads some names in UTF-8 alone
            raise SourceError(f"{self.name}: damaged, it has a name that is not UTF-8 ({error.reason})") from error

    def error(self, error: av.FFmpegError) -> SourceError:
        """FFmpeg's error as a message of one line, with a remedy."""
        faults = {**FAULTS, **(NETWORK_FAULTS if _ADDRESS.match(self.place) else {}), **self.faults}
        message, remedy = faults.get(error.errno or 0, (error.strerror or type(error).__name__, ""))
        return SourceError(f"{self.name}: {message}", remedy=remedy)

    @property
    def _is_network(self) -> bool:
        address = self.format is None and _ADDRESS.match(self.place)
        return bool(address) and not self.place.lower().startswith("file:")

    def _pictures(self, container: InputContainer) -> VideoStream:
        tracks = [track for track in container.streams.video if not track.disposition & _COVER]
        if not tracks:
            raise SourceError(f"{self.name}: there are no pictures in it", remedy="give a file that is not sound only")
        return tracks[0]


_COVER = av.stream.Disposition.attached_pic  # of an album, say
