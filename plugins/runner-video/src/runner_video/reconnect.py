"""Outage: while a live source gives nothing, when to try again."""

from __future__ import annotations

import logging
import random
from time import monotonic

from runner_core.errors import SourceError

log = logging.getLogger("runner")

FIRST, LONGEST = 0.25, 1.5  # seconds before an attempt: doubled from one to the next


class Outage:
    """Counts attempts and the time since the last picture; logs when an outage begins and when it ends.

    ``give_up``  seconds after which it is final; None tries for ever, once something has come.
    """

    def __init__(self, name: str, give_up: float | None) -> None:
        self._name, self._give_up = name, give_up
        self._since: float | None = monotonic()
        self._attempts = 0
        self._begun = False

    def pause(self, error: SourceError) -> float:
        """Seconds to wait before the next attempt, randomised so that many cameras do not reconnect at once.

        Raises ``error`` if nothing ever came and ``give_up`` is None, or SourceError once it is given up.
        """
        if not self._begun and self._give_up is None:
            raise error
        if self._since is None:
            self._since = monotonic()
            log.warning("%s; connecting again", error.message)
        if self._give_up is not None and monotonic() - self._since >= self._give_up:
            raise SourceError(f"{error.message}; given up after {self._give_up:g} s", remedy=error.remedy) from error
        self._attempts += 1
        return min(FIRST * 2.0 ** min(self._attempts - 1, 10), LONGEST) * random.uniform(0.5, 1)

    def end(self) -> bool:
        """Notes that something came; whether that ends a gap."""
        gap = self._begun and self._since is not None
        if gap and self._since is not None:
            lost = monotonic() - self._since
            log.warning("%s: back after a gap of %.1f s, at attempt %d", self._name, lost, self._attempts)
        self._begun, self._since, self._attempts = True, None, 0
        return gap
