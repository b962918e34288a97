"""Example: one picture of a data set, and what people say is to be seen in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import attrs

from runner_core.errors import DatasetError
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference

_PLACE = re.compile(r"(.*?[/\\].*?\.\w+(?::\d+)?): (.+)", re.DOTALL)  # a path, and perhaps a line


@attrs.frozen
class Finding:
    """Something odd in a data set: ``place`` is its file, with ``:line`` where it has lines.

    ``repaired`` says what became of it, such as ``cut at the border``; empty: it is left out of the data set.
    """

    place: str
    message: str
    repaired: str = ""

    @classmethod
    def from_error(cls, error: DatasetError, place: str) -> Finding:
        """What is left out because of an error, whose message begins with its file, if not with ``place``."""
        found = _PLACE.fullmatch(error.message)
        return cls(found[1], found[2]) if found else cls(place, error.message)


@attrs.frozen(eq=False)
class Truth:
    """What people say of one picture.

    ``answer``    it as an Inference of the data set's classes: its columns have no scores, its ``brain`` is empty.
    ``ignored``   rows that count neither as found nor as missed: crowds, and what is marked as difficult.
    ``findings``  what was odd in the file and is repaired or left out in ``answer``.
    ``areas``     of the rows in square pixels, where the file says them; empty: those of the masks, else of the boxes.
    """

    answer: Inference
    ignored: frozenset[int] = frozenset()
    findings: tuple[Finding, ...] = ()
    areas: tuple[float, ...] = ()


@attrs.frozen(eq=False)
class Example:
    """One picture of a data set; neither it nor its labels are read before they are asked for.

    ``key``    its name in the data set, with ``/``: the same on every machine.
    ``group``  pictures of one group show the same thing and are never split; the key where nothing is said.
    ``part``   the part of the data set that it is kept in: ``train``, ``val``, ``test``, or empty.
    ``read``   reads its labels. Raises DatasetError.
    """

    picture: Path
    key: str
    read: Callable[[], Truth] = attrs.field(repr=False)
    group: str = attrs.field(default=attrs.Factory(lambda self: self.key, takes_self=True))
    part: str = ""

    def make_frame(self) -> Frame:
        """The picture, which is read when its pixels are asked for."""
        return Frame.from_path(self.picture)
