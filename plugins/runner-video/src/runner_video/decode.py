"""Decodes a file: its pictures with their times; damaged pictures and a missing end are reported."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import cast

import attrs
import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from runner_core.errors import ImageError, SourceError
from runner_video.orientation import Orientations
from runner_video.shot import Shot

SLACK = 0.5  # seconds that may be missing at the end: the lengths in files are not always exact

# They have an index and state their length; in others FFmpeg seeks roughly and guesses the length from the bit rate.
_INDEXED = {"mov", "matroska", "avi"}

_DURATION = re.compile(r"(\d{1,9}):(\d{1,9}):(\d{1,9}(?:\.\d*)?)", re.ASCII)  # 00:00:04.000000000


def decode_shots(name: str, container: InputContainer, track: VideoStream) -> Iterator[tuple[Shot, float]]:
    """The pictures from the container's position on, with their seconds from the track's beginning.

    If the file states no times, a picture begins where the one before ends. Raises SourceError after the last picture
    of a file that is cut short, or of a connection that broke off.
    """
    end, damaged = 0.0, None
    orientations = Orientations()
    packets = _Packets(container, track)
    places: deque[int] | None = deque() if "avi" in _formats_of(container) else None
    for packet in packets:
        if damaged is not None and packet.size:  # more follows: it is damage, not a missing end
            yield Shot(ImageError(f"{name}: the picture at {damaged:.2f} s is damaged")), damaged
            damaged = None
        if places is not None and packet.size and packet.dts is not None:
            places.append(packet.dts)
        try:
            pictures = packet.decode()
        except av.error.InvalidDataError:
            damaged = _time_of(places.pop() if places else packet.pts, track, end)
            continue
        for picture in pictures:
            # AVI states no times: its n-th picture is shown n-th, whichever was decoded before. FFmpeg guesses wrongly.
            time = _time_of(places.popleft() if places else picture.pts, track, end)
            end = time + _to_seconds(picture.duration, track)
            yield Shot(picture, orientation=orientations.of(picture)), time
    length = _length_of(container, track)
    if damaged is not None or (packets.error if length is None else length - end > SLACK):
        whole = "" if length is None else f" of {length:.2f} s"
        raise SourceError(
            f"{name}: cut short after {end:.2f} s{whole}", remedy="the pictures before that are done"
        ) from packets.error


@attrs.define
class _Packets:
    """The packets of a track. If they break off, an empty one makes the decoder give what it holds; see ``error``.

    Raises FFmpegError if there is none at all.
    """

    container: InputContainer
    track: VideoStream
    error: av.FFmpegError | None = None

    def __iter__(self) -> Iterator[Packet[VideoStream]]:
        begun = False
        try:
            for packet in self.container.demux(self.track):
                yield packet
                begun = True
        except av.FFmpegError as error:
            if not begun:
                raise
            self.error = error
            last = cast("Packet[VideoStream]", Packet())
            last.stream = self.track
            yield last


def seek(container: InputContainer, track: VideoStream, seconds: float) -> None:
    """Moves to a position from which the picture at ``seconds`` can be decoded; stays if the file has no index.

    Stays in AVI whose pictures refer to later ones, too: those that a decoder leaves out there could not be counted.
    """
    if _is_indexed(container) and not ("avi" in _formats_of(container) and track.codec_context.has_b_frames):
        container.seek((track.start_time or 0) + int(seconds / (track.time_base or 1)), stream=track)


def _is_indexed(container: InputContainer) -> bool:
    return bool(_INDEXED & _formats_of(container))


def _formats_of(container: InputContainer) -> set[str]:
    return set(container.format.name.split(","))


def _time_of(count: int | None, track: VideoStream, otherwise: float) -> float:
    return otherwise if count is None else _to_seconds(count - (track.start_time or 0), track)


def _to_seconds(count: int, track: VideoStream) -> float:
    return float(count * (track.time_base or 0))


def _length_of(container: InputContainer, track: VideoStream) -> float | None:
    """The seconds from its first picture on that the track should have, if its file says so."""
    if not _is_indexed(container):
        return None
    if track.duration:
        return _to_seconds(track.duration, track)
    begin = _to_seconds(track.start_time or 0, track)  # Matroska counts from 0, whenever the first picture is
    stated = _DURATION.fullmatch(track.metadata.get("DURATION", ""))  # Matroska's, of each track
    if stated:
        return int(stated[1]) * 3600 + int(stated[2]) * 60 + float(stated[3]) - begin
    return container.duration / av.time_base - begin if container.duration and len(container.streams) == 1 else None
