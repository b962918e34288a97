"""Stream: a camera or a broadcast on the network."""

from __future__ import annotations

from runner_core.errors import SourceError
from runner_core.util import explain_unencoded, redact_url
from runner_video.ffmpeg_input import Input
from runner_video.live import OPTIONS, STALL, LiveSource
from runner_video.options import split_options, warn_of_misspellings

_MICRO = 1_000_000


class Stream(LiveSource):
    """``rtsp://``, ``rtsps://``, ``udp://``, by http MJPEG and HLS: whatever FFmpeg connects to.

    The address may have ``?stall=`` and ``?give_up=`` (see LiveSource) in its own query. User and password in it
    are never shown. What states its length, such as a recording on a server, ends; all else goes on for ever.
    """

    def __init__(self, location: str) -> None:
        place, options = split_options(location, OPTIONS, foreign=True)
        warn_of_misspellings(place, OPTIONS)
        unencoded = explain_unencoded(place)
        if unencoded:
            raise SourceError(unencoded[0], remedy=unencoded[1])
        stall = options.get("stall", STALL)
        timeout = "timeout" if place.lower().startswith("rtsp") else "rw_timeout"
        network = {"rtsp_flags": "prefer_tcp", "fpsprobesize": "0", timeout: str(int(stall * _MICRO))}
        super().__init__(Input(place, name=redact_url(place), options=network, timeout=stall), **options)
