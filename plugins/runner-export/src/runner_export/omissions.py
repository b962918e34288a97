"""Omissions: what a format cannot hold is reported once, not for every picture."""

from __future__ import annotations

import logging

import numpy as np

from runner_core.results import Inference, Result

log = logging.getLogger("runner")


class Omissions:
    """Reports once per brain what is left out of ``place``."""

    def __init__(self, place: object) -> None:
        self._place = place
        self._reported: set[tuple[str, str]] = set()

    def report_verdict(self, inference: Inference) -> None:
        """That what is said of the picture as a whole is left out, if the inference says something of it."""
        if inference.verdict:
            self.report(inference.brain, "its verdict on the picture as a whole is left out")

    def drop_ignored(self, result: Result) -> tuple[Inference, ...]:
        """The answers without the rows that are ignored, for a format that cannot say so."""
        if not result.ignored:
            return result.answers
        answers = []
        for inference in result.answers:
            self.report(inference.brain, "what is ignored, as crowds and what is difficult, is left out")
            answers.append(inference.take(np.array([row not in result.ignored for row in range(len(inference))], bool)))
        return tuple(answers)

    def report(self, brain: str, what: str) -> None:
        """``what`` completes "brain page: ...", such as ``masks are left out``."""
        if (brain, what) not in self._reported:
            self._reported.add((brain, what))
            log.warning("%s: brain %s: %s", self._place, brain, what)
