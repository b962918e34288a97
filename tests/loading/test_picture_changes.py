"""Answers to changed pictures, carried back to the picture."""

import numpy as np

from runner_core.loading.picture_changes import MOVE, unmirror, unmove
from runner_core.results.boxes import turn_boxes
from runner_core.results.inference import Inference

SIZE = 200, 100


def turned(box, angle):
    return Inference(
        brain="b", task="object-detection", size=SIZE, model_ids=np.zeros(1, int), boxes=[box], angles=[angle]
    )


def test_a_mirrored_box_is_turned_the_other_way():
    answer = turned([40, 40, 80, 60], 0.3)
    back = unmirror(answer)
    mirrored = turn_boxes(answer.boxes, answer.angles)[0] * [-1, 1] + [SIZE[0], 0]
    corners = turn_boxes(back.boxes, back.angles)[0]
    np.testing.assert_allclose(sorted(corners.tolist()), sorted(mirrored.tolist()), atol=1e-4)


def test_a_moved_turned_box_is_not_cut():
    right, down = (round(MOVE * side) for side in SIZE)
    back = unmove(turned([-10, 40, 30, 60], 0.3))
    np.testing.assert_allclose(back.boxes, [[-10 - right, 40 - down, 30 - right, 60 - down]])
