"""Yolo-FastestV2, as a table of all cells and as a map for each stride, against its formula written out."""

import attrs
import numpy as np
import pytest
from runner_detection.yolo_fastest_v2 import YoloFastestV2
from runner_detection.yolo_heads import YoloHeads

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.testing import check_task, conformance

TASK = YoloFastestV2()
IMAGE = TensorSpec("input.1", (1, 3, 352, 352), "float32")
CELLS = 22 * 22 + 11 * 11


def table(features=95):
    return Signature((IMAGE,), (TensorSpec("845", (CELLS, features), "float32"),))


def maps(features=95, end="sigmoid"):
    outputs = [TensorSpec(f"out{side}", (1, side, side, features), "float32") for side in (22, 11)]
    return Signature((IMAGE,), tuple(outputs), ends={spec.name: end for spec in outputs})


def rows():
    """A bicycle by the third anchor of the second stride, in column 7 and line 5, and a person of the first stride."""
    told = np.zeros((CELLS, 95), np.float32)
    told[484 + 5 * 11 + 7, [8, 9, 10, 11, 14, 16]] = [0.6, 0.4, 0.5, 0.3, 0.9, 0.8]
    told[3 * 22 + 2, [0, 1, 2, 3, 12, 15]] = [0.5, 0.5, 0.7, 0.9, 0.8, 0.7]
    return told


def bound(model, **changes):
    return TASK.bind(attrs.evolve(TASK.recognise(model), name="test", **changes), model)


def wanted():
    """In a picture of 640 x 480, best first: class, score, box."""
    across, down = 640 / 352, 480 / 352
    x, y, wide, high = (7 + 0.7) * 32, (5 + 0.3) * 32, 279.92, 0.6**2 * 258.87
    bicycle = [(x - wide / 2) * across, (y - high / 2) * down, (x + wide / 2) * across, (y + high / 2) * down]
    x, y, wide, high = 2.5 * 16, 3.5 * 16, 1.4**2 * 12.64, 1.8**2 * 19.39
    person = [(x - wide / 2) * across, (y - high / 2) * down, (x + wide / 2) * across, (y + high / 2) * down]
    return [(1, 0.9 * 0.8, np.clip(bicycle, 0, 640)), (0, 0.8 * 0.7, person)]


@pytest.mark.parametrize("model", [table(), maps()])
def test_a_cell_is_read_by_the_formula(frame, model):
    told = rows()
    cut = {"cells": told, "cells_16": told[:484].reshape(1, 22, 22, 95), "cells_32": told[484:].reshape(1, 11, 11, 95)}
    card = TASK.recognise(model)
    answer = bound(model).decode({role: cut[role] for role in card.roles if role != "image"}, frame)
    for row, (number, score, box) in enumerate(wanted()):
        assert (answer.model_ids[row], answer.scores[row]) == (number, pytest.approx(score))
        np.testing.assert_allclose(answer.boxes[row], box, rtol=1e-4)
    assert len(answer) == 2


def test_anchors_of_other_classes_are_a_guess():
    assert TASK.recognise(table()).guesses == ()
    assert [guess.about for guess in TASK.recognise(table(16)).guesses] == ["anchors"]
    assert bound(table(16), options={"anchors": [[1, 2]] * 6}).anchors.tolist() == [[1, 2]] * 6
    with pytest.raises(TaskError, match="1 anchors"):
        bound(table(), options={"anchors": [[1, 2]]})


def test_maps_are_of_one_family_alone():
    """18 features are three anchors of one class each in YOLOv3, and three classes here."""
    assert TASK.recognise(maps(18)) is not None
    assert YoloHeads().recognise(maps(18)) is None
    assert TASK.recognise(maps(18, "linear")) is None
    assert YoloHeads().recognise(maps(18, "linear")) is not None


@pytest.mark.parametrize("other", [table(15), Signature((IMAGE,), (TensorSpec("out", (CELLS + 1, 95), "float32"),))])
def test_other_tables_are_not_recognised(other):
    assert TASK.recognise(other) is None


@conformance(check_task)
def test_keeps_the_promises_of_a_task(check, frame):
    check(TASK, table(), {"cells": rows()}, frame)
