"""Proposer: what brains find in pictures, for people to accept; asked in a thread of its own, what is wanted first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Condition, Thread
from typing import Any

import attrs
import numpy as np

from runner_core.brain import Brain
from runner_core.errors import RunnerError
from runner_core.frames import Frame
from runner_core.results import Inference, boxes_of, merge
from runner_liveview.labelling.pictures import Picture

CONF = 0.1  # score from which brains propose, unless they are typed with another; the page has a slider
SAME = 0.7  # IoU from which two proposals of one class are one: the better one is shown
LEAST = 0.05  # of a score: below it nothing is proposed

Answers = tuple[Inference, ...]


class Proposer:
    """``tell`` is called in the thread, with the name of a picture that has been looked at.

    ``answers``  what is known so far by the names of pictures; ``faults`` why one could not be looked at.
    """

    def __init__(self, pictures: Mapping[str, Picture], tell: Callable[[str], None]) -> None:
        self._pictures, self._tell = pictures, tell
        self._brains: Sequence[Brain] = ()
        self._wanted: list[str] = []
        self._changed = Condition()
        self._over = False
        self.answers: dict[str, Answers] = {}
        self.faults: dict[str, str] = {}
        self._thread = Thread(target=self._work, name="runner-label-proposals", daemon=True)
        self._thread.start()

    @property
    def brains(self) -> list[str]:
        """The names of those that are asked."""
        return [brain.name for brain in self._brains]

    def ask(self, brains: Sequence[Brain], known: Mapping[str, Answers] | None = None) -> None:
        """From now on asks these brains. ``known`` are answers that need no brain; all others are forgotten."""
        with self._changed:
            self._brains, self._wanted = brains, []
            self.answers, self.faults = dict(known or {}), {}

    def want(self, names: Sequence[str]) -> None:
        """Looks at these pictures next, in this order."""
        with self._changed:
            new = [name for name in names if name not in self.answers]
            self._wanted = new + [name for name in self._wanted if name not in new]
            self._changed.notify()

    def close(self) -> None:
        """Ends the thread, once it has looked at its picture."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over or (self._wanted and self._brains))
                if self._over:
                    return
                name, brains = self._wanted.pop(0), self._brains
            self._look(name, brains)

    def _look(self, name: str, brains: Sequence[Brain]) -> None:
        answers: Answers = ()
        fault = ""
        try:
            frame = Frame.from_path(self._pictures[name].path, source=name)
            answers = tuple(brain.predict(frame) for brain in brains)
        except RunnerError as error:
            fault = str(error)
        with self._changed:
            if brains is not self._brains:  # they were replaced meanwhile
                return
            self.answers[name] = answers
            if fault:
                self.faults[name] = fault
        self._tell(name)


def to_proposals(answers: Answers) -> list[dict[str, Any]]:
    """What a page shows: label, box, score, brain, best first. What several brains find at one place is there once."""
    found = [_with_scores(answer) for answer in answers if answer.boxes is not None]
    if not found:
        return []
    merged = merge(found, iou=SAME)
    rows = merged.inference
    boxes, scores = boxes_of(rows).round(2).tolist(), np.asarray(rows.scores).tolist()
    return [
        {"label": label, "box": box, "score": round(score, 3), "brain": brain}
        for label, box, score, brain in zip(rows.names, boxes, scores, merged.brains, strict=True)
        if score >= LEAST
    ]


def _with_scores(answer: Inference) -> Inference:
    """Rows without scores are what somebody is sure of."""
    return answer if answer.scores is not None else attrs.evolve(answer, scores=np.ones(len(answer), np.float32))
