"""Forks: whether this process is still the one in which something was made.

A fork has none of the threads of the process that it was made of, and its locks and connections as they happened to be:
whoever uses in it what a framework opened before may wait for ever.
"""

from __future__ import annotations

import os

from runner_core.errors import ForkedError

_REMEDY = 'open it in each process, or start them by multiprocessing.get_context("spawn"), which opens it there anew'
_forks = 0  # between the first process and this one; asking for its number would be a call of the system each time


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(after_in_child=_count_fork)


class Birthplace:
    """The process in which it is made."""

    __slots__ = ("_forks",)

    def __init__(self) -> None:
        self._forks = _forks

    @property
    def is_here(self) -> bool:
        """Whether this is that process, not one that was forked from it since."""
        return self._forks == _forks

    def check(self, what: str) -> None:
        """Raises ForkedError with ``what`` was opened if this is another process."""
        if self._forks != _forks:
            raise ForkedError(f"{what} was opened in the process that this one is a fork of", remedy=_REMEDY)
