"""Commands within this process, held to what every command promises."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress

from runner_core.cli.main import main
from runner_core.errors import RunnerError

_CRASHES = ("Traceback (most recent call last)", "this is a bug in runner", "report it to its author")
_MESSAGES = ("runner: ", "wrote ")
_MOST_LINE = 4000  # signs: a message that quotes a whole file helps nobody


class Breach(AssertionError):
    """A promise that an input broke."""


def run_command(*arguments: object) -> int:
    """The exit code: 0, or 1 or 2 with lines that begin with ``runner:``. Raises Breach for any other end."""
    typed = list(map(str, arguments))
    code, told = _run(typed)
    if any(sign in told for sign in _CRASHES):
        _raise_traceback(typed, told)
    if code not in (0, 1, 2):
        raise Breach(f"exit code {code}: {told}")
    if code and not told.strip():
        raise Breach(f"exit code {code}, and nothing says why")
    odd = [line for line in told.splitlines() if line.strip() and not line.startswith(_MESSAGES)]
    if odd:
        raise Breach(f"a line that is no message: {odd[0]!r:.300}")
    for line in told.splitlines():
        if len(line) > _MOST_LINE:
            raise Breach(f"a message of more than {_MOST_LINE} signs: {line:.200}")
        if not line.isprintable():
            raise Breach(f"a message with signs that steer a terminal: {line!r:.200}")
    return code


def _run(typed: list[str]) -> tuple[int, str]:
    code: object = None
    told = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(told):
        try:
            main(typed)
        except SystemExit as stop:
            code = stop.code
    return int(code or 0) if isinstance(code, int | None) else -1, told.getvalue()


def _raise_traceback(typed: list[str], told: str) -> None:
    """Once more, for the error itself."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), suppress(SystemExit):
            main(["--debug", *typed])
    except Exception as error:
        raise Breach(f"{type(error).__name__}: {error!s:.300}") from error
    raise Breach(f"a traceback: {told[-600:]}")


def allow_refusal(call: Callable[[], object]) -> None:
    """Calls it, and lets it raise RunnerError with a message of one line; anything else is its own finding."""
    try:
        call()
    except RunnerError as error:
        if len(str(error).splitlines()) != 1:
            raise Breach(f"a message of several lines: {error!r}") from error
