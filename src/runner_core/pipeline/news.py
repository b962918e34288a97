"""News: what goes wrong in a run, said when it is new."""

from __future__ import annotations

import attrs

from runner_core.pipeline.executor import LEFT_OUT
from runner_core.results.result import Result


@attrs.define
class News:
    """Lines about failures, result by result; a brain that goes on failing as before is said once.

    That one is left out from now on is none: whoever leaves it out logs that, and why.
    """

    _last: dict[str, str] = attrs.field(factory=dict, init=False)

    def of(self, result: Result) -> list[str]:
        """One line for each failure of this result that is news."""
        lines = []
        for failure in result.failures:
            if not failure.brain:
                lines.append(failure.message)
            elif failure.message not in (LEFT_OUT, self._last.get(failure.brain)):
                lines.append(f"{result.frame.source}: brain {failure.brain}: {failure.message}")
            self._last[failure.brain] = failure.message
        return lines
