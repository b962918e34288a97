"""Several sources as one: cameras side by side, files one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

import attrs

from runner_core.contracts import HasFolder, Source
from runner_core.errors import ImageError, SourceError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.camera_group import CameraGroup
from runner_core.pipeline.named_source import NamedSource


def join_sources(sources: Sequence[Source], names: Sequence[str]) -> Source:
    """The one source, a CameraGroup of cameras, or a FileSeries of files; ``names`` are what the sources are called.

    Raises UsageError for none, for cameras and files at once, and for two cameras that were given one name.
    """
    if not sources:
        raise UsageError("no source is given", remedy="name a picture, a folder, a video or a camera")
    if len(sources) == 1:
        return sources[0]
    sources, names = _flatten_groups(sources, names)
    given = Counter(source.name for source in sources if isinstance(source, NamedSource))
    twice = [name for name, times in given.items() if times > 1]
    if twice:
        raise UsageError(f"two sources are named {twice[0]}", remedy="give each a name of its own: ?name=")
    live = [source.live for source in sources]
    if not any(live):
        return FileSeries(tuple(sources), tuple(names))
    if not all(live):
        camera, file = names[live.index(True)], names[live.index(False)]
        raise UsageError(f"{camera} is a camera, {file} is not", remedy="run cameras and files one after the other")
    return CameraGroup(sources, names)


def _flatten_groups(sources: Sequence[Source], names: Sequence[str]) -> tuple[list[Source], list[str]]:
    """The cameras of groups as sources of their own, so that each has its turn."""
    flat: list[tuple[Source, str]] = []
    for source, name in zip(sources, names, strict=True):
        if isinstance(source, CameraGroup):
            flat += zip(source.cameras, source.names, strict=True)
        else:
            flat.append((source, name))
    return [source for source, _ in flat], [name for _, name in flat]


@attrs.define
class FileSeries:
    """The frames of several sources that end, one source after the other, numbered through.

    ``time`` is the one within its own video. Where a source breaks off, or cannot be read at all, a frame that raises
    ImageError stands for the rest of it, so that it is one failure in the answers, and the next source follows.

    ``parts``  the sources; ``names`` what they are called.
    """

    parts: tuple[Source, ...]
    names: tuple[str, ...]
    live: bool = attrs.field(default=False, init=False)

    @property
    def total(self) -> int | None:
        """The number of frames; None if one of the sources does not say."""
        try:
            totals = [getattr(part, "total", None) for part in self.parts]
        except SourceError:  # one that cannot be read: its turn comes
            return None
        return None if None in totals else sum(filter(None, totals))

    @property
    def watch(self) -> bool:
        return any(getattr(part, "watch", False) for part in self.parts)

    @property
    def files(self) -> Collection[str]:
        return [file for part in self.parts for file in getattr(part, "files", ())]

    @property
    def skipped(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for part in self.parts:
            counts.update(getattr(part, "skipped", {}))
        return dict(counts)

    def frames(self) -> Iterator[Frame]:
        numbers = count()
        for part, name in zip(self.parts, self.names, strict=True):
            for frame in _read_to_the_end(part, name):
                frame.index = next(numbers)
                yield frame


def _read_to_the_end(source: Source, name: str) -> Iterator[Frame]:
    last: Frame | None = None
    try:
        for frame in source.frames():
            last = frame
            yield frame
    except SourceError as error:
        yield _make_broken_frame(error, last.source if last else name, last.time if last else None)


def _make_broken_frame(error: SourceError, source: str, time: float | None) -> Frame:
    def read() -> bytes:
        raise ImageError(error.message, remedy=error.remedy) from error

    return Frame(source=source, read=read, time=time)


def list_folders(source: Source) -> Iterator[str]:
    """The folders that a source, or a part of it, searches."""
    for part in source.parts if isinstance(source, FileSeries) else (source,):
        if isinstance(part, HasFolder) and part.folder:
            yield str(part.folder)
