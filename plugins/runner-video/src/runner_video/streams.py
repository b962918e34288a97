"""Streams: many cameras at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from runner_core.contracts import Source
from runner_core.errors import RunnerError, SourceError
from runner_core.pipeline import open_source
from runner_core.util import redact_url
from runner_video.merged import MergedFrames
from runner_video.stream import Stream
from runner_video.web import Web


class Streams:
    """A ``.streams`` file: one live source a line, as it is typed anywhere else; a line that begins with # is none.

    One source of all their frames, each saying by ``source`` which camera it is from; a run takes the newest of each
    in turn. ``time`` counts from the first frame of all. A camera that fails for good is left out with a warning.
    """

    live: bool = True

    def __init__(self, location: str) -> None:
        self.path = Path(location)
        self.locations = _lines(self.path)
        self.sources = [_camera(self.path, line) for line in self.locations]

    @property
    def gaps(self) -> int:
        """How often a camera was lost and came back, those of all together."""
        return sum(getattr(source, "gaps", 0) for source in self.sources)

    def frames(self) -> MergedFrames:
        """Raises SourceError when there is no camera left."""
        return MergedFrames(self.sources, _suffixes(self.locations))


def _camera(path: Path, line: str) -> Source:
    """The source of a line. Raises RunnerError.

    An address that does not tell what it is, is a stream here, and nobody is asked: it may be off for now.
    """
    if line.startswith("streams:") or line.partition("?")[0].lower().endswith(".streams"):
        raise SourceError(f"{path}: {redact_url(line)} is a list itself", remedy="write its cameras here")
    try:
        source = open_source(line)
    except RunnerError as error:
        raise type(error)(f"{path}: {error.message}", remedy=error.remedy) from error
    if isinstance(source, Web) and not source.told:
        return Stream(line)
    if not source.live:
        raise SourceError(f"{path}: {redact_url(line)} is not live", remedy="a list of streams holds cameras alone")
    return source


def _suffixes(locations: Sequence[str]) -> list[str]:
    """What is added to the name of each camera: a number where an earlier one has the same URL but for its query."""
    seen: Counter[str] = Counter()
    suffixes = []
    for name in map(redact_url, locations):
        seen[name] += 1
        suffixes.append(f" ({seen[name]})" if seen[name] > 1 else "")
    return suffixes


def _lines(path: Path) -> list[str]:
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
