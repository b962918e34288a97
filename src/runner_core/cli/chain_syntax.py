"""Chain syntax: brains typed one after the other, ``page[page] > graphs``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs

from runner_core.brain import Brain
from runner_core.cards.crop_rule import AROUND, CropRule
from runner_core.errors import UsageError
from runner_core.stores.reference import names_file
from runner_core.util.spelling import ask_if_meant

_ENDS = re.compile(r"[?\[>]|$")  # of what may be a file
_STEP = re.compile(r"^(?P<brain>.*?)\s*(?:\[(?P<into>[^\[\]]*)\])?$", re.DOTALL)


def _read_align(text: str) -> tuple[int, int] | str:
    """``box``, ``none``, or the numbers of two keypoints, ``0-2``."""
    if text in ("box", "none"):
        return text
    start, end = text.split("-")
    return int(start), int(end)


def _read_around(text: str) -> str:
    if text not in AROUND:
        raise ValueError(text)
    return text


# The options in brackets, each with how it is read and an example.
_OPTIONS: dict[str, tuple[Callable[[str], Any], str]] = {
    "margin": (float, "margin=0.05"),
    "align": (_read_align, "align=0-2, two keypoints; or align=box, align=none"),
    "at": (float, "at=90, in degrees"),
    "around": (_read_around, f"around={', around='.join(AROUND)}"),
    "scale": (float, "scale=1.5"),
    "shift_x": (float, "shift_x=0.5"),
    "shift_y": (float, "shift_y=-0.5"),
    "square": (lambda text: bool(int(text)), "square=1"),
}


@attrs.frozen
class Step:
    """A brain as typed, and what the next one looks into: all labels or those in brackets, and how it is cropped."""

    brain: str
    on: tuple[str, ...] | None = None
    options: Mapping[str, Any] = attrs.field(factory=dict)


def parse_chain(text: str) -> tuple[Step, ...]:
    """The steps of ``page?conf=0.4[page, margin=0.05] > graphs``; one for a brain alone. A file may have such signs.

    Raises UsageError for a step without a brain, a bracket that is not closed, and an option that is not known or that
    cannot be read.
    """
    *before, last = _split_steps(text.strip())
    steps = (*(_parse_step(part) for part in before), Step(last))
    if not all(step.brain for step in steps):
        raise UsageError(f"{text!r}: a brain is missing", remedy="write page > graphs, or page[page] > graphs")
    for step in steps if before else ():
        _check_brackets(step.brain, text)
    return steps


def _split_steps(text: str) -> list[str]:
    """What stands between the signs ``>`` that are in no name of a file that is there."""
    ends = [end.start() for end in _ENDS.finditer(text)]
    place = text.find(">", max((end for end in ends if names_file(text[:end].rstrip())), default=0))
    return [text] if place < 0 else [text[:place].rstrip(), *_split_steps(text[place + 1 :].strip())]


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
    return Step(match["brain"], names or None, dict(map(_parse_option, options)))


def _parse_option(word: str) -> tuple[str, Any]:
    key, value = (part.strip() for part in word.split("=", 1))
    if key not in _OPTIONS:
        raise UsageError(f"no option {key!r}", remedy=f"{ask_if_meant(key, _OPTIONS)}known: {', '.join(_OPTIONS)}")
    read, example = _OPTIONS[key]
    try:
        return key, read(value)
    except ValueError:
        raise UsageError(f"{word} cannot be read", remedy=f"write {example}") from None


def build_chain(steps: Sequence[Step], opened: Mapping[str, Brain]) -> Brain:
    """The chain of brains, or the one brain; ``opened`` has the brains by what was typed."""
    brain = opened[steps[0].brain]
    for step, following in pairwise(steps):
        second = opened[following.brain]
        brain = brain.then(
            second, on=step.on, margin=step.options.get("margin", 0.0), crops=_choose_crops(step.options, second.crops)
        )
    return brain


def _choose_crops(options: Mapping[str, Any], wanted: Sequence[CropRule]) -> Sequence[CropRule] | None:
    """The rules that the next brain wants, changed by what was typed; None if nothing was, so that its own hold.

    With ``align`` they are replaced. Raises UsageError for what makes no rule.
    """
    changes = {key: value for key, value in options.items() if key != "margin"}
    align = changes.pop("align", None)
    if align == "none" and not changes:
        return ()
    if align == "none":
        raise UsageError(f"align=none with {', '.join(changes)}: a crop is upright then", remedy="write align=box")
    if align is None and not changes:
        return None
    line = None if align in (None, "box") else align
    try:
        base = wanted if wanted and align is None else (CropRule(line=line),)
        return tuple(_change_rule(rule, changes) for rule in base)
    except ValueError as error:
        raise UsageError(str(error), remedy="write page[align=0-2, at=90, scale=2.6] > graphs") from None


def _change_rule(rule: CropRule, changes: Mapping[str, Any]) -> CropRule:
    plain = {key: value for key, value in changes.items() if not key.startswith("shift")}
    shift = (changes.get("shift_x", rule.shift[0]), changes.get("shift_y", rule.shift[1]))
    return attrs.evolve(rule, **plain, shift=shift)
