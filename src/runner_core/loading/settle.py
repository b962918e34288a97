"""The border where what a task's codec answers becomes the answer of a brain: it keeps what an Inference promises."""

from __future__ import annotations

import logging

import attrs
import numpy as np

from runner_core.results.boxes import clip_boxes
from runner_core.results.inference import Inference

log = logging.getLogger("runner")

_told: set[str] = set()  # tasks whose rows were out of order, each said once in a process


def settle_answer(answer: Inference, task: str) -> Inference:
    """The answer with upright boxes cut at the picture's borders and rows by descending score.

    Turned boxes may reach out of the picture and stay. Rows out of order are sorted, and ``task``, the name of the
    plugin that gave them, is said once. What keeps both already is returned as it is.
    """
    return _sort_rows(_clip_rows(answer), task)


def _clip_rows(answer: Inference) -> Inference:
    boxes = answer.boxes
    if boxes is None or answer.angles is not None or not boxes.size:
        return answer
    if boxes.min() >= 0 and (boxes <= np.array(answer.size * 2, np.float32)).all():
        return answer
    return attrs.evolve(answer, boxes=clip_boxes(boxes, answer.size))


def _sort_rows(answer: Inference, task: str) -> Inference:
    scores = answer.scores
    if scores is None or not (scores[1:] > scores[:-1]).any():
        return answer
    if task not in _told:
        _told.add(task)
        log.warning("task %s gives rows out of the order of their scores; they are sorted: tell its author", task)
    return answer.take(np.argsort(-scores, kind="stable"))
