"""Check: a list of promises, tried one after the other on a plugin's part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from runner_core.errors import RunnerError

P = ParamSpec("P")
C = TypeVar("C")


class BrokenPromise(AssertionError):  # noqa: N818  # test reports show this name: a promise, not an error of runner
    """Says who breaks which promise, and what happened instead."""


class Check(Generic[P, C]):
    """A conformance check. When called, it tries every promise and raises BrokenPromise at the first that is broken.

    ``case`` makes what the promises are tried on from the parameters of the check, once for each promise. A promise is
    a function of a case; its docstring is the sentence that BrokenPromise quotes.
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
                raise BrokenPromise(_describe_broken(case, promise, broken)) from broken.__cause__
            except Exception as error:
                raise BrokenPromise(_describe_broken(case, promise, f"{type(error).__name__}: {error}")) from error

    def each(self) -> dict[str, Check[P, C]]:
        """The promises by function name, each as a check of its own with the same parameters."""
        return {promise.__name__: Check(self.case, promise) for promise in self.promises}


def demand(kept: bool, instead: str) -> None:
    """Raises BrokenPromise with what happened ``instead``, unless the promise is kept."""
    if not kept:
        raise BrokenPromise(instead)


def demand_members(part: object, protocol: type) -> None:
    """Demands that ``part`` has every method and attribute of a contract; names those that are missing."""
    declared = {name for base in protocol.__mro__ for name in (*vars(base), *vars(base).get("__annotations__", ()))}
    missing = sorted(name for name in declared if not name.startswith("_") and getattr(part, name, None) is None)
    demand(isinstance(part, protocol), f"{type(part).__name__} has no {', '.join(missing)}: add it")


def demand_refusal(call: Callable[[], object], error: type[RunnerError], what: str, *, naming: str = "") -> None:
    """Demands that ``call`` raises ``error``, with one line that contains ``naming``; ``what`` says what was tried."""
    try:
        call()
    except error as raised:
        demand("\n" not in str(raised), f"{what} gives a message of several lines, not one: {str(raised)!r}")
        demand(naming in str(raised), f"{what} gives a message that does not name {naming!r}: {raised}")
    except Exception as raised:
        raise BrokenPromise(f"{what} raises {type(raised).__name__}: {raised}, not {error.__name__}") from raised
    else:
        raise BrokenPromise(f"{what} does not raise {error.__name__}")


def allow_only(call: Callable[[], object], error: type[RunnerError], what: str) -> None:
    """Demands that ``call`` raises nothing, or ``error``; ``what`` says what was tried."""
    try:
        call()
    except error:
        return
    except Exception as raised:
        raise BrokenPromise(f"{what} raises {type(raised).__name__}: {raised}, not {error.__name__}") from raised


def _describe_broken(case: object, promise: Callable[..., Any], instead: object) -> str:
    promised = " ".join((promise.__doc__ or promise.__name__).split()).rstrip(".")
    return f"{case} breaks a promise: {promised}. Instead: {instead}"
