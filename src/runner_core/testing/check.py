"""Check: a list of promises, tried one after the other on whoever made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from runner_core.errors import RunnerError

P = ParamSpec("P")
C = TypeVar("C")


class BrokenPromise(AssertionError):  # noqa: N818  # what a test report shows: a promise, not an error of runner's
    """Says whose promise is broken, which one, and what happened instead."""


class Check(Generic[P, C]):
    """A conformance check. Called, it tries every promise and raises BrokenPromise at the first that is not kept.

    A promise is a function of a case; its docstring is the promise. Each starts from a case of its own.
    """

    def __init__(self, case: Callable[P, C], *promises: Callable[[C], None]) -> None:
        self.case, self.promises = case, promises
        self.__doc__ = case.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for promise in self.promises:
            case = self.case(*args, **kwargs)
            try:
                promise(case)
            except BrokenPromise as broken:
                raise BrokenPromise(_told(case, promise, broken)) from broken.__cause__
            except Exception as error:
                raise BrokenPromise(_told(case, promise, f"{type(error).__name__}: {error}")) from error

    def each(self) -> dict[str, Check[P, C]]:
        """The promises by name, each as a check of its own with the same parameters."""
        return {promise.__name__: Check(self.case, promise) for promise in self.promises}


def demand(kept: bool, instead: str) -> None:
    """Raises BrokenPromise saying what is there ``instead``, unless the promise is kept."""
    if not kept:
        raise BrokenPromise(instead)


def refused(call: Callable[[], object], error: type[RunnerError], what: str, *, naming: str = "") -> None:
    """Demands that ``call`` raises ``error``, on one line that holds ``naming``; ``what`` says what was tried."""
    try:
        call()
    except error as raised:
        demand("\n" not in str(raised), f"{what} gives a message of several lines: {str(raised)!r}")
        demand(naming in str(raised), f"{what} gives a message that does not name {naming!r}: {raised}")
    except Exception as raised:
        raise BrokenPromise(f"{what} raises {type(raised).__name__}: {raised}, not {error.__name__}") from raised
    else:
        raise BrokenPromise(f"{what} raises no {error.__name__}")


def at_most(call: Callable[[], object], error: type[RunnerError], what: str) -> None:
    """Demands that ``call`` raises nothing but ``error``, if anything."""
    try:
        call()
    except error:
        return
    except Exception as raised:
        raise BrokenPromise(f"{what} raises {type(raised).__name__}: {raised}, not {error.__name__}") from raised


def _told(case: object, promise: Callable[..., Any], instead: object) -> str:
    promised = " ".join((promise.__doc__ or promise.__name__).split()).rstrip(".")
    return f"{case} breaks a promise: {promised}. Instead: {instead}"
