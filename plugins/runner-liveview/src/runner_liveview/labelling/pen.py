"""Pen: of the pages that are open, the one that may draw."""

from __future__ import annotations

import attrs


@attrs.define
class Pen:
    """``pages`` are open, the oldest first; ``holder`` is the one that may draw, or empty."""

    pages: list[str] = attrs.field(factory=list)
    holder: str = ""

    def come(self, page: str) -> None:
        """A page was opened: it may draw if nobody else does."""
        self.pages.append(page)
        self.holder = self.holder or page

    def leave(self, page: str) -> None:
        """A page was closed: the oldest of the others may draw now."""
        self.pages.remove(page)
        if self.holder == page and page not in self.pages:
            self.holder = self.pages[0] if self.pages else ""

    def take(self, page: str) -> None:
        """Somebody takes the pen from whoever has it."""
        self.holder = page

    def allows(self, page: str) -> bool:
        """Whether a page may draw. One that nobody knows may if it is alone: the server is new."""
        return self.holder in ("", page)
