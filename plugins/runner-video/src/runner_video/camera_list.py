"""Streams: many cameras at once."""

from __future__ import annotations

from pathlib import Path

from runner_core.contracts import Source
from runner_core.errors import RunnerError, SourceError
from runner_core.pipeline import open_source
from runner_core.util import number_repeats, redact_url
from runner_video.merge_cameras import MergedFrames
from runner_video.network_stream import Stream
from runner_video.web import Web


class Streams:
    """A ``.streams`` file: one live source a line, as it is typed anywhere else; lines that begin with # are comments.

    One source of all their frames; each frame's ``source`` says which camera it is from, and a run takes the newest of
    each in turn. ``time`` counts from the first frame of all. A camera that finally fails is left out with a warning.
    """

    live: bool = True

    def __init__(self, location: str) -> None:
        self.path = Path(location)
        self.locations = _read_locations(self.path)
        self.sources = [_open_camera(self.path, line) for line in self.locations]

    @property
    def gaps(self) -> int:
        """How often a camera was lost and came back, over all cameras."""
        return sum(getattr(source, "gaps", 0) for source in self.sources)

    def frames(self) -> MergedFrames:
        """Raises SourceError once there is no camera left."""
        return MergedFrames(self.sources, number_repeats(map(redact_url, self.locations)))


def _open_camera(path: Path, line: str) -> Source:
    """The source of a line. Raises RunnerError.

    An address that does not show what it is counts as a stream, without asking the server: the camera may be off now.
    """
    if line.startswith("streams:") or line.partition("?")[0].lower().endswith(".streams"):
        raise SourceError(f"{path}: {redact_url(line)} is a list itself", remedy="write its cameras here")
    try:
        source = open_source(line)
    except RunnerError as error:
        raise type(error)(f"{path}: {error.message}", remedy=error.remedy) from error
    if isinstance(source, Web) and not source.names_picture:
        return Stream(line)
    if not source.live:
        raise SourceError(f"{path}: {redact_url(line)} is not live", remedy="a list of streams holds only cameras")
    return source


def _read_locations(path: Path) -> list[str]:
    """The locations in the file. Raises SourceError."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})", remedy="check the path"
        ) from error
    locations = [line for line in lines if line and not line.startswith("#")]
    if not locations:
        raise SourceError(f"{path}: no camera in it", remedy="write one source a line")
    return locations
