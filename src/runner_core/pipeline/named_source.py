"""NamedSource: a camera or a video that a person gave a name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from runner_core.contracts import Source
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.mailbox import close_frames
from runner_core.util.location import redact_url

_OPTION = "name="
_UNSAFE = frozenset('/\\:*?"<>|')  # a name becomes part of file names


class NamedSource:
    """A source whose frames are all called ``name``, in records, on pages, in file names."""

    def __init__(self, source: Source, name: str) -> None:
        self.source, self.name, self.live = source, name, source.live

    @property
    def total(self) -> int | None:
        return getattr(self.source, "total", None)

    @property
    def gaps(self) -> int:
        return getattr(self.source, "gaps", 0)

    @property
    def watch(self) -> bool:
        return getattr(self.source, "watch", False)

    @property
    def folder(self) -> Path | None:
        return getattr(self.source, "folder", None)

    @property
    def files(self) -> Collection[str]:
        return getattr(self.source, "files", ())

    @property
    def skipped(self) -> Mapping[str, int]:
        return getattr(self.source, "skipped", {})

    def frames(self) -> NamedFrames:
        return NamedFrames(self.source.frames(), self.name)


class NamedFrames(Iterator[Frame]):
    """Frames under a name; closed from another thread as the source's own are."""

    def __init__(self, frames: Iterator[Frame], name: str) -> None:
        self._frames, self._name = frames, name

    def __next__(self) -> Frame:
        frame = next(self._frames)
        frame.source = self._name
        return frame

    def close(self) -> None:
        close_frames(self._frames)


def split_name(location: str) -> tuple[str, str]:
    """The location without ``name=`` among its options, and that name; empty if it has none.

    Raises UsageError for a name that cannot be part of a file's.
    """
    place, _, query = location.rpartition("?")
    options = query.split("&")
    names = [unquote(option.removeprefix(_OPTION)) for option in options if option.startswith(_OPTION)]
    if not place or not names:
        return location, ""
    (name, *more), rest = names, [option for option in options if not option.startswith(_OPTION)]
    if more or not name.strip() or not name.isprintable() or _UNSAFE.intersection(name):
        problem = "is named twice" if more else f"cannot be named {name!r}"
        raise UsageError(f"{redact_url(place)} {problem}", remedy="give it one name of letters, such as ?name=till")
    return "?".join(filter(None, (place, "&".join(rest)))), name.strip()
