"""Lavfi: FFmpeg's virtual device, which makes pictures with a filter graph."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

import av

from runner_core.frames import Frame
from runner_video.decode import decode_shots
from runner_video.ffmpeg_input import Input
from runner_video.live import LiveSource

_REALTIME = re.compile(r"(^|[,;\]])\s*realtime\b")
_PATIENCE = 60.0  # seconds: it never hangs, but its rate may be low
_NO_GRAPH = ("not a filter graph that FFmpeg can run", "write it like testsrc=size=640x480:rate=30,realtime")


class Lavfi:
    """The pictures of a filter graph: a camera for tests and demos.

    Live if the graph contains ``realtime``; otherwise every picture, as fast as they are made.
    ``movie=clip.mp4,realtime`` plays a clip as a camera. FFmpeg's manual describes the filters.
    """

    def __init__(self, location: str) -> None:
        faults = dict.fromkeys((errno.EINVAL, av.error.tag_to_code(b"\xf8FIL")), _NO_GRAPH)
        self.input = Input(location, name=location, format="lavfi", faults=faults)
        self.live = bool(_REALTIME.search(location))
        self._camera = LiveSource(self.input, stall=_PATIENCE, ends=True)

    @property
    def gaps(self) -> int:
        """How often a live graph broke off and was started again."""
        return self._camera.gaps

    def frames(self) -> Iterator[Frame]:
        """Raises SourceError if FFmpeg cannot build the graph."""
        return self._camera.frames() if self.live else self._read_all()

    def _read_all(self) -> Iterator[Frame]:
        with self.input.open() as (container, track):
            for index, (shot, time) in enumerate(decode_shots(self.input.name, container, track)):
                yield shot.frame(self.input.name, index, time)
