"""Tracebacks that end where a program calls runner: the message says what is wrong, not the way to it inside."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from runner_core.errors import PluginError, RunnerError
from runner_core.util.settings import is_set

DEBUG_VARIABLE = "RUNNER_DEBUG"
_whole = ContextVar("whole", default=False)

P = ParamSpec("P")
R = TypeVar("R")


def shorten_traceback(function: Callable[P, R]) -> Callable[P, R]:
    """Has a RunnerError leave the function, or the generator that it makes, without the calls and causes inside.

    The cause stays as ``__context__``. Everything is shown where ``RUNNER_DEBUG`` is set, and always of a PluginError,
    whose traceback is for the plugin's author.
    """
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def generate(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return (yield from function(*args, **kwargs))
            except RunnerError as error:
                raise _shorten(error)  # noqa: B904  # the same error, with the cause that it has

        return cast(Callable[P, R], generate)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RunnerError as error:
            raise _shorten(error)  # noqa: B904  # the same error, with the cause that it has

    return call


@contextmanager
def keep_tracebacks() -> Iterator[None]:
    """Inside the block tracebacks are whole, as with ``RUNNER_DEBUG``."""
    before = _whole.set(True)
    try:
        yield
    finally:
        _whole.reset(before)


def wants_tracebacks() -> bool:
    """Whether ``RUNNER_DEBUG`` or ``keep_tracebacks`` asks for whole ones."""
    return _whole.get() or is_set(DEBUG_VARIABLE)


def _shorten(error: RunnerError) -> RunnerError:
    """The error without its way here and its cause, to be raised at once."""
    if wants_tracebacks() or isinstance(error, PluginError):
        return error
    if error.__cause__ is not None:
        error.__context__, error.__cause__ = error.__cause__, None
    error.__suppress_context__ = True  # as ``raise ... from None`` does
    return error.with_traceback(None)
