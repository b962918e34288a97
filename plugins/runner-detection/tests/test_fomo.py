"""FOMO's map of centres, cell by cell."""

import attrs
import numpy as np
import pytest
from runner_detection.fomo import Fomo

from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import Frame
from runner_core.testing import check_task, conformance, sample_frame

TASK = Fomo()
WIDE = Frame.from_array(np.zeros((96, 192, 3), np.uint8))  # its middle is 96 x 96, from column 48 on


def signature(shape=(1, 12, 12, 3), end="softmax"):
    image, cells = TensorSpec("image", (1, 96, 96, 3), "float32"), TensorSpec("out", shape, "float32")
    return Signature((image,), (cells,), ends={"out": end} if end else {})


def cells_of(**scores):
    """``c1r2x3=0.8`` is class 1 in line 2, column 3."""
    cells = np.zeros((1, 12, 12, 3), np.float32)
    for where, score in scores.items():
        number, line, column = (
            int(part) for part in where.replace("c", "").replace("r", " ").replace("x", " ").split()
        )
        cells[0, line, column, number] = score
    return cells


def answer(cells, **changes):
    card = attrs.evolve(TASK.recognise(signature()), name="small", **changes)
    return TASK.bind(card, signature()).decode({"cells": cells}, WIDE)


def test_cells_that_touch_are_one_thing_with_a_centre():
    found = answer(cells_of(c1r2x3=0.8, c1r3x4=0.6, c1r3x3=0.4, c1r8x8=0.5))
    assert found.model_ids.tolist() == [1, 1]
    assert found.scores.tolist() == pytest.approx([0.8, 0.5])
    assert found.boxes.tolist() == [[48 + 24, 16, 48 + 40, 32], [48 + 64, 64, 48 + 72, 72]]
    assert found.keypoints[:, 0, :2].tolist() == [[48 + 32, 24], [48 + 68, 68]]


def test_classes_are_apart_and_the_background_is_none():
    found = answer(cells_of(c1r2x3=0.8, c2r2x4=0.9, c0r7x7=0.99))
    assert found.model_ids.tolist() == [2, 1]


def test_nothing_found_is_an_empty_answer():
    found = answer(cells_of(c1r2x3=0.49))
    assert (len(found), found.keypoints.shape) == (0, (0, 1, 3))


@pytest.mark.parametrize(
    "other",
    [
        signature(end=""),
        signature(end="linear"),
        signature((1, 12, 12, 1)),
        signature((1, 6, 6, 3)),
        signature((1, 24)),
    ],
)
def test_other_maps_are_not_recognised(other):
    assert TASK.recognise(other) is None


def test_that_it_is_fomos_is_a_guess():
    assert {"kind", "resize"} <= {guess.about for guess in TASK.recognise(signature()).guesses}


def test_a_map_of_other_cells_is_refused():
    with pytest.raises(TaskError, match="cells is"):
        TASK.bind(attrs.evolve(TASK.recognise(signature()), name="small"), signature((1, 6, 6, 3)))


@conformance(check_task)
def test_keeps_the_promises_of_a_task(check):
    check(TASK, signature(), {"cells": cells_of(c1r2x3=0.8, c2r7x9=0.7)}, sample_frame())
