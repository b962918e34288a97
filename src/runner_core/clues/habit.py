"""Habit: what those who train or export a kind of network feed it, told by names in its file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from runner_core.cards.clue import Clue
from runner_core.frames.normalization import Normalization


@attrs.frozen
class Habit:
    """What networks take whose names match the regular expression ``names``.

    ``says``   who takes it, for a person.
    ``sure``   of the range; ``sure_of_colour`` of the colours.
    """

    says: str
    names: str
    range: Normalization
    colour: str
    sure: float
    sure_of_colour: float

    def fits(self, names: str) -> bool:
        return bool(re.search(self.names, names))

    def list_clues(self) -> Iterator[Clue]:
        yield Clue("range", self.range, self.says, self.sure)
        yield Clue("colour", self.colour, self.says, self.sure_of_colour)
