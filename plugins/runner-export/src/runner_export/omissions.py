"""Omissions: what a format cannot hold is said once, not once a picture."""

from __future__ import annotations

import logging

log = logging.getLogger("runner")


class Omissions:
    """Tells of each brain once what is left out of ``place``."""

    def __init__(self, place: object) -> None:
        self._place = place
        self._told: set[tuple[str, str]] = set()

    def say(self, brain: str, what: str) -> None:
        """``what`` completes "brain page: ...", such as ``masks have no place in YOLO's boxes``."""
        if (brain, what) not in self._told:
            self._told.add((brain, what))
            log.warning("%s: brain %s: %s", self._place, brain, what)
