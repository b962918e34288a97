"""Antialiased resizing, against TensorFlow's and Pillow's."""

import attrs
import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import place_picture
from runner_core.frames.preprocess import to_tensor
from runner_core.frames.resize import MOST_EXACT, resample

SIZES = [((640, 480), (352, 352)), ((128, 128), (513, 513)), ((101, 40), (33, 57)), ((1, 1), (9, 4)), ((90, 3), (2, 2))]


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(width * 10000 + height).integers(0, 256, (height, width, 3), np.uint8)


def resized(pixels: np.ndarray, spec: PictureSpec) -> np.ndarray:
    return resample(pixels, place_picture((pixels.shape[1], pixels.shape[0]), spec), spec)


@pytest.mark.parametrize(("picture", "size"), SIZES)
def test_it_is_tensorflows(picture, size):
    tf = pytest.importorskip("tensorflow")
    pixels = noise(*picture)
    ours = resized(pixels, PictureSpec(size=size, resample="antialias", dtype="float32"))
    theirs = tf.image.resize(pixels, size[::-1], method="bilinear", antialias=True).numpy()
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=0.02)  # TensorFlow works the scale out in float32


@pytest.mark.parametrize(("picture", "size"), SIZES)
def test_bytes_are_pillows(picture, size):
    pixels = noise(*picture)
    ours = resized(pixels, PictureSpec(size=size, resample="antialias"))
    theirs = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("resize", ["letterbox", "pad", "crop", "fit"])
def test_unrounded_or_not_it_is_the_same(resize):
    spec = PictureSpec(size=(90, 60), resize=resize, resample="antialias", pad=(1, 2, 3))
    pixels, exact = noise(301, 100), attrs.evolve(spec, dtype="float32")
    np.testing.assert_allclose(resized(pixels, exact), resized(pixels, spec), atol=1.01)
    left, top, right, bottom = place_picture((301, 100), spec).content_box
    outside = np.ones((60, 90), bool)[: bottom - top if resize == "fit" else 60]
    outside[top:bottom, left:right] = False
    assert (resized(pixels, exact)[outside] == [1, 2, 3]).all()


@pytest.mark.parametrize(("resample", "method"), [("lanczos", "LANCZOS"), ("antialias", "BILINEAR")])
@pytest.mark.parametrize("picture", [(500, 610), (1280, 720), (33, 40)])
def test_a_crop_is_pillows_to_a_part_of_a_pixel(picture, resample, method):
    pixels = noise(*picture)
    ours = resized(pixels, PictureSpec(size=(24, 20), resize="crop", resample=resample))
    theirs = ImageOps.fit(Image.fromarray(pixels), (24, 20), Image.Resampling[method])
    np.testing.assert_allclose(ours, np.asarray(theirs, np.int64), atol=1)


def test_a_bilinear_crop_is_of_the_middle():
    pixels = np.tile(np.arange(0, 250, 2, dtype=np.uint8)[:, None, None], (1, 100, 3))  # 125 lines, from 0 to 248
    found = resized(pixels, PictureSpec(size=(20, 20), resize="crop"))[:, 0, 0]
    centres = (125 - 100) / 2 + (np.arange(20) + 0.5) * 5 - 0.5  # the line of the picture under each line
    np.testing.assert_allclose(found, 2 * centres, atol=1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_border_may_repeat_the_edge(dtype):
    pixels = noise(6, 4)
    spec = PictureSpec(size=(6, 8), resize="letterbox", border="edge", pad=(1, 2, 3), resample="antialias", dtype=dtype)
    found = resized(pixels, spec)
    assert found.shape == (8, 6, 3)
    assert (found[2:6] == pixels).all()
    assert (found[:2] == pixels[0]).all()
    assert (found[6:] == pixels[-1]).all()


def test_the_border_tells_tensors_apart():
    plain = PictureSpec(size=(6, 8), resize="letterbox")
    assert plain.resize_key != attrs.evolve(plain, border="edge").resize_key
    with pytest.raises(ValueError, match="border"):
        PictureSpec(border="mirror")


def test_padding_is_at_the_right_and_below():
    placement = place_picture((200, 100), PictureSpec(size=(50, 50), resize="pad"))
    assert placement.content_box == (0, 0, 50, 25)
    assert placement.to_picture(np.array([50.0, 25.0])).tolist() == [200, 100]


def test_a_frame_makes_both():
    frame = Frame.from_array(noise(64, 48))
    whole = frame.prepared(PictureSpec(size=(20, 20), resample="antialias"))
    exact = frame.prepared(PictureSpec(size=(20, 20), resample="antialias", dtype="float32"))
    assert whole.tensor.dtype == np.uint8
    assert (exact.tensor != np.rint(exact.tensor)).any()


def test_a_tensor_of_its_own_size_is_the_picture():
    pixels = noise(30, 20)
    spec = PictureSpec(size=(30, 20), resample="antialias", dtype="float32")
    np.testing.assert_array_equal(Frame.from_array(pixels).prepared(spec).tensor[0], pixels)
    np.testing.assert_array_equal(to_tensor(pixels, spec)[0], pixels)


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (500, 335), (97, 211)])
@pytest.mark.parametrize("tensor", [(640, 640), (352, 288)])
def test_opencvs_pixels_can_be_had_to_the_bit_at_any_size(size, tensor):
    pixels = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), np.uint8)
    spec = PictureSpec(size=tensor, resample="opencv")
    assert tensor[0] * tensor[1] > MOST_EXACT
    got = resample(pixels, place_picture(size, spec), spec)
    np.testing.assert_array_equal(got, cv2.resize(pixels, tensor, interpolation=cv2.INTER_LINEAR))
    near = resample(pixels, place_picture(size, spec), PictureSpec(size=tensor))
    assert np.abs(got.astype(int) - near).max() <= 2
