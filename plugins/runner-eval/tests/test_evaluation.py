"""What is measured of brains and of earlier answers, and what becomes of pictures and classes that do not fit."""

import json
from functools import partial

import attrs
import numpy as np
import pytest
from labelled import NAMES, SIZE, Prepared, make_truth
from runner_eval.answers import LEAST_SCORE
from runner_eval.evaluator import CocoEvaluator

from runner_core.cards.labels import LabelMap
from runner_core.datasets import Finding, evaluate
from runner_core.errors import DatasetError, NotInstalled, UsageError
from runner_core.results.inference import Inference
from runner_core.results.result import Result


def perfect(data, name="demo", **options):
    answers = {
        each.key: attrs.evolve(each.read().answer, brain=name, scores=np.full(len(each.read().answer), 0.9))
        for each in data
    }
    return Prepared(name, answers, **options)


def write_answers(path, data, *brains):
    lines = []
    for index, example in enumerate(data):
        frame = example.make_frame()
        frame.index = index
        lines.append(json.dumps(Result(frame, tuple(brain.infer(frame) for brain in brains)).to_json()))
    path.write_text("\n".join(lines) + "\n")
    return path


class TestBrains:
    def test_a_brain_measures_itself(self, data, prepared):
        brain = prepared()
        found = brain.evaluate(data, resamples=50)
        assert found.brains == ("demo",)
        assert found.figures == evaluate([brain], data).figures
        assert 0 < found.figures["mAP50:95"] < found.figures["mAP50"] < 1

    def test_answers_that_are_the_truth_are_perfect(self, data):
        found = perfect(data).evaluate(data)
        assert {found.figures[name] for name in ("mAP50:95", "mAP50", "AR100")} == {1.0}
        scores = found.scores[0].parts[0]
        assert (scores.counts.extra, scores.counts.missed) == (0, 0)
        assert scores.best.f1 == 1
        assert not scores.worst
        assert scores.intervals["mAP50:95"] == (1.0, 1.0)

    def test_map_asks_for_low_scores_and_the_counts_for_the_brains_own_threshold(self, data, prepared):
        asked = []

        class Watched(Prepared):
            def at_threshold(self, conf):
                asked.append(conf)
                return super().at_threshold(conf)

        brain = Watched("demo", prepared().answers, conf=0.9)
        scores = brain.evaluate(data, resamples=0).scores[0].parts[0]
        assert asked == [LEAST_SCORE]
        assert scores.threshold == 0.9
        shown = [brain.infer(each.make_frame()) for each in data]
        assert scores.counts.right + scores.counts.extra <= sum(map(len, shown))
        assert prepared().evaluate(data, resamples=0).figures == dict(scores.figures)

    def test_the_best_threshold_is_the_best_of_all(self, data, prepared):
        brain = prepared()
        best = brain.evaluate(data, resamples=0).scores[0].parts[0].best

        def f1_at(conf):
            other = Prepared("demo", brain.answers, conf=conf)
            return other.evaluate(data, resamples=0).scores[0].parts[0].counts.f1

        assert f1_at(best.threshold) == pytest.approx(best.f1)
        assert all(f1_at(step / 20) <= best.f1 + 1e-9 for step in range(1, 20, 3))

    def test_the_confusion_has_every_real_thing_and_every_answer(self, data, prepared):
        brain = prepared()
        scores = brain.evaluate(data, resamples=0).scores[0].parts[0]
        counts = scores.confusion.counts
        real = sum(len(each.read().answer) - len(each.read().ignored) for each in data)
        assert counts[:-1].sum() == real
        assert counts[:-1].sum(axis=1).tolist() == [each.count for each in scores.classes]
        assert np.diagonal(counts)[:-1].tolist() == [each.counts.right for each in scores.classes]
        assert np.triu(counts[:-1, :-1], 1).any()

    def test_two_brains_side_by_side(self, data, prepared):
        good, bad = prepared("good", noise=2.0), prepared("bad", noise=12.0)
        found = CocoEvaluator().evaluate([good, bad], data, resamples=300)
        difference = next(each for each in found.differences if each.figure == "mAP50:95")
        low, high = difference.interval
        assert difference.name == "bad"
        assert difference.value == pytest.approx(found.figures_of("bad")["mAP50:95"] - found.figures["mAP50:95"])
        assert low < difference.value < high < 0
        assert difference.is_certain
        wide = [each.parts[0].intervals["mAP50:95"] for each in found.scores]
        assert high - low < sum(top - bottom for bottom, top in wide), "both see the same pictures"

    def test_two_that_are_alike_may_differ_by_chance(self, data, prepared):
        found = CocoEvaluator().evaluate([prepared("one", seed=1), prepared("two", seed=2)], data, resamples=300)
        assert not any(each.is_certain for each in found.differences)

    def test_pictures_of_one_group_are_drawn_together(self, data, prepared):
        brain = prepared()
        grouped = attrs.evolve(
            data, examples=tuple(attrs.evolve(each, group=str(n % 4)) for n, each in enumerate(data))
        )
        alone, together = (
            brain.evaluate(each, resamples=400).scores[0].parts[0].draws["mAP50"] for each in (data, grouped)
        )
        assert len(np.unique(alone.round(9))) > len(np.unique(together.round(9)))
        assert len(np.unique(together.round(9))) <= 35, "four groups can be drawn in so many ways"

    def test_a_brain_without_boxes_has_nothing_to_be_measured(self, data):
        answers = {
            each.key: Inference(brain="c", task="classification", size=SIZE, model_ids=[0], scores=[0.9])
            for each in data
        }
        with pytest.raises(DatasetError, match="c does not say where things are"):
            Prepared("c", answers).evaluate(data)

    def test_what_no_evaluator_measures_is_said(self, data):
        with pytest.raises(NotInstalled, match="no evaluator named 'matting'"):
            perfect(data).evaluate(attrs.evolve(data, kind="matting"))


class TestClasses:
    def test_names_that_differ_in_case_and_dashes_are_one(self, data):
        brain = perfect(data)
        labels = LabelMap.from_names(["Page", "GRAPH", " mug"])
        brain.answers = {key: attrs.evolve(each, labels=labels) for key, each in brain.answers.items()}
        brain.labels = labels
        found = brain.evaluate(data, resamples=0)
        assert found.figures["mAP50"] == 1
        assert not found.scores[0].missing

    def test_another_name_is_said_and_may_be_given(self, data):
        brain = perfect(data)
        brain.labels = LabelMap.from_names(["page", "chart", "mug"])
        brain.answers = {key: attrs.evolve(each, labels=brain.labels) for key, each in brain.answers.items()}
        found = brain.evaluate(data, resamples=0)
        assert found.scores[0].missing == ("graph",)
        assert list(found.scores[0].unknown) == ["chart"]
        assert any("does not know graph" in note for note in found.all_notes)
        assert found.figures["mAP50"] == pytest.approx(2 / 3)
        assert brain.evaluate(data, resamples=0, rename={"chart": "graph"}).figures["mAP50"] == 1
        with pytest.raises(UsageError, match="no class 'grap'; did you mean graph"):
            brain.evaluate(data, rename={"chart": "grap"})

    def test_one_class_alone(self, data, prepared):
        every = prepared().evaluate(data, resamples=0).scores[0].parts[0].classes[1]
        alone = prepared().evaluate(data.select(["graph"]), resamples=0)
        assert alone.figures["mAP50:95"] == pytest.approx(every.figures["mAP50:95"])
        assert [each.name for each in alone.scores[0].parts[0].classes] == ["graph"]

    def test_a_class_that_no_picture_has_is_not_averaged(self, data, prepared):
        more = attrs.evolve(data, labels=LabelMap.from_names([*NAMES, "cup"]))
        with_it, without = (prepared().evaluate(each, resamples=20) for each in (more, data))
        assert with_it.figures == without.figures
        assert with_it.scores[0].parts[0].classes[-1].figures["mAP50"] is None


class TestOddities:
    def test_no_answers_find_nothing(self, data):
        nothing = {key: each.take([]) for key, each in perfect(data).answers.items()}
        found = Prepared("demo", nothing).evaluate(data)
        assert found.figures["mAP50"] == 0
        scores = found.scores[0].parts[0]
        assert scores.best is None
        assert scores.counts.precision is None
        assert scores.counts.recall == 0
        json.dumps(found.to_json(), allow_nan=False)

    def test_no_truth_counts_what_is_too_much(self, data, prepared):
        def empty(place):
            truth = make_truth(place)
            return attrs.evolve(truth, answer=truth.answer.take([]), ignored=frozenset())

        bare = attrs.evolve(
            data, examples=tuple(attrs.evolve(each, read=partial(empty, n)) for n, each in enumerate(data))
        )
        found = prepared().evaluate(bare)
        assert set(found.figures.values()) == {None}
        counts = found.scores[0].parts[0].counts
        assert (counts.right, counts.missed) == (0, 0)
        assert counts.extra > 0
        json.dumps(found.to_json(), allow_nan=False)

    def test_an_empty_data_set_is_an_error(self, data, prepared):
        with pytest.raises(DatasetError, match="no picture is left"):
            prepared().evaluate(data[:0])

    def test_what_cannot_be_read_is_left_out_for_all_and_said(self, data, prepared):
        def broken():
            raise DatasetError("003.xml: not an annotation")

        examples = list(data)
        examples[3] = attrs.evolve(examples[3], read=broken)
        examples[5].picture.write_bytes(b"no picture")
        examples[8] = attrs.evolve(
            examples[8],
            read=lambda: attrs.evolve(
                make_truth(8), answer=attrs.evolve(make_truth(8).answer, size=(8, 8), masks=None)
            ),
        )
        odd = attrs.evolve(data, examples=tuple(examples))
        found = prepared().evaluate(odd, resamples=0)
        assert [line.partition(":")[0] for line in found.left_out] == ["003.jpg", "005.jpg", "008.jpg"]
        assert "two pictures: 8 x 8 and 320 x 240" in found.left_out[2]
        assert found.pictures == len(data) - 3
        rest = attrs.evolve(data, examples=tuple(each for n, each in enumerate(data) if n not in (3, 5, 8)))
        assert found.figures == prepared().evaluate(rest, resamples=0).figures

    def test_oddities_of_the_labels_are_counted(self, data, prepared):
        finding = Finding("a.xml:3", "a box of page has no area")
        examples = [attrs.evolve(data[0], read=lambda: attrs.evolve(make_truth(0), findings=(finding,))), *data[1:]]
        found = prepared().evaluate(attrs.evolve(data, examples=tuple(examples)), resamples=0)
        assert found.findings == ("a.xml:3: a box of page has no area",)

    def test_a_brain_that_fails_leaves_its_pictures_out(self, data, prepared):
        class Failing(Prepared):
            def infer(self, frame):
                if frame.index == 2:
                    raise ValueError("broken")
                return super().infer(frame)

            def at_threshold(self, conf):
                return Failing(self.name, self.answers, conf=conf)

        found = Failing("demo", prepared().answers).evaluate(data, resamples=0)
        assert found.left_out == ("002.jpg: demo has no answer: broken",)


class TestEarlierAnswers:
    def test_the_answers_of_a_run_are_measured_as_the_brains(self, data, prepared, tmp_path):
        one, two = prepared("one", conf=LEAST_SCORE), prepared("two", seed=7, conf=LEAST_SCORE)
        path = write_answers(tmp_path / "out.jsonl", data, one, two)
        read = CocoEvaluator().evaluate([], data, answers=path, conf=0.3)
        own = CocoEvaluator().evaluate([Prepared(each.name, each.answers) for each in (one, two)], data)
        assert read.brains == own.brains
        for name in own.brains:
            assert read.figures_of(name) == pytest.approx(own.figures_of(name))
        assert read.scores[1].parts[0].counts.to_json() == own.scores[1].parts[0].counts.to_json()

    def test_pictures_without_an_answer_do_not_count(self, data, prepared, tmp_path):
        path = write_answers(tmp_path / "out.jsonl", data[:16], prepared())
        found = CocoEvaluator().evaluate([], data, answers=path, resamples=0)
        assert found.pictures == 16
        assert len(found.left_out) == 8

    def test_answers_of_other_pictures_are_an_error(self, data, prepared, tmp_path):
        text = write_answers(tmp_path / "out.jsonl", data, prepared()).read_text()
        path = tmp_path / "other.jsonl"
        path.write_text(text.replace(".jpg", ".png"))
        with pytest.raises(UsageError, match=r"not one answer is of a picture of .*; the answers are of .*000.png"):
            CocoEvaluator().evaluate([], data, answers=path)

    def test_some_of_other_pictures_and_damaged_lines_are_said(self, data, prepared, tmp_path):
        lines = write_answers(tmp_path / "out.jsonl", data, prepared()).read_text().splitlines()
        lines[4] = lines[4].replace("004.jpg", "x.jpg")
        lines[6] = lines[6][:50]
        lines.append(lines[0])
        (tmp_path / "out.jsonl").write_text("\n".join(lines))
        found = CocoEvaluator().evaluate([], data, answers=tmp_path / "out.jsonl", resamples=0)
        notes = "\n".join(found.all_notes)
        assert "1 answers are of pictures that" in notes
        assert "line 7 is not what a run says" in notes
        assert "000.jpg is there twice" in notes
        assert found.pictures == len(data) - 2

    @pytest.mark.parametrize("text", ["", '{"images": []}', "no json"])
    def test_a_file_of_something_else_is_an_error(self, data, tmp_path, text):
        (tmp_path / "out.jsonl").write_text(text)
        with pytest.raises(UsageError, match=r"out\.jsonl: (no|not the) answers"):
            CocoEvaluator().evaluate([], data, answers=tmp_path / "out.jsonl")

    def test_either_brains_or_answers(self, data, prepared, tmp_path):
        with pytest.raises(UsageError, match="one of both"):
            CocoEvaluator().evaluate([prepared()], data, answers=tmp_path / "out.jsonl")


def test_a_trainer_gets_the_figures_alone(data, prepared):
    brain = prepared()
    truths = [each.read() for each in data]
    figures = CocoEvaluator().measure(truths, [brain.answers[each.key] for each in data])
    assert figures == Prepared("demo", brain.answers, conf=0.0).evaluate(data).figures


def test_turned_boxes_are_measured_by_those_around_them(data):
    turned = perfect(data)
    turned.answers = {
        key: attrs.evolve(each, angles=np.zeros(len(each), np.float32)) for key, each in turned.answers.items()
    }
    assert turned.evaluate(data, resamples=0).figures["mAP50"] == 1
