"""Turned crops: their pixels against a plain loop over points, and the way to the picture and back."""

from math import atan2, cos, hypot, pi, sin

import numpy as np
import pytest

from runner_core.frames import Frame, PictureSpec
from runner_core.frames.turned_crop import LONGEST, TurnedCrop, read_turned
from runner_core.frames.turned_frame import TurnedFrame

RANDOM = np.random.default_rng(3)
PICTURE = RANDOM.integers(0, 256, (40, 60, 3)).astype(np.uint8)


def smooth(height=120, width=160):
    """A picture without edges, whose values tell where one is."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, (x + y) / 2], axis=-1).astype(np.uint8)


def colour_at(pixels, x, y):
    """The mean of the four pixels around a point, weighted by how near they are; beyond the edge, its last pixel."""
    height, width = pixels.shape[:2]
    left, top = int(np.floor(x - 0.5)), int(np.floor(y - 0.5))
    total = np.zeros(3)
    for column in (left, left + 1):
        for row in (top, top + 1):
            near = (1 - abs(x - 0.5 - column)) * (1 - abs(y - 0.5 - row))
            total += near * pixels[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
    return total


def expected_tensor(pixels, crop, side):
    """side x side x 3: each point's place in the crop, from -half to half, turned by hand and looked up."""
    told = np.zeros((side, side, 3))
    for row in range(side):
        for column in range(side):
            across = ((column + 0.5) / side - 0.5) * crop.size[0] * (-1 if crop.mirrored else 1)
            down = ((row + 0.5) / side - 0.5) * crop.size[1]
            far, direction = hypot(across, down), atan2(down, across) + crop.angle
            told[row, column] = colour_at(
                pixels, crop.centre[0] + far * cos(direction), crop.centre[1] + far * sin(direction)
            )
    return told


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("centre", "size", "angle"),
    [((30, 20), (20, 20), 0.5), ((25.3, 18.7), (31.4, 17.2), -2.1), ((2, 38), (30, 30), 1.2), ((-9, 20), (24, 24), 3)],
)
def test_a_tensor_is_read_straight_from_the_picture_beyond_its_edge_the_edge_again(centre, size, angle, mirrored):
    crop = TurnedCrop(centre, size, angle, mirrored)
    spec = PictureSpec((16, 16), dtype="float32")
    tensor = TurnedFrame(Frame.from_array(PICTURE), crop).prepared(spec).tensor[0]
    np.testing.assert_allclose(tensor, expected_tensor(PICTURE, crop, 16), atol=1.6)  # 8-bit weights, rounded twice


def test_a_crop_that_is_not_turned_has_the_pixels_themselves():
    shown = TurnedFrame(Frame.from_array(PICTURE), TurnedCrop((20, 15), (30, 20)))
    assert shown.size == (30, 20)
    np.testing.assert_array_equal(shown.pixels, PICTURE[5:25, 5:35])


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_and_the_mirror_move_pixels_and_change_none(quarters):
    crop = TurnedCrop((30, 20), (20, 20), quarters * pi / 2)
    part = PICTURE[10:30, 20:40]
    frame = Frame.from_array(PICTURE)
    np.testing.assert_array_equal(TurnedFrame(frame, crop).pixels, np.rot90(part, quarters))
    mirrored = TurnedCrop((30, 20), (20, 20), quarters * pi / 2, mirrored=True)
    np.testing.assert_array_equal(TurnedFrame(frame, mirrored).pixels, np.rot90(part, quarters)[:, ::-1])


@pytest.mark.parametrize("mirrored", [False, True])
def test_points_go_to_the_picture_and_back(mirrored):
    crop = TurnedCrop((300, 200), (100.4, 80.2), 0.7, mirrored)
    points = RANDOM.uniform(0, 80, (5, 2))
    np.testing.assert_allclose(crop.from_picture(crop.to_picture(points)), points, atol=1e-3)
    np.testing.assert_allclose(crop.to_picture(np.array([50, 40.0])), [300, 200], atol=1e-4)
    ahead = crop.to_picture(np.array([51, 40.0])) - [300, 200]
    step = 1.004 * (-1 if mirrored else 1)
    np.testing.assert_allclose(ahead, [step * cos(0.7), step * sin(0.7)], atol=1e-4)


def test_the_crop_shows_what_lies_at_the_points_of_the_picture():
    """Two ways to one place: by the crop's pixels, and by carrying their middles."""
    pixels = smooth()
    crop = TurnedCrop((80, 60), (60, 40), -0.4)
    shown = TurnedFrame(Frame.from_array(pixels), crop).pixels
    x, y = np.meshgrid(np.arange(60) + 0.5, np.arange(40) + 0.5)
    places = crop.to_picture(np.stack([x, y], axis=-1))
    np.testing.assert_allclose(shown[..., :2] + 0.5, places, atol=1)


def test_letterboxes_and_other_ways_to_resize_are_kept():
    frame, crop = Frame.from_array(np.full((40, 60, 3), 200, np.uint8)), TurnedCrop((30, 20), (30, 15), 0.3)
    boxed = TurnedFrame(frame, crop).prepared(PictureSpec((20, 20), "letterbox", pad=(1, 2, 3)))
    assert boxed.tensor[0, :5].reshape(-1, 3).tolist() == [[1, 2, 3]] * 100
    assert (boxed.tensor[0, 5:15] == 200).all()
    np.testing.assert_allclose(boxed.placement.to_picture(np.array([[10, 10.0]])), [[15, 7.5]], atol=0.1)
    whole = TurnedFrame(Frame.from_array(smooth()), TurnedCrop((80, 60), (64, 64), 0.3))
    area = whole.prepared(PictureSpec((16, 16), resample="area")).tensor[0]
    np.testing.assert_allclose(area, whole.pixels.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3)), atol=1.1)
    assert whole.prepared(PictureSpec()).tensor.shape == (1, 64, 64, 3)
    assert whole.encoded is None
    assert Frame.from_bytes(whole.encoded_upright).size == (64, 64)


def test_a_part_of_another_array_is_read_too():
    wide = RANDOM.integers(0, 256, (80, 120, 3)).astype(np.uint8)
    crop, grid = TurnedCrop((20, 20), (20, 20), 0.5), np.arange(20) + 0.5
    view = wide[10:50, 30:90]
    assert not view.flags.c_contiguous
    np.testing.assert_array_equal(read_turned(view, crop, grid, grid), read_turned(view.copy(), crop, grid, grid))


def test_a_crop_without_measure_is_no_larger_than_memory_allows():
    crop = TurnedCrop((0, 0), (1e9, 1e8), 0.2)
    assert crop.pixels == (LONGEST, round(LONGEST / 10))
    np.testing.assert_allclose(crop.from_picture(crop.to_picture(np.array([3.0, 4.0]))), [3, 4], atol=1e-2)
    assert TurnedCrop((0, 0), (0.2, 0.3)).pixels == (1, 1)
