"""FailureLog: which failures of a run are worth a line."""

from __future__ import annotations

import attrs

from runner_core.results.result import Result

PATIENCE = 10  # failures in a row after which a brain is left out
LEFT_OUT = f"left out after {PATIENCE} failures in a row"


@attrs.define
class FailureLog:
    """Lines about failures, result by result; a brain that keeps failing in the same way gets one line.

    That a brain is left out from now on gets no line here: ``FrameExecutor`` logs it, with the reason.
    """

    _last: dict[str, str] = attrs.field(factory=dict, init=False)  # message by brain

    def lines_of(self, result: Result) -> list[str]:
        """One line for each failure of this result that is new."""
        lines = []
        for failure in result.failures:
            if not failure.brain:
                lines.append(failure.message)
            elif failure.message not in (LEFT_OUT, self._last.get(failure.brain)):
                lines.append(f"{result.frame.source}: brain {failure.brain}: {failure.message}")
            self._last[failure.brain] = failure.message
        return lines
