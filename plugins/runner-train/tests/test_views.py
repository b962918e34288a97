import numpy as np
import pytest
from PIL import Image
from runner_train.pictures import IGNORED, Picture
from runner_train.targets import Grid, make_targets
from runner_train.views import Variety, View, Viewer, make_plain_view


def _draw_picture(box: tuple[float, float, float, float]) -> Picture:
    """A white thing on black: its box can be read from the pixels of any view."""
    pixels = np.zeros((240, 320, 3), np.uint8)
    left, top, right, bottom = (round(side * size) for side, size in zip(box, (320, 240, 320, 240), strict=True))
    pixels[top:bottom, left:right] = 255
    return Picture("one", Image.fromarray(pixels), np.array([box], np.float32), np.array([0]), frozenset([0]))


@pytest.mark.parametrize("quarter", [False, True])
def test_boxes_lie_around_what_the_view_shows(quarter: bool) -> None:
    picture = _draw_picture((0.35, 0.3, 0.55, 0.6))
    viewer = Viewer([picture], (160, 128), Variety(turn=0, quarter=quarter, mosaic=0), 1, [0])
    seen = 0
    for number in range(60):
        view = viewer.make_view(number)
        if not (view.classes == 0).any() or (view.boxes < 0.02).any() or (view.boxes > 0.98).any():
            continue  # cut at the border
        left, top, right, bottom = (view.boxes[0] * [160, 128, 160, 128]).round().astype(int)
        brightness = view.pixels.mean(axis=2)
        inside = brightness[top + 2 : bottom - 2, left + 2 : right - 2]
        beside = brightness[top:bottom, max(0, left - 6) : max(1, left - 3)]
        assert inside.min() > beside.max()
        seen += 1
    assert seen > 15


def test_the_same_number_gives_the_same_view() -> None:
    picture = _draw_picture((0.2, 0.2, 0.6, 0.7))
    first, second = (Viewer([picture] * 2, (96, 96), Variety(), 7, [0, 1]) for _ in range(2))
    for number in (0, 5, 17):
        assert (first.make_view(number).pixels == second.make_view(number).pixels).all()
    assert (first.make_view(0).pixels != first.make_view(2).pixels).any()


def test_a_plain_view_is_the_picture() -> None:
    picture = _draw_picture((0.25, 0.25, 0.75, 0.75))
    view = make_plain_view(picture, (160, 128))
    assert view.pixels.shape == (128, 160, 3)
    assert view.pixels[64, 80].tolist() == [255] * 3
    assert view.pixels[5, 5].tolist() == [0] * 3


def test_each_object_has_a_cell_that_answers_for_it() -> None:
    boxes = np.array([[0.1, 0.1, 0.3, 0.4], [0.51, 0.52, 0.53, 0.54], [0.7, 0.7, 0.95, 0.95]], np.float32)
    view = View(np.zeros((1, 1, 3), np.uint8), boxes, np.array([1, 0, IGNORED]), frozenset([0, 1]))
    grid = Grid(40, 32)
    targets = make_targets(view, grid, 3)
    assert (targets.bells[:, :2].max(axis=0) == 1).all()
    assert (targets.bells[:, 2] == -1).all()  # nothing is said of that class
    best = targets.bells[:, 1].argmax()
    middle = grid.centres()[best]
    assert middle - targets.distances[best, :2] == pytest.approx([0.1, 0.1], abs=1e-6)
    assert middle + targets.distances[best, 2:] == pytest.approx([0.3, 0.4], abs=1e-6)
    ignored = np.all((grid.centres() > 0.7) & (grid.centres() < 0.95), axis=1)
    assert (targets.bells[ignored] == -1).all()
