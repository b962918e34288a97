"""Omissions: what a format cannot hold is reported once, not for every picture."""

from __future__ import annotations

import logging

log = logging.getLogger("runner")


class Omissions:
    """Reports once per brain what is left out of ``place``."""

    def __init__(self, place: object) -> None:
        self._place = place
        self._reported: set[tuple[str, str]] = set()

    def report(self, brain: str, what: str) -> None:
        """``what`` completes "brain page: ...", such as ``masks are left out``."""
        if (brain, what) not in self._reported:
            self._reported.add((brain, what))
            log.warning("%s: brain %s: %s", self._place, brain, what)
