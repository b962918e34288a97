"""Masks as arrays and as COCO's RLE."""

import json
from functools import cached_property

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from pycocotools import mask as coco

from runner_core.results.mask import Mask

masks = nps.arrays(bool, nps.array_shapes(min_dims=2, max_dims=2, max_side=40))


def disc(height: int = 40, width: int = 60) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return (rows - 20) ** 2 + (columns - 30) ** 2 < 150


@given(masks)
def test_the_array_survives_the_rle(array):
    mask = Mask(array=array)
    again = Mask(rle=json.loads(json.dumps(mask.rle)))
    assert again == mask
    assert hash(again) == hash(mask)
    np.testing.assert_array_equal(again.array, array)
    assert (again.shape, again.area) == (array.shape, array.sum())


def test_the_rle_is_cocos():
    mask = Mask(array=disc())
    theirs = coco.encode(np.asfortranarray(disc(), np.uint8))
    assert mask.rle == {"size": [40, 60], "counts": theirs["counts"].decode()}
    assert Mask(rle=theirs) == mask, "pycocotools gives bytes"
    np.testing.assert_array_equal(coco.decode(theirs), Mask(rle=theirs).array)


def test_other_masks_are_other_masks():
    mask = Mask(array=disc())
    assert mask != Mask(array=~disc())
    assert mask != Mask(array=disc().T)
    assert mask != "mask"


def test_numbers_count_as_true_where_they_are_not_zero():
    assert Mask(array=disc().astype(np.uint8) * 255) == Mask(array=disc())


def test_pixels_are_read_only_and_not_copied():
    array = disc()
    mask = Mask(array=array)
    assert np.shares_memory(mask.array, array)
    assert not mask.array.flags.writeable
    assert not Mask(rle=mask.rle).array.flags.writeable
    assert array.flags.writeable


def test_the_shape_costs_no_decoding():
    mask = Mask(rle={"size": [40, 60], "counts": "nonsense"})
    assert (mask.shape, repr(mask)) == ((40, 60), "Mask(60 x 40)")


def test_a_mask_that_is_drawn_when_it_is_read_has_an_rle():
    class Drawn(Mask):
        def __init__(self):
            self.shape = (40, 60)

        @cached_property
        def array(self):
            return disc()

    assert Drawn() == Mask(array=disc())


def test_nothing_to_see():
    assert Mask(array=np.zeros((3, 4), bool)).area == 0
    assert Mask(array=np.ones((3, 4), bool)).area == 12


@pytest.mark.parametrize(
    "made_of",
    [
        {},
        {"array": disc(), "rle": Mask(array=disc()).rle},
        {"array": np.zeros(5, bool)},
        {"array": np.zeros((2, 2, 2), bool)},
        {"rle": {"size": [2, 2], "counts": [1, 3]}},
        {"rle": {"size": [2], "counts": "1"}},
        {"rle": {"size": [-2, 2], "counts": "1"}},
        {"rle": {"size": [1 << 20, 1 << 20], "counts": "1"}},
    ],
)
def test_what_is_not_a_mask(made_of):
    with pytest.raises(ValueError, match=r"."):
        Mask(**made_of)


@given(st.text(alphabet=[chr(code) for code in range(48, 112)], max_size=30))
def test_a_damaged_rle_is_a_mask_or_a_value_error(counts):
    mask = Mask(rle={"size": [7, 9], "counts": counts})
    try:
        assert mask.array.shape == (7, 9)
    except ValueError as error:
        assert "RLE" in str(error)  # noqa: PT017  # either is right
