"""Run lengths as pycocotools has them: the same text, the same pixels, the same overlaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from pycocotools import mask as coco

from runner_core.results.run_lengths import fill_runs, pack_runs, run_ious, runs_of, unpack_runs

masks = nps.arrays(bool, nps.array_shapes(min_dims=2, max_dims=2, max_side=40))


def packed(array):
    return coco.encode(np.asfortranarray(array, np.uint8))


def ellipses(count, seed):
    """300 x 400 masks: runs of three digits, whose differences have both signs."""
    rows, columns = np.mgrid[:300, :400]
    random = np.random.default_rng(seed)
    for y, x, down, across in random.uniform((0, 0, 5, 5), (300, 400, 150, 200), (count, 4)):
        yield ((rows - y) / down) ** 2 + ((columns - x) / across) ** 2 < 1


@given(masks)
def test_the_text_is_cocos(array):
    text = packed(array)["counts"].decode()
    assert pack_runs(runs_of(array)) == text
    assert unpack_runs(text).tolist() == runs_of(array).tolist()
    np.testing.assert_array_equal(fill_runs(unpack_runs(text), array.shape), array)


@pytest.mark.parametrize("array", [*ellipses(20, seed=0)])
def test_the_text_of_large_masks_is_cocos(array):
    text = packed(array)["counts"].decode()
    assert pack_runs(runs_of(array)) == text
    np.testing.assert_array_equal(fill_runs(unpack_runs(text), array.shape), array)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1), (5000, 7000)])
@pytest.mark.parametrize("value", [False, True])
def test_one_run_is_cocos(shape, value):
    array = np.full(shape, value)
    assert pack_runs(runs_of(array)) == packed(array)["counts"].decode()
    np.testing.assert_array_equal(fill_runs(runs_of(array), shape), array)


def test_overlaps_are_cocos():
    ours, theirs = ([*ellipses(12, seed), np.zeros((300, 400), bool), np.ones((300, 400), bool)] for seed in (1, 2))
    theirs[3] = ours[3]
    wanted = coco.iou([packed(mask) for mask in ours], [packed(mask) for mask in theirs], [0] * len(theirs))
    found = run_ious([runs_of(mask) for mask in ours], [runs_of(mask) for mask in theirs])
    np.testing.assert_array_equal(found, wanted)
    assert found[3, 3] == 1


@given(st.lists(nps.arrays(bool, (6, 7)), min_size=1, max_size=4), st.lists(nps.arrays(bool, (6, 7)), min_size=1))
def test_overlaps_of_small_masks_are_cocos(ours, theirs):
    wanted = coco.iou([packed(mask) for mask in ours], [packed(mask) for mask in theirs], [0] * len(theirs))
    np.testing.assert_array_equal(run_ious([*map(runs_of, ours)], [*map(runs_of, theirs)]), wanted)


@pytest.mark.parametrize("text", ["P", "4P", "\x01", "04\xe9", "0 4", "PPPPPPPP0", "p"])
def test_a_text_that_is_not_cocos_is_refused(text):
    with pytest.raises(ValueError, match="damaged RLE: its text"):
        unpack_runs(text)


@pytest.mark.parametrize("text", ["", "0", "3", "5", "0O1", "04O"])
def test_runs_that_do_not_fill_the_picture_are_refused(text):
    with pytest.raises(ValueError, match="damaged RLE: its runs do not fill 2 x 2 pixels"):
        fill_runs(unpack_runs(text), (2, 2))
