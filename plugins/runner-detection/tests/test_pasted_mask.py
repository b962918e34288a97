"""Masks drawn into the picture."""

import numpy as np
import pytest
from runner_detection.pasted_mask import PastedMask

from runner_core.results.mask import Mask


def reference(soft: np.ndarray, box: tuple[float, ...], size: tuple[int, int]) -> np.ndarray:
    """The same by the definition: bilinear between cell centres, clamped at the edge, at each pixel's centre."""
    (x1, y1, x2, y2), (width, height) = box, size
    rows, columns = soft.shape
    drawn = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            u, v = (x + 0.5 - x1) / (x2 - x1) * columns, (y + 0.5 - y1) / (y2 - y1) * rows
            if 0 <= u < columns and 0 <= v < rows:
                u, v = np.clip(u - 0.5, 0, columns - 1), np.clip(v - 0.5, 0, rows - 1)
                a, b = int(u), int(v)
                c, d = min(a + 1, columns - 1), min(b + 1, rows - 1)
                top = soft[b, a] * (1 - (u - a)) + soft[b, c] * (u - a)
                bottom = soft[d, a] * (1 - (u - a)) + soft[d, c] * (u - a)
                drawn[y, x] = top * (1 - (v - b)) + bottom * (v - b)
    return drawn


@pytest.mark.parametrize("box", [(10.3, 5.2, 50.7, 33.9), (-20.0, -5.0, 30.0, 60.0), (3.0, 3.0, 4.5, 3.9)])
def test_draws_what_the_definition_says(box):
    soft = np.random.default_rng(1).random((7, 9)).astype(np.float32)
    wanted = reference(soft, box, (64, 40))
    drawn = PastedMask(soft, np.array(box, np.float32), (64, 40)).array
    sure = np.abs(wanted - 0.5) > 1e-3  # rounding may decide the rest
    assert np.array_equal(drawn[sure], wanted[sure] >= 0.5)
    assert drawn.shape == (40, 64)


@pytest.mark.parametrize("box", [(100, 100, 120, 120), (-30, -30, -10, -10), (5, 5, 5, 9)])
def test_a_box_outside_the_picture_has_no_pixels(box):
    assert PastedMask(np.ones((4, 4), np.float32), np.array(box, np.float32), (64, 40)).area == 0


def test_is_a_mask_like_any_other():
    pasted = PastedMask(np.ones((4, 4), np.float32), np.array([8, 8, 24, 16], np.float32), (64, 40))
    assert pasted == Mask(rle=pasted.rle)
    assert pasted.area == 16 * 8
