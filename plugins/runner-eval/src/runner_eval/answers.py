"""Where answers come from: brains that are run over the pictures, or the JSON lines of an earlier run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from pathlib import Path, PurePath

import attrs

from runner_core.brain import Brain
from runner_core.datasets import Dataset
from runner_core.errors import UsageError
from runner_core.pipeline import Record, read_lines, read_records, stream
from runner_core.results import Failure, Inference

LEAST_SCORE = 0.001  # mAP asks for what a brain is unsure of, too

Entry = Inference | Failure
Answers = Iterator[tuple[int, Mapping[str, Entry]]]
"""Of each picture, by its place in the data set: the answer of each contestant, by its name."""

Report = Callable[[str], None]


@attrs.frozen
class Contestant:
    """One that is measured.

    ``threshold``  its own score threshold, at which things are counted.
    ``known``      the names of its classes; empty where they are not known.
    ``source``     what answered: an engine, or the file of answers.
    """

    name: str
    threshold: float
    source: str
    known: tuple[str, ...] = ()


def list_contestants(brains: Sequence[Brain]) -> list[Contestant]:
    """The brains, each at the threshold that it was opened with."""
    return [
        Contestant(brain.name, float(brain.conditions.get("conf", 0.0)), brain.engine, brain.labels.names)
        for brain in brains
    ]


def run_brains(brains: Sequence[Brain], data: Dataset, *, exact: bool = False) -> Answers:
    """Every brain over every picture, as a run does it, with all that scores at least ``LEAST_SCORE``.

    Of a chain only the last brain is measured. Raises UsageError for two brains of one name.
    """
    own = {each.name: each.threshold for each in list_contestants(brains)}
    lowered = [brain.at_threshold(min(LEAST_SCORE, own[brain.name])) for brain in brains]
    for result in stream(data, lowered, exact=exact):
        entries: dict[str, Entry] = {each.brain: each for each in result.inferences}
        yield result.frame.index, {name: result.error or entries[name] for name in own}
        result.frame.forget()


def read_answers(path: Path, data: Dataset, *, conf: float | None, report: Report) -> tuple[list[Contestant], Answers]:
    """The brains whose answers are in the JSON lines of a run, and these answers.

    ``conf`` is their threshold; without one all answers are counted. Lines that cannot be used are given to ``report``.
    Raises UsageError for a file that is something else.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file", remedy="give the JSON lines that `runner run` wrote")
    records = _open_records(path, report)
    first = next((record for record in records if record.entries), None)
    if first is None:
        raise UsageError(f"{path}: no answers", remedy="give the JSON lines that `runner run` wrote")
    contestants = [Contestant(entry.brain, conf or 0.0, path.name) for entry in first.entries]
    return contestants, _find_places(chain([first], records), path, data, contestants, report)


def _open_records(path: Path, report: Report) -> Iterator[Record]:
    with path.open("rb") as lines:
        for record in read_records(read_lines(lines), str(path)):
            if isinstance(record, Failure):
                report(record.message)
            else:
                yield record


def _find_places(
    records: Iterator[Record], path: Path, data: Dataset, contestants: Sequence[Contestant], report: Report
) -> Answers:
    """The answers by the place of their picture. Raises UsageError where they are all of other pictures."""
    pictures = _PictureNames(data)
    seen: set[int] = set()
    other = ""
    strangers = 0
    for record in records:
        place = pictures.find(record.source)
        if place is None:
            strangers, other = strangers + 1, other or record.source
        elif place in seen:
            report(f"{path}: {record.source} is there twice; the first answer counts")
        else:
            seen.add(place)
            entries: dict[str, Entry] = {entry.brain: entry for entry in record.entries}
            missing = record.error or Failure("UsageError", "the answers of this brain lack it")
            yield place, {each.name: entries.get(each.name, missing) for each in contestants}
    if not seen:
        raise UsageError(
            f"{path}: not one answer is of a picture of {data.location}",
            remedy=f"the answers are of {other}; give those of a run over the data set's pictures",
        )
    if strangers:
        report(f"{path}: {strangers} answers are of pictures that {data.location} does not have, such as {other}")


class _PictureNames:
    """Finds a picture by the name that it had in a run: the one whose path ends most alike."""

    def __init__(self, data: Dataset) -> None:
        self._paths: dict[str, list[tuple[int, PurePath]]] = defaultdict(list)
        for place, example in enumerate(data):
            self._paths[example.picture.name].append((place, example.picture))

    def find(self, source: str) -> int | None:
        """None where there is none, or there are several."""
        alike = [(_count_shared_parts(path, PurePath(source)), place) for place, path in self._candidates(source)]
        most = max((count for count, _ in alike), default=0)
        best = [place for count, place in alike if count == most]
        return best[0] if len(best) == 1 else None

    def _candidates(self, source: str) -> list[tuple[int, PurePath]]:
        return self._paths.get(PurePath(source).name, [])


def _count_shared_parts(one: PurePath, other: PurePath) -> int:
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
