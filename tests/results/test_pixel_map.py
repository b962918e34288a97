"""A number for each pixel: where the cells lie in the picture, what JSON keeps, and what is refused."""

import json

import attrs
import numpy as np
import pytest

from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import place_picture
from runner_core.results.combine import merge
from runner_core.results.compare import compare_inferences
from runner_core.results.inference import Inference
from runner_core.results.instance import Verdict
from runner_core.results.mask import Mask
from runner_core.results.pixel_map import PixelMap

RNG = np.random.default_rng(3)
FLOATS = RNG.random((6, 8), np.float32)
LEVELS = RNG.integers(0, 256, (6, 8), np.uint8)
DTYPES = pytest.mark.parametrize("cells", [FLOATS, LEVELS], ids=["float32", "uint8"])


def sample_bilinearly(cells, placement):
    """Each pixel's centre, carried into the tensor and to the four cells around it; the outer cells go on for ever."""
    wide, high = cells.shape[1], cells.shape[0]
    across, along = (
        ((np.arange(placement.picture[axis]) + 0.5) * placement.scale[axis] + placement.offset[axis])
        * (count / placement.tensor[axis])
        - 0.5
        for axis, count in ((0, wide), (1, high))
    )
    left, top = np.floor(across).astype(int), np.floor(along).astype(int)
    right_share, low_share = across - left, (along - top)[:, None]
    columns = [(left + step).clip(0, wide - 1) for step in (0, 1)]
    rows = [(top + step).clip(0, high - 1) for step in (0, 1)]
    upper, lower = (
        cells[row][:, columns[0]] * (1 - right_share) + cells[row][:, columns[1]] * right_share for row in rows
    )
    return upper * (1 - low_share) + lower * low_share


def answer_with(pixel_map, **changes):
    height, width = pixel_map.shape
    answer = Inference(
        brain="b", task="matting", size=(width, height), model_ids=np.array([], np.int64), pixel_map=pixel_map
    )
    return attrs.evolve(answer, **changes)


@DTYPES
@pytest.mark.parametrize("resize", ["stretch", "letterbox", "pad", "fit"])
def test_pixels_are_bilinear_where_the_picture_lies_in_the_tensor(cells, resize):
    placement = place_picture((50, 20), PictureSpec(size=(16, 12), resize=resize))
    found = PixelMap.placed("alpha", cells, placement).array
    assert found.shape == (20, 50)
    assert found.dtype == cells.dtype
    slack = 1 if cells.dtype == np.uint8 else 1e-5
    assert np.abs(found - sample_bilinearly(cells.astype(float), placement)).max() <= slack


def test_a_smaller_picture_gets_the_mean_of_its_cells():
    cells = np.zeros((40, 40), np.float32)
    cells[:, ::2] = 1
    assert PixelMap("heat", cells, (4, 4)).array[:, 1:-1] == pytest.approx(0.5, abs=0.05)


@DTYPES
def test_json_keeps_every_bit(cells):
    placement = place_picture((50, 20), PictureSpec(size=(16, 12), resize="letterbox"))
    whole = answer_with(PixelMap.placed("heat", cells, placement), verdict=Verdict("anomalous", 1, 4, 0.1))
    again = Inference.from_json(json.loads(json.dumps(whole.to_json())))
    assert again == whole
    assert again.pixel_map.array.tobytes() == whole.pixel_map.array.tobytes()
    assert again.verdict == whole.verdict
    assert json.dumps(again.to_json()) == json.dumps(whole.to_json())


def test_json_leaves_out_what_is_not_there():
    bare = attrs.evolve(answer_with(PixelMap("heat", FLOATS, (6, 8))), pixel_map=None)
    assert not {"pixel_map", "verdict"} & bare.to_json().keys()


@pytest.mark.parametrize(
    "change",
    [
        {"data": "AAAA"}, {"data": "not base 64!"}, {"cells": [6, 9]}, {"cells": [0, 8]}, {"dtype": "float64"},
        {"size": [0, 8]}, {"window": [0, 0, 9, 6]}, {"kind": "depth"}, {"size": [1 << 20, 1 << 20]},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_json_is_a_value_error(change):
    data = PixelMap("heat", FLOATS, (6, 8)).to_json()
    with pytest.raises(ValueError, match=r"a map|a damaged map|a window|more than any picture|not two numbers|not a "):
        PixelMap.from_json({**data, **change})


@pytest.mark.parametrize("cells", [np.zeros((2, 2)), np.zeros((0, 2), np.uint8), np.zeros((1, 2, 2), np.uint8)])
def test_other_cells_are_refused(cells):
    with pytest.raises(ValueError, match="a map"):
        PixelMap("heat", cells, (4, 4))


def test_a_map_of_another_size_is_refused():
    with pytest.raises(ValueError, match="pixel_map has the shape 6 x 8"):
        answer_with(PixelMap("heat", FLOATS, (6, 8)), size=(9, 6))


def test_what_is_not_a_number_is_0():
    cells = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    assert PixelMap("heat", cells, (1, 4)).array.tolist() == [[0, 0, 0, 0.5]]


def test_maps_differ_by_a_bit_of_a_cell():
    one, other = FLOATS.copy(), FLOATS.copy()
    other[3, 3] = np.nextafter(other[3, 3], np.float32(2))
    assert PixelMap("heat", one, (6, 8)) == PixelMap("heat", FLOATS, (6, 8))
    assert PixelMap("heat", one, (6, 8)) != PixelMap("heat", other, (6, 8))
    assert answer_with(PixelMap("heat", one, (6, 8))) != answer_with(PixelMap("heat", other, (6, 8)))


def test_neither_cells_nor_pixels_can_be_changed():
    pixel_map = PixelMap("heat", FLOATS, (12, 16))
    for array in (pixel_map.cells, pixel_map.array):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


def test_levels_run_between_the_limits():
    depth = PixelMap("heat", np.array([[2, 4, 6, 9]], np.float32), (1, 4), limits=(2, 6))
    assert depth.levels.tolist() == [[0, 128, 255, 255]]


class TestCutout:
    PICTURE = RNG.integers(0, 256, (6, 8, 3), np.uint8)

    def test_is_as_opaque_as_the_matte(self):
        cut = answer_with(PixelMap("alpha", LEVELS, (6, 8))).cutout(self.PICTURE)
        assert np.array_equal(np.asarray(cut)[..., 3], LEVELS)
        assert np.array_equal(np.asarray(cut)[..., :3], self.PICTURE)

    def test_is_opaque_in_the_masks_where_there_is_no_matte(self):
        inside = LEVELS > 99
        masks = (Mask(array=inside), Mask(array=np.zeros((6, 8), bool)))
        heat = answer_with(PixelMap("heat", FLOATS, (6, 8)), masks=masks, model_ids=np.array([0, 0]))
        assert np.array_equal(np.asarray(heat.cutout(self.PICTURE))[..., 3], inside * 255)
        none = attrs.evolve(heat, masks=(), model_ids=np.array([], np.int64))
        assert not np.asarray(none.cutout(self.PICTURE))[..., 3].any()

    def test_needs_one_of_them(self):
        with pytest.raises(UsageError, match="no matte and no masks"):
            answer_with(PixelMap("heat", FLOATS, (6, 8))).cutout(self.PICTURE)


def test_drawing_blends_a_matte_by_its_levels():
    grey = Frame.from_array(np.full((64, 64, 3), 90, np.uint8))
    matte = np.zeros((64, 64), np.uint8)
    matte[:, 24:40], matte[:, 40:] = 100, 255
    drawn = np.asarray(answer_with(PixelMap("alpha", matte, (64, 64))).draw(grey)).astype(int)
    moved = np.abs(drawn[32] - 90).max(axis=1)
    assert moved[8] == 0
    assert 0 < moved[32] < moved[56]


def test_drawing_shows_heat_and_the_verdict():
    grey = Frame.from_array(np.full((64, 64, 3), 90, np.uint8))
    heat = np.zeros((64, 64), np.float32)
    heat[:8, 32:] = 1
    answer = answer_with(PixelMap("heat", heat, (64, 64)))
    drawn = np.asarray(answer.draw(grey))
    assert (drawn[4, 8] == 90).all()
    assert drawn[4, 48].max() > 200
    told = np.asarray(attrs.evolve(answer, verdict=Verdict("anomalous", 1, 1, 0.9)).draw(grey))
    assert not np.array_equal(told, drawn)


def test_comparing_measures_levels_and_verdicts():
    one = answer_with(PixelMap("heat", np.zeros((6, 8), np.float32), (6, 8)), verdict=Verdict("normal", 0, 0, 0.2))
    other = attrs.evolve(
        one, pixel_map=one.pixel_map.with_pixels(np.full((6, 8), 0.2, np.float32)), verdict=Verdict("normal", 0, 0, 0.5)
    )
    found = compare_inferences(one, other)
    assert found.levels == pytest.approx(0.2)
    assert found.scores == pytest.approx(0.3)
    assert len(found.faults) == 2
    assert compare_inferences(one, one).ok


def test_merging_leaves_maps_and_verdicts_out():
    one = answer_with(PixelMap("heat", FLOATS, (6, 8)), verdict=Verdict("normal", 0, 0, 0.2), boxes=np.empty((0, 4)))
    merged = merge([one, one]).inference
    assert (merged.pixel_map, merged.verdict) == (None, None)
