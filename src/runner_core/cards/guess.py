"""Guess: what is supposed of a model because nothing says it."""

from __future__ import annotations

import attrs


@attrs.frozen
class Guess:
    """One thing that a drafted card supposes. Answers that rest on it may be wrong.

    ``about``  what is guessed: ``range``, ``colour``, ``resize``, ``background``, ``outputs``, ``kind``, ...
    ``text``   what is supposed, for a person: "values from -1 to 1".
    ``by``     the options of a brain that settle it, the usual one first: ``("range", "mean", "std")``.
               ``options.order`` stands for an option of the card.
    """

    about: str
    text: str
    by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.text} ({', '.join(self.by)} settles it)" if self.by else self.text
