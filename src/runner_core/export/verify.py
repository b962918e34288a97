"""Verify: whether brains that should give the same answers do, picture by picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from runner_core.brain import Brain
from runner_core.cards.tolerance import Tolerance
from runner_core.errors import RunnerError
from runner_core.export.golden import Golden
from runner_core.frames.frame import Frame
from runner_core.results.compare import Comparison, compare_inferences
from runner_core.results.inference import Inference
from runner_core.results.result import Failure, Result


@attrs.frozen
class Verdict:
    """How the answer of ``other`` compares with that of ``one`` for one picture; each is an engine or a golden file."""

    source: str
    one: str
    other: str
    comparison: Comparison

    @property
    def pair(self) -> str:
        return f"{self.one} - {self.other}"


@attrs.frozen
class CheckedPicture:
    """One picture: the first brain's answer, and a verdict for every other answer."""

    result: Result
    verdicts: tuple[Verdict, ...]


def verify_brains(
    frames: Iterable[Frame],
    brains: Mapping[str, Brain],
    tolerance: Tolerance,
    golden: Golden | None = None,
    allowed: Mapping[str, Tolerance] | None = None,
) -> Iterator[CheckedPicture]:
    """Compares all ``brains``, named by their engine, with the golden file, or with the first of them.

    ``allowed`` has the larger tolerances of some of them, by name.
    """
    each = {name: tolerance.widen_to((allowed or {}).get(name, tolerance)) for name in brains}
    for frame in frames:
        answers: dict[str, Inference | Failure | None] = {name: _ask(brain, frame) for name, brain in brains.items()}
        own = next(iter(answers.values()))
        if golden:
            answers = {golden.path.name: golden.answer(frame.source), **answers}
        (first, one), *others = answers.items()
        between = {name: each[name].widen_to(each.get(first, tolerance)) for name, _ in others}
        verdicts = (Verdict(frame.source, first, name, _compare(one, other, between[name])) for name, other in others)
        yield CheckedPicture(_to_result(frame, own), tuple(verdicts))
        frame.forget()


def _ask(brain: Brain, frame: Frame) -> Inference | Failure:
    try:
        return brain.infer(frame)
    except RunnerError as error:
        return Failure.from_error(error, brain=brain.name)


def _compare(one: Inference | Failure | None, other: Inference | Failure | None, tolerance: Tolerance) -> Comparison:
    if isinstance(one, Inference) and isinstance(other, Inference):
        return compare_inferences(one, other, tolerance)
    failed = [answer.message for answer in (one, other) if isinstance(answer, Failure)]
    return Comparison(faults=tuple(dict.fromkeys(failed)) or ("the golden file has no answer for this picture",))


def _to_result(frame: Frame, answer: Inference | Failure | None) -> Result:
    if isinstance(answer, Failure):
        return Result(frame, error=attrs.evolve(answer, brain=""))
    return Result(frame, (answer,) if answer else ())
