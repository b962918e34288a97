"""From cells to pixels, against the definition spelled out."""

import numpy as np
import pytest
from runner_segmentation.upsample import make_taps, resize_best_classes, resize_nearest

from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import place_picture

PLACEMENTS = [
    place_picture(picture, PictureSpec(size=size, resize=resize))
    for picture in [(61, 37), (20, 90), (7, 5)]
    for size, resize in [((40, 40), "stretch"), ((40, 40), "letterbox"), ((40, 40), "fit")]
]


def position(pixel: int, axis: int, placement, cells: int) -> float:
    """Where the centre of a pixel of the picture lies, in cells, their centres at whole numbers."""
    in_tensor = (pixel + 0.5) * placement.scale[axis] + placement.offset[axis]
    return min(max(in_tensor * cells / placement.tensor[axis] - 0.5, 0.0), cells - 1.0)


def interpolated(planes: np.ndarray, placement) -> np.ndarray:
    """C x H x W: every plane resized bilinearly."""
    width, height = placement.picture
    found = np.zeros((len(planes), height, width))
    for y in range(height):
        for x in range(width):
            u, v = position(x, 0, placement, planes.shape[2]), position(y, 1, placement, planes.shape[1])
            a, b = int(u), int(v)
            c, d = min(a + 1, planes.shape[2] - 1), min(b + 1, planes.shape[1] - 1)
            top = planes[:, b, a] * (1 - u + a) + planes[:, b, c] * (u - a)
            bottom = planes[:, d, a] * (1 - u + a) + planes[:, d, c] * (u - a)
            found[:, y, x] = top * (1 - v + b) + bottom * (v - b)
    return found


def smooth(rng: np.random.Generator, classes: int, height: int, width: int) -> np.ndarray:
    """Scores with regions, as networks give them, rather than noise."""
    y, x = np.mgrid[:height, :width]
    centres = rng.uniform(0, max(height, width), (classes, 2))
    return np.stack([-np.hypot(y - cy, x - cx) for cy, cx in centres]).astype(np.float32)


@pytest.mark.parametrize("placement", PLACEMENTS, ids=str)
@pytest.mark.parametrize("kind", ["smooth", "noise"])
@pytest.mark.parametrize("classes", [2, 5])
def test_the_best_class_is_that_of_the_resized_scores(placement, kind, classes):
    rng = np.random.default_rng(classes)
    shape = (classes, 1 + placement.tensor[1] // 4, 1 + placement.tensor[0] // 4)
    planes = smooth(rng, *shape) if kind == "smooth" else rng.normal(size=shape).astype(np.float32)
    wanted = interpolated(planes, placement)
    found = resize_best_classes(planes, *make_taps(placement, planes.shape))
    two = np.sort(wanted, axis=0)[-2:]
    sure = two[1] - two[0] > 1e-4  # rounding may decide the rest
    assert sure.mean() > 0.95
    assert np.array_equal(found[sure], wanted.argmax(axis=0)[sure])


def test_many_classes_and_many_borders():
    rng = np.random.default_rng(3)
    placement = place_picture((400, 300), PictureSpec(size=(64, 64)))
    planes = rng.normal(size=(300, 16, 16)).astype(np.float32)
    found = resize_best_classes(planes, *make_taps(placement, planes.shape))
    assert found.shape == (300, 400)
    assert found.max() > 255


@pytest.mark.parametrize("placement", PLACEMENTS, ids=str)
def test_the_nearest_cell_is_the_one_that_a_centre_lies_in(placement):
    cells = np.arange(10 * 10).reshape(10, 10)
    found = resize_nearest(cells, *make_taps(placement, cells.shape))
    width, height = placement.picture
    for y in range(height):
        for x in range(width):
            u, v = position(x, 0, placement, 10), position(y, 1, placement, 10)
            if min(abs(u % 1 - 0.5), abs(v % 1 - 0.5)) > 1e-6:
                assert found[y, x] == cells[round(v), round(u)]


def test_a_map_of_the_pictures_size_stays_as_it_is():
    cells = np.random.default_rng(0).integers(0, 9, (37, 61))
    placement = place_picture((61, 37), PictureSpec())
    assert np.array_equal(resize_nearest(cells, *make_taps(placement, cells.shape)), cells)
