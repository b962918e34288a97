"""Chain syntax: brains typed one after the other, ``page[page] > graphs``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs

from runner_core.brain import Brain
from runner_core.errors import UsageError
from runner_core.util.spelling import ask_if_meant

_MARGIN = "margin"
_STEP = re.compile(r"^(?P<brain>.*?)\s*(?:\[(?P<into>[^\[\]]*)\])?$", re.DOTALL)


@attrs.frozen
class Step:
    """A brain as typed, and what the next one looks into: all labels or those in brackets, with a margin."""

    brain: str
    on: tuple[str, ...] | None = None
    margin: float = 0.0


def parse_chain(text: str) -> tuple[Step, ...]:
    """The steps of ``page?conf=0.4[page, margin=0.05] > graphs``; one for a brain by itself.

    Raises UsageError for a step without a brain, a bracket that is not closed, an option other than margin, or a margin
    that is not a number.
    """
    *before, last = (part.strip() for part in text.split(">"))
    steps = (*(_parse_step(part) for part in before), Step(last))
    if not all(step.brain for step in steps):
        raise UsageError(f"{text!r}: a brain is missing", remedy="write page > graphs, or page[page] > graphs")
    for step in steps if before else ():
        _check_brackets(step.brain, text)
    return steps


def _check_brackets(brain: str, text: str) -> None:
    """A folder may be called nets/[new]; the bracket of a step ends it."""
    if brain.count("[") != brain.count("]"):
        problem = "is not closed" if brain.count("[") > brain.count("]") else "was never opened"
        raise UsageError(f"{text!r}: the bracket of {brain!r} {problem}", remedy="write page[page] > graphs")


def _parse_step(part: str) -> Step:
    match: Any = _STEP.match(part)  # matches any text
    words = [word.strip() for word in (match["into"] or "").split(",") if word.strip()]
    options = [word for word in words if "=" in word]
    names = tuple(word for word in words if word not in options)
    return Step(match["brain"], names or None, [0.0, *map(_parse_margin, options)][-1])


def _parse_margin(word: str) -> float:
    key, _, value = word.partition("=")
    if key.strip() != _MARGIN:
        raise UsageError(f"no option {key.strip()!r}", remedy=f"{ask_if_meant(key.strip(), [_MARGIN])}known: {_MARGIN}")
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"{word} is not a number", remedy="write margin=0.05") from None


def build_chain(steps: Sequence[Step], opened: Mapping[str, Brain]) -> Brain:
    """The chain of brains, or the one brain; ``opened`` has the brains by what was typed."""
    brain = opened[steps[0].brain]
    for step, following in pairwise(steps):
        brain = brain.then(opened[following.brain], on=step.on, margin=step.margin)
    return brain
