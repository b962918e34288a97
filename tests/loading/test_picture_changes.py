"""Answers to changed pictures, carried back to the picture."""

import numpy as np
import pytest

from runner_core.loading.picture_changes import MOVE, unmirror, unmove
from runner_core.results.boxes import turn_boxes
from runner_core.results.inference import Inference
from runner_core.results.pixel_map import PixelMap

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


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_pixel_map_goes_back_to_where_it_was(dtype):
    levels = np.zeros(SIZE[::-1], dtype)
    levels[10:40, 20:60] = 1
    right, down = (round(MOVE * side) for side in SIZE)

    def answer_with(pixels):
        pixel_map = PixelMap("alpha", np.ascontiguousarray(pixels), SIZE[::-1])
        return Inference(brain="b", task="matting", size=SIZE, model_ids=np.zeros(0, int), pixel_map=pixel_map)

    assert np.array_equal(unmirror(answer_with(levels[:, ::-1])).pixel_map.array, levels)
    assert np.array_equal(unmove(answer_with(np.roll(levels, (down, right), (0, 1)))).pixel_map.array, levels)
