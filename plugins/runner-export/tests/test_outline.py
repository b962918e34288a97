"""Outlines: polygons that hold a mask's pixels and no others, read by a way of its own."""

import cv2
import numpy as np
import pytest
from runner_export import outline as module
from runner_export.outline import trace_outline


def inside(polygon, shape):
    """Which pixels' centres an even-odd rule finds in the polygon."""
    ys, xs = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    held = np.zeros(shape, bool)
    nudged = polygon + (1e-7, 2e-7)  # no centre on a line
    for (x1, y1), (x2, y2) in zip(nudged, np.roll(nudged, -1, axis=0), strict=True):
        rows = (ys > min(y1, y2)) & (ys <= max(y1, y2))
        if rows.any():
            crossing = x1 + (ys[rows] - y1) * (x2 - x1) / (y2 - y1)
            held[rows] ^= xs < crossing[:, None]
    return held


def drawn(*rows):
    return np.array([[sign == "#" for sign in row] for row in rows])


@pytest.mark.parametrize(
    "mask",
    [
        drawn("#"),
        drawn("###"),
        drawn("....", ".##.", ".##."),
        drawn("#.", ".#"),
        drawn("#.#", "...", ".#."),
        drawn("#####", "#...#", "#.#.#", "#...#", "#####"),
        drawn("##..", "#.#.", "..##"),
    ],
)
def test_it_holds_the_mask_and_nothing_else(mask):
    assert np.array_equal(inside(trace_outline(mask), mask.shape), mask)


def test_of_any_mask():
    noise = np.random.default_rng(7)
    for _ in range(300):
        mask = noise.random(noise.integers(1, 12, 2)) < noise.random()
        assert np.array_equal(inside(trace_outline(mask), mask.shape), mask)


def test_it_ends_where_the_pixels_do():
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:60] = True
    polygon = trace_outline(mask)
    assert polygon.min(axis=0).tolist() == [20, 10]
    assert polygon.max(axis=0).tolist() == [60, 30]
    assert len(polygon) == 8  # its corners, cut


def test_nothing_has_no_outline():
    assert trace_outline(np.zeros((4, 5), bool)).shape == (0, 2)


def test_a_disc_is_what_opencv_fills():
    ys, xs = np.mgrid[:300, :300]
    mask = (xs - 140) ** 2 + (ys - 160) ** 2 < 100**2
    polygon = trace_outline(mask)
    filled = cv2.fillPoly(np.zeros(mask.shape, np.uint8), [np.rint(polygon - 0.5).astype(np.int32)], 1).astype(bool)
    assert (filled ^ mask).sum() < 0.02 * mask.sum()
    assert len(polygon) < 400  # of an edge of 800 pixels


def test_of_a_mask_of_noise_the_longest_loops_are_kept(monkeypatch):
    monkeypatch.setattr(module, "MAX_LOOPS", 2)
    mask = drawn("##.#..###", "##....###", "......###", "#........")
    assert np.array_equal(
        inside(trace_outline(mask), mask.shape), drawn("##....###", "##....###", "......###", ".........")
    )
