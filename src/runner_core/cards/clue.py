"""Clue: what something besides a card says about how a model takes a picture."""

from __future__ import annotations

from typing import Literal

import attrs

from runner_core.frames.normalization import Normalization

KNOWN_FROM = 0.9  # the confidence from which a clue counts as knowledge; below it, what it says is a guess


@attrs.frozen
class Clue:
    """One statement about a model's picture input.

    ``about``       what it speaks of: the ``range`` of the values, the order of ``colour``, the rule of ``resize``, or
                    the filter, ``resample``.
    ``value``       a Normalization for ``range``; else as PictureSpec has it: ``bgr``, ``letterbox``.
    ``says``        what says so, for a person: "the graph divides by 255 itself".
    ``confidence``  how sure that is, 0 to 1.
    """

    about: Literal["range", "colour", "resize", "resample"]
    value: Normalization | str
    says: str
    confidence: float

    @property
    def is_sure(self) -> bool:
        """Whether it is knowledge, not a guess with a reason."""
        return self.confidence >= KNOWN_FROM
