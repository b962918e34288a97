"""The tool that holds runner against models as people have them: its table, and how it judges."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

FIELD = Path(__file__).parents[2] / "tools" / "field"


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(FIELD))
    return importlib.import_module


def test_each_model_is_pinned_and_has_a_reference(load):
    models = load("gather").read_table()
    assert len(models) >= 100
    assert len({model.name for model in models}) == len(models)
    for model in models:
        assert re.fullmatch(r"pypi:\S+==\S+|npm:\S+@\S+|github:[^/]+/[^@]+@[0-9a-f]{40}", model.origin), model.name
        assert re.fullmatch("[0-9a-f]{64}", model.sha256), model.name
        assert model.licence, model.name
        assert (FIELD / "references" / f"{model.reference.split()[0]}.py").is_file(), model.name


@pytest.mark.parametrize(
    ("grades", "total"),
    [([], "EMPTY"), (["RIGHT"] * 3, "RIGHT"), (["RIGHT"] * 3 + ["WRONG"], "NEAR"), (["RIGHT", "WRONG"], "WRONG")],
)
def test_three_objects_of_four_are_partly_right(load, grades, total):
    compare = load("compare")
    nearness = compare.Nearness
    assert compare._sum_up([nearness[grade] for grade in grades]) is nearness[total]


def answer_boxes(load, *rows):
    told = [{"file_id": label, "score": score, "box": box} for label, score, box in rows]
    return load("predict").Prediction({"task": "object-detection", "instances": told}, "")


@pytest.mark.parametrize(
    ("rows", "grade"),
    [
        ([(1, 0.9, (10, 10, 110, 110))], "RIGHT"),
        ([(1, 0.91, (11, 10, 112, 110)), (0, 0.5, (0, 0, 9, 9))], "RIGHT"),  # below the least score plus the margin
        ([(1, 0.8, (30, 10, 130, 110))], "NEAR"),
        ([(2, 0.9, (10, 10, 110, 110))], "WRONG"),
        ([(1, 0.9, (10, 10, 110, 110)), (1, 0.8, (200, 200, 300, 300))], "WRONG"),
        ([], "WRONG"),
    ],
)
def test_boxes_are_graded(load, rows, grade):
    answers, compare = load("answers"), load("compare")
    wanted = answers.Boxes([answers.Box(1, 0.9, (10, 10, 110, 110))], least=0.5)
    assert compare.compare(answer_boxes(load, *rows), wanted)[0] is compare.Nearness[grade]


@pytest.mark.parametrize(("rows", "grade"), [([(2, 0.7)], "RIGHT"), ([(2, 0.5)], "WRONG"), ([(1, 0.7)], "WRONG")])
def test_classes_are_graded(load, rows, grade):
    told = [{"file_id": label, "score": score} for label, score in rows]
    prediction = load("predict").Prediction({"task": "classification", "instances": told}, "")
    wanted = load("answers").Classes(np.array([0.1, 0.15, 0.75]))
    compare = load("compare")
    assert compare.compare(prediction, wanted)[0] is compare.Nearness[grade]
