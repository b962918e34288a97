"""Labels that brains disagree with: which are doubted, which are not, and how many of those that are wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
from wrong_labels import make_truth, rate, spoil

from runner_core.cards.labels import LabelMap
from runner_core.datasets import Dataset, DoubtFinder, Example
from runner_core.results.inference import Inference

LABELS = LabelMap.from_names(["cup", "plate"])
SIZE = (400, 300)
SURE = 0.4
CUP, PLATE = (20, 20, 120, 120), (200, 100, 300, 220)
USUAL = [("cup", *CUP), ("plate", *PLATE)]
AS_USUAL = [("cup", 0.9, *CUP), ("plate", 0.9, *PLATE)]


def answer(rows, labels=LABELS):
    return Inference(
        brain="test", task="object-detection", size=SIZE, labels=labels,
        model_ids=np.array([labels.names.index(row[0]) for row in rows], np.int64),
        scores=np.array([row[1] for row in rows], np.float32),
        boxes=np.array([row[2:] for row in rows], np.float32).reshape(-1, 4),
    )  # fmt: skip


def doubt(labelled, *found, ignored=(), names=(LABELS.names,), usual=None):
    """What is doubted of one picture, after thirty on which brains and labels agree."""
    truths = [make_truth(LABELS, SIZE, USUAL)] * 30 + [make_truth(LABELS, SIZE, labelled, ignored)]
    examples = [Example(Path(f"{at}.png"), f"{at}.png", lambda at=at: truths[at]) for at in range(31)]
    finder = DoubtFinder(Dataset("", "object-detection", LABELS, tuple(examples)), [(each, SURE) for each in names])
    for place in range(30):
        finder.add(place, truths[place], [answer(usual or AS_USUAL)] * len(names))
    finder.add(30, truths[30], [answer(rows) for rows in found])
    assert all(each.place == 30 for each in finder.finish())
    return finder


def kinds(*given, **options):
    return [(each.kind, each.row, each.label, each.found) for each in doubt(*given, **options).finish()]


class TestKinds:
    def test_nothing_is_doubted_where_all_agree(self):
        assert kinds(USUAL, AS_USUAL) == []
        assert kinds(USUAL, [("cup", 0.1, *CUP), ("plate", 0.9, *PLATE)]) == []  # unsure is not against

    def test_a_label_is_missing_where_something_is_surely_found(self):
        assert kinds(USUAL[:1], AS_USUAL) == [("missing", None, "plate", "plate")]
        assert kinds(USUAL[:1], [AS_USUAL[0], ("plate", 0.3, *PLATE)]) == []

    def test_a_label_is_spurious_where_nothing_at_all_is_found(self):
        assert kinds(USUAL, AS_USUAL[:1]) == [("spurious", 1, "plate", "")]
        assert kinds(USUAL, [AS_USUAL[0], ("plate", 0.06, *PLATE)]) == []

    def test_a_class_is_swapped_where_another_one_is_found(self):
        assert kinds(USUAL, [AS_USUAL[0], ("cup", 0.9, *PLATE)]) == [("swapped", 1, "plate", "cup")]
        both = [AS_USUAL[0], ("cup", 0.9, *PLATE), ("plate", 0.85, *PLATE)]
        assert kinds(USUAL, both) == [], "it finds both"

    def test_a_thing_that_is_labelled_too_swaps_nothing(self):
        within = (205, 105, 300, 215)
        labelled = [*USUAL, ("cup", *within)]
        assert kinds(labelled, [*AS_USUAL, ("cup", 0.9, *within)]) == []

    def test_a_box_is_misplaced_where_the_thing_is_found_beside_it(self):
        (found,) = doubt(USUAL, [AS_USUAL[0], ("plate", 0.9, 230, 130, 330, 250)]).finish()
        assert (found.kind, found.row, found.found_box) == ("misplaced", 1, (230, 130, 330, 250))
        assert kinds(USUAL, [AS_USUAL[0], ("plate", 0.9, 205, 105, 305, 220)]) == []

    def test_twice_and_narrow_need_no_brain(self):
        odd = [*USUAL, ("plate", 201, 101, 301, 220), ("cup", 350, 20, 351.5, 90)]
        assert kinds(odd, AS_USUAL) == [("narrow", 3, "cup", ""), ("twice", 2, "plate", "")]

    def test_what_is_ignored_is_neither_doubted_nor_is_it_missing(self):
        assert kinds(USUAL, AS_USUAL[:1], ignored=[1]) == []
        assert kinds(USUAL, [*AS_USUAL, ("cup", 0.9, 210, 110, 260, 160)], ignored=[1]) == []

    def test_it_is_told_in_words_and_as_json(self):
        (found,) = doubt(USUAL, [AS_USUAL[0], ("cup", 0.9, *PLATE)]).finish()
        assert found.describe() == "this plate is found to be cup, 0.90"
        told = json.loads(json.dumps(found.to_json()))
        assert (told["picture"], told["row"], told["box"]) == ("30.png", 1, list(PLATE))


class TestBrains:
    TWO = (LABELS.names, LABELS.names)

    def test_all_must_disagree(self):
        swapped = [AS_USUAL[0], ("cup", 0.9, *PLATE)]
        for against in (AS_USUAL[:1], swapped, [*AS_USUAL, ("cup", 0.9, 320, 10, 390, 90)]):
            assert kinds(USUAL, against, AS_USUAL, names=self.TWO) == []
            assert len(kinds(USUAL, against, against, names=self.TWO)) == 1

    def test_the_least_sure_one_counts(self):
        (found,) = doubt(USUAL[:1], AS_USUAL, [AS_USUAL[0], ("plate", 0.5, *PLATE)], names=self.TWO).finish()
        assert found.score == 0.5

    def test_a_class_is_judged_by_those_that_know_it(self):
        finder = doubt(USUAL, [AS_USUAL[0]], names=(("Cup",),))
        assert (finder.finish(), finder.unjudged) == ((), ["plate"])

    def test_brains_of_one_class_each_find_what_is_swapped(self):
        found = [("cup", 0.9, *CUP), ("cup", 0.9, *PLATE)], []
        assert kinds(USUAL, *found, names=(("cup",), ("plate",))) == [("swapped", 1, "plate", "cup")]

    def test_one_that_is_often_wrong_is_hardly_heard(self):
        usual = [AS_USUAL[0], ("plate", 0.9, 320, 10, 390, 90)]  # never where plates are labelled
        assert kinds(USUAL, AS_USUAL[:1], usual=usual) == []
        assert kinds(USUAL, [*AS_USUAL, ("plate", 0.9, 20, 150, 120, 290)], usual=usual) == []


def draw_labels(chance):
    """Up to six things of two classes that do not touch, in cells of a picture."""
    cells = chance.permutation(12)[: chance.integers(1, 7)]
    rows = []
    for cell in cells:
        x, y = cell % 4 * 100 + chance.uniform(0, 30), cell // 4 * 100 + chance.uniform(0, 30)
        wide, high = chance.uniform(25, 65, 2)
        rows.append((LABELS.names[chance.integers(2)], x, y, x + wide, y + high))
    return rows


def find_some(rows, chance):
    """As a good brain: of twenty things it misses one, it sees some that are not there, and boxes are a bit off."""
    found = []
    for name, *box in rows:
        side = min(box[2] - box[0], box[3] - box[1])
        if chance.random() < 0.95:
            found.append((name, chance.beta(8, 2), *(np.array(box) + chance.normal(0, 0.04 * side, 4))))
    if chance.random() < 0.15:
        x, y = chance.uniform(0, 300), chance.uniform(0, 200)
        found.append((LABELS.names[chance.integers(2)], chance.beta(3, 4), x, y, x + 60, y + 60))
    return found


@pytest.mark.parametrize("brains", [1, 2])
def test_of_labels_that_are_made_wrong_most_are_found_and_little_else(brains):
    chance = np.random.default_rng(brains)
    labels = [draw_labels(chance) for _ in range(300)]
    examples = [
        Example(Path(f"{at}"), f"{at}", lambda rows=rows: make_truth(LABELS, SIZE, rows))
        for at, rows in enumerate(labels)
    ]
    data, wrong = spoil(Dataset("", "object-detection", LABELS, tuple(examples)), 0.1, seed=brains)
    finder = DoubtFinder(data, [(LABELS.names, SURE)] * brains)
    for place, rows in enumerate(labels):
        finder.add(place, data[place].read(), [answer(find_some(rows, chance)) for _ in range(brains)])
    precision, recall = rate(finder.finish(), wrong)
    print(f"{len(wrong)} wrong labels: precision {precision:.2f}, recall {recall:.2f}")
    assert precision >= (0.5, 0.85)[brains - 1]
    assert recall >= (0.75, 0.7)[brains - 1]
    assert {each.kind for each in wrong} == {"swapped", "misplaced", "missing", "spurious"}
