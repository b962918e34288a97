"""Labels that are made wrong on purpose: swapped, shifted, taken away, added."""

from __future__ import annotations

import random
from collections.abc import Sequence

import attrs
import numpy as np

from runner_core.cards.labels import LabelMap
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.doubts import Doubt
from runner_core.datasets.example import Example, Truth
from runner_core.results.boxes import box_ious
from runner_core.results.inference import Inference

Row = tuple[str, float, float, float, float]
KINDS = ("swapped", "misplaced", "missing", "spurious")


@attrs.frozen
class Wrong:
    """What was done to a label of a picture; ``box`` is where it is now, or where it was."""

    place: int
    kind: str
    box: tuple[float, ...]

    def is_meant_by(self, doubt: Doubt) -> bool:
        return self.place == doubt.place and box_ious(np.array([self.box]), np.array([doubt.box]))[0, 0] > 0.5


def make_truth(labels: LabelMap, size: tuple[int, int], rows: Sequence[Row], ignored: Sequence[int] = ()) -> Truth:
    boxes = np.array([row[1:] for row in rows], np.float32).reshape(-1, 4)
    ids = np.array([labels.names.index(row[0]) for row in rows], np.int64)
    answer = Inference(brain="", task="object-detection", size=size, labels=labels, model_ids=ids, boxes=boxes)
    return Truth(answer, frozenset(ignored))


def spoil(data: Dataset, share: float, seed: int) -> tuple[Dataset, list[Wrong]]:
    """The data set with that share of its labels made wrong, each in one of four ways, and which ones."""
    chance, wrong, examples = random.Random(seed), list[Wrong](), []
    for place, example in enumerate(data):
        truth = example.read()
        answer, rows = truth.answer, []
        for name, box in zip(answer.names, np.asarray(answer.boxes).tolist(), strict=True):
            kind = chance.choice(KINDS) if chance.random() < share else ""
            rows += _spoil_row(kind, (name, *box), answer, chance, lambda kind, box, place=place: wrong.append(
                Wrong(place, kind, tuple(box))
            ))  # fmt: skip
        changed = make_truth(data.labels, answer.size, rows)
        examples.append(Example(example.picture, example.key, lambda changed=changed: changed))
    return attrs.evolve(data, examples=tuple(examples)), wrong


def _spoil_row(kind, row, answer, chance, note) -> list[Row]:
    name, *box = row
    wide, high = box[2] - box[0], box[3] - box[1]
    if kind == "swapped":
        note(kind, box)
        return [(chance.choice([other for other in answer.labels.names if other != name]), *box)]
    if kind == "missing":
        note(kind, box)
        return []
    if kind == "misplaced":
        step = [chance.choice((-1, 1)) * chance.uniform(0.25, 0.4) * side for side in (wide, high)]
        moved = np.clip(np.array(box) + [*step, *step], 0, [*answer.size, *answer.size])
        if (moved[2:] - moved[:2]).min() > 3:
            note(kind, moved.tolist())
            return [(name, *moved.tolist())]
    if kind == "spurious" and (free := _find_room((wide, high), answer, chance)):
        note(kind, free)
        return [row, (name, *free)]
    return [row]


def _find_room(size, answer, chance) -> list[float] | None:
    """A place for a box of that size that touches next to nothing."""
    for _ in range(50):
        x, y = (chance.uniform(0, max(0.0, most - side)) for most, side in zip(answer.size, size, strict=True))
        box = [x, y, min(x + size[0], answer.size[0]), min(y + size[1], answer.size[1])]
        if box_ious(np.array([box]), np.asarray(answer.boxes)).max(initial=0) < 0.05:
            return box
    return None


def rate(doubts: Sequence[Doubt], wrong: Sequence[Wrong]) -> tuple[float, float]:
    """(precision, recall) of what is doubted."""
    right = sum(any(each.is_meant_by(doubt) for each in wrong) for doubt in doubts)
    found = sum(any(each.is_meant_by(doubt) for doubt in doubts) for each in wrong)
    return right / max(1, len(doubts)), found / max(1, len(wrong))
