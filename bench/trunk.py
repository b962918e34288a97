"""Brains that share a trunk, against the same brains whole: same weights, same JPEGs of 640 x 480, in turns.

The brains are light heads on one EfficientNet-Lite0 with random weights, or those of ``--brains``, each a folder with
a head on a trunk and the whole network. Both rivals run in this process by ``stream``, as many pictures at a time as
there are cores, one thread a network.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import attrs
from _light_brains import count_work, write_brain
from _pictures import make_shifted_jpegs
from _testdata import find_testdata

from runner_core import Brain, Card, LocalBrain, open_brain, stream
from runner_core.cards import CARD_FILE, Artifact, Tolerance
from runner_core.results import Comparison, compare_inferences

COUNTS = (1, 2, 5, 10)
LEAST, MOST_FURTHER = 5.0, 0.12
IOU, SCORE = 0.99, 0.005
SIZE = (640, 480)
BLOCK = 16  # pictures a turn
FOUND = 10  # instances in a picture, of brains with random weights


@attrs.frozen
class Pair:
    """A brain on its trunk, and the same brain whole."""

    shared: LocalBrain
    whole: LocalBrain


def open_pair(folder: Path, name: str, engine: str, conf: float | None, stack: ExitStack) -> Pair:
    def open_form(artifact: Artifact) -> LocalBrain:
        path = folder / artifact.path
        return stack.enter_context(open_brain(path, name=name, engine=engine, threads=1, conf=conf))

    artifacts = Card.read(folder / CARD_FILE).artifacts
    head = next(each for each in artifacts if each.trunk)
    whole = next(each for each in artifacts if not each.trunk and each.format == head.format)
    return Pair(open_form(head), open_form(whole))


def find_threshold(folder: Path, pictures: Sequence[Path]) -> float:
    """At which a brain with random weights finds some things in a picture, as a trained one does."""
    with open_brain(folder / "whole.onnx", conf=0.0) as brain:
        return median(float(brain.predict(path).scores[FOUND]) for path in pictures[:5])


@attrs.frozen
class Turn:
    """Milliseconds a picture, of the clock and of the processors, of one rival in one turn."""

    clock: float
    busy: float

    @classmethod
    def of(cls, brains: Sequence[Brain], listing: Path) -> Turn:
        begun, worked = perf_counter(), process_time()
        count = sum(len(result.answers) == len(brains) for result in stream(f"file:{listing}", brains))
        assert count == BLOCK, "a brain failed"
        return cls((perf_counter() - begun) * 1e3 / count, (process_time() - worked) * 1e3 / count)


@attrs.frozen
class Row:
    """All turns of so many brains, on their trunk and whole."""

    count: int
    shared: Sequence[Turn]
    whole: Sequence[Turn]

    def times(self, measure: str) -> float:
        """How many times as fast they are on their trunk: the median over pairs of turns."""
        pairs = zip(self.shared, self.whole, strict=True)
        return median(getattr(whole, measure) / getattr(shared, measure) for shared, whole in pairs)

    def __str__(self) -> str:
        rates = (1e3 / median(turn.clock for turn in turns) for turns in (self.shared, self.whole))
        busy = (median(turn.busy for turn in turns) for turns in (self.shared, self.whole))
        figures = (*rates, self.times("clock"), *busy, self.times("busy"))
        return f"{self.count:>6}" + "".join(f"{figure:>11.2f}" for figure in figures)


def take_turns(pairs: Sequence[Pair], listings: Sequence[Path]) -> list[Row]:
    """In each turn every number of brains, on their trunk and whole; the first turn warms up."""
    rows = [Row(count, [], []) for count in COUNTS]
    for turn, listing in enumerate((listings[0], *listings)):
        for row in rows:
            shared, whole = (Turn.of(brains, listing) for brains in split(pairs[: row.count]))
            if turn:
                row.shared.append(shared)
                row.whole.append(whole)
    return rows


def share_of_further(rows: Sequence[Row], measure: str) -> float:
    """What each brain after the first adds, as a share of the first."""
    first, last = rows[0], rows[-1]
    each = [
        (getattr(one, measure), getattr(all_, measure)) for one, all_ in zip(first.shared, last.shared, strict=True)
    ]
    return median((most - one) / (last.count - 1) / one for one, most in each)


def compare(pairs: Sequence[Pair], listing: Path) -> Comparison:
    """All answers of brains that share their trunk, with those of the whole ones."""
    shared, whole = (stream(f"file:{listing}", brains) for brains in split(pairs))
    tolerances = [Tolerance(iou=IOU, score=SCORE, threshold=pair.whole.card.threshold) for pair in pairs]
    return Comparison.total(
        compare_inferences(*answers)
        for one, other in zip(shared, whole, strict=True)
        for answers in zip(other.answers, one.answers, tolerances, strict=True)
    )


def split(pairs: Sequence[Pair]) -> tuple[list[LocalBrain], list[LocalBrain]]:
    return [pair.shared for pair in pairs], [pair.whole for pair in pairs]


def list_turns(folder: Path, turns: int) -> list[Path]:
    """A file with the names of as many pictures for each turn."""
    source = find_testdata() / "pictures" / "cat_1080p.jpg"
    pictures = make_shifted_jpegs(folder, source, SIZE, turns * BLOCK)
    listings = [folder / f"turn{turn}.txt" for turn in range(turns)]
    for turn, listing in enumerate(listings):
        listing.write_text("".join(f"{path}\n" for path in pictures[turn * BLOCK : (turn + 1) * BLOCK]))
    return listings


def open_pairs(
    given: Sequence[Path], folder: Path, listings: Sequence[Path], engine: str, stack: ExitStack
) -> list[Pair]:
    """As many as are counted: those given, over again if they are fewer, else ones with random weights."""
    count = max(COUNTS)
    if given:
        return [open_pair(given[n % len(given)], f"b{n}", engine, None, stack) for n in range(count)]
    trunk, head, parameters = count_work()
    ours, theirs = (trunk + count * head) / 1e6, count * (trunk + head) / 1e6
    print(
        f"million multiply-adds: trunk {trunk / 1e6:.0f}, head {head / 1e6:.1f} ({parameters:,} parameters);", end=" "
    )
    print(f"{count} brains {ours:.0f} against {theirs:.0f}, {theirs / ours:.2f} times")
    folders = [write_brain(folder / f"b{n}", n + 1) for n in range(count)]
    pictures = [Path(line) for line in listings[0].read_text().splitlines()]
    return [open_pair(place, place.name, engine, find_threshold(place, pictures), stack) for place in folders]


def judge(rows: Sequence[Row], told: Comparison) -> bool:
    """Prints the rows and the figures; whether the claims are kept."""
    heads = ("shared/s", "whole/s", "times", "shared ms", "whole ms", "times")
    print(f"{'':>6}{'by the clock':>33}{'time of the processors':>33}")
    print(f"{'brains':>6}" + "".join(f"{head:>11}" for head in heads))
    print("\n".join(map(str, rows)))
    print(f"{told.matched} instances alike (IoU {IOU}, score {SCORE}), {len(told.faults)} faults")
    times, further = rows[-1].times("clock"), share_of_further(rows, "clock")
    kept = times >= LEAST and further <= MOST_FURTHER and not told.faults and told.matched > 0
    busy, more = rows[-1].times("busy"), share_of_further(rows, "busy")
    print(f"by the time of the processors, which other load changes less: {busy:.2f} times, {more:.1%} of the first")
    print(f"{'ok' if kept else 'MISSED'}: {rows[-1].count} brains {times:.2f} times as fast, at least {LEAST}; "
          f"each further one {further:.1%} of the first, at most {MOST_FURTHER:.0%}")  # fmt: skip
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brains", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--engine", default="onnx")
    parser.add_argument("--turns", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        listings = list_turns(Path(temporary), asked.turns)
        pairs = open_pairs(asked.brains, Path(temporary), listings, asked.engine, stack)
        print(f"engine {pairs[0].whole.engine}, trunk {pairs[0].shared.trunk}")
        rows = take_turns(pairs, listings)
        return 0 if judge(rows, compare(pairs, listings[0])) else 1


if __name__ == "__main__":
    sys.exit(main())
