"""Streams: many cameras at once."""

from __future__ import annotations

from pathlib import Path

from runner_core.contracts import Source
from runner_core.errors import RunnerError, SourceError
from runner_core.pipeline import CameraGroup, open_source, source_name_of
from runner_core.util import read_plain_text, redact_url
from runner_video.web import Web


class Streams(CameraGroup):
    """A ``.streams`` file: one live source a line, as it is typed anywhere else; lines that begin with # are comments.

    A line may end in ``?name=till``, which is what the camera is called.
    """

    def __init__(self, location: str) -> None:
        self.path = Path(location)
        self.locations = _read_locations(self.path)
        cameras = [_open_camera(self.path, line) for line in self.locations]
        super().__init__(cameras, list(map(source_name_of, self.locations, cameras)))


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
        return open_source(f"stream:{line}")
    if not source.live:
        raise SourceError(f"{path}: {redact_url(line)} is not live", remedy="a list of streams holds only cameras")
    return source


def _read_locations(path: Path) -> list[str]:
    """The locations in the file. Raises SourceError."""
    try:
        lines = [line.strip() for line in read_plain_text(path).splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})", remedy="check the path"
        ) from error
    locations = [line for line in lines if line and not line.startswith("#")]
    if not locations:
        raise SourceError(f"{path}: no camera in it", remedy="write one source a line")
    return locations
