"""From pixels to tensors: against OpenCV and TensorFlow, and by properties."""

import attrs
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import Placement, place_picture
from runner_core.frames.preprocess import to_tensor
from runner_core.frames.resize import resample

RESIZES = ("stretch", "letterbox", "crop", "fit")
SIZES = [((640, 480), (352, 352)), ((37, 53), (64, 64)), ((101, 40), (33, 57)), ((3, 5), (320, 7)), ((1, 1), (9, 4))]


def noise(width: int, height: int) -> np.ndarray:
    """The hardest picture to resize: neighbours have nothing in common."""
    return np.random.default_rng(width * 10000 + height).integers(0, 256, (height, width, 3), np.uint8)


def resized(pixels: np.ndarray, **spec: object) -> np.ndarray:
    asked = PictureSpec(**spec)
    height, width = pixels.shape[:2]
    return resample(pixels, place_picture((width, height), asked), asked)


@pytest.mark.parametrize("layout", ["nhwc", "nchw", "nhw", "flat"])
def test_grey_is_pillows_and_inverted_is_the_rest(layout):
    pixels = noise(6, 4)
    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    spec = PictureSpec(colour="grey", layout=layout, batched=layout != "nhwc")
    tensor = to_tensor(pixels, spec)
    shapes = {"nhwc": (4, 6, 1), "nchw": (1, 1, 4, 6), "nhw": (1, 4, 6), "flat": (1, 24)}
    assert tensor.shape == shapes[layout]
    assert np.array_equal(tensor.ravel(), grey.ravel())
    inverted = to_tensor(pixels, attrs.evolve(spec, invert=True, dtype="float32", std=(255.0,) * 3))
    assert np.allclose(inverted.ravel(), 1 - grey.ravel() / 255)
    assert attrs.evolve(spec, size=(6, 4)).shape == tensor.shape


def test_lanczos_is_pillows():
    pixels = noise(40, 30)
    wanted = np.asarray(Image.fromarray(pixels).resize((16, 12), Image.Resampling.LANCZOS))
    assert np.array_equal(resized(pixels, size=(16, 12), resample="lanczos"), wanted)


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one.astype(float) - other.astype(float)


@pytest.mark.parametrize(("picture", "size"), SIZES)
def test_bilinear_is_opencvs(picture, size):
    pixels = noise(*picture)
    apart = difference(resized(pixels, size=size), cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR))
    assert np.abs(apart).max() <= 2
    assert abs(apart.mean()) < 0.3, "rounds to one side"


@pytest.mark.parametrize("size", [(32, 32), (96, 96), (28, 20), (128, 128)])
def test_small_tensors_are_opencvs_to_the_last_bit(size):
    """But one value in a hundred, which is one off: networks that see so little depend on more."""
    for picture in ((640, 480), (517, 606), (1280, 720), (20, 30)):
        pixels = noise(*picture)
        apart = difference(resized(pixels, size=size), cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR))
        assert np.abs(apart).max() <= 1
        assert np.count_nonzero(apart) <= 0.01 * apart.size


def test_bilinear_is_tensorflows_without_antialiasing():
    tf = pytest.importorskip("tensorflow")
    for picture, size in SIZES:
        pixels = noise(*picture)
        theirs = tf.image.resize(pixels, size[::-1], method="bilinear", antialias=False).numpy()
        apart = difference(resized(pixels, size=size), theirs)
        assert np.abs(apart).max() <= 2
        assert np.abs(apart).mean() < 0.5
        assert abs(apart.mean()) < 0.2, "rounds to one side"


@pytest.mark.parametrize(("picture", "size"), SIZES)
def test_nearest_is_opencvs_exact_one(picture, size):
    """But where a centre lies on the border of two pixels, which are as near as each other."""
    columns, rows = (
        (np.arange(new) * 2 + 1) * old % (2 * new) != 0 for old, new in zip(picture, size, strict=True)
    )  # fmt: skip
    pixels = noise(*picture)
    theirs = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    ours = resized(pixels, size=size, resample="nearest")
    np.testing.assert_array_equal(ours[rows][:, columns], theirs[rows][:, columns])


@pytest.mark.parametrize("factors", [(2, 2), (4, 3), (1, 5)])
def test_area_is_opencvs_on_whole_factors(factors):
    pixels = noise(20 * factors[0], 30 * factors[1])
    theirs = cv2.resize(pixels, (20, 30), interpolation=cv2.INTER_AREA)
    assert np.abs(difference(resized(pixels, size=(20, 30), resample="area"), theirs)).max() <= 1


@pytest.mark.parametrize("how", ["bilinear", "area", "nearest"])
def test_a_scale_of_one_changes_nothing(how):
    pixels = noise(31, 17)
    np.testing.assert_array_equal(resized(pixels, size=(31, 17), resample=how), pixels)
    padded = resized(pixels, size=(31, 40), resize="letterbox", resample=how, pad=(1, 2, 3))
    np.testing.assert_array_equal(padded[11:28], pixels)


def test_a_large_picture_needs_more_than_one_band():
    pixels = np.repeat(np.arange(200, dtype=np.uint8)[:, None, None], 3, axis=2).repeat(4, axis=1)
    np.testing.assert_array_equal(resized(pixels, size=(8, 200))[:, 3, 0], np.arange(200))


def test_letterbox_pads_around_the_middle():
    tensor = resized(np.full((50, 100, 3), 200, np.uint8), size=(64, 64), resize="letterbox", pad=(10, 20, 30))
    assert place_picture((100, 50), PictureSpec(size=(64, 64), resize="letterbox")).content_box == (0, 16, 64, 48)
    assert (tensor[16:48] == 200).all()
    assert (tensor[:16] == (10, 20, 30)).all()
    assert (tensor[48:] == (10, 20, 30)).all()


def test_crop_keeps_the_middle():
    pixels = np.zeros((50, 150, 3), np.uint8)
    pixels[:, 50:100] = 255
    for how in ("bilinear", "area", "nearest"):
        tensor = resized(pixels, size=(25, 25), resize="crop", resample=how)
        assert tensor.shape == (25, 25, 3)
        assert (tensor[:, 1:-1] == 255).all()


def test_fit_has_no_padding():
    placement = place_picture((640, 480), PictureSpec(size=(513, 513), resize="fit"))
    assert placement.tensor == (513, 385)
    assert placement.content_box == (0, 0, 513, 385)


def test_sides_that_keep_proportions_become_whole_pixels():
    spec = PictureSpec(size=(416, 416), resize="pad")
    assert place_picture((512, 600), spec).content_box == (0, 0, 355, 416)  # 354.99 wide
    down = attrs.evolve(spec, rounding="down")
    assert place_picture((512, 600), down).content_box == (0, 0, 354, 416)
    assert place_picture((10_000, 2), down).content_box == (0, 0, 416, 1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("resample", ["bilinear", "antialias", "nearest"])
def test_a_picture_as_it_is_grows_to_multiples(dtype, resample):
    pixels = noise(65, 40)
    frame = Frame.from_array(pixels)
    spec = PictureSpec(multiple=32, pad=(1, 2, 3), dtype=dtype, resample=resample)
    prepared = frame.prepared(spec)
    assert prepared.tensor.shape == (1, 64, 96, 3)
    np.testing.assert_array_equal(prepared.tensor[0, :40, :65], pixels)
    assert (prepared.tensor[0, 40:] == (1, 2, 3)).all()
    assert (prepared.tensor[0, :, 65:] == (1, 2, 3)).all()
    assert prepared.placement.to_picture(np.array([65.0, 40.0])).tolist() == [65, 40]
    assert frame.prepared(PictureSpec(multiple=8)).tensor.shape == (1, 40, 72, 3)


def test_a_picture_of_whole_multiples_is_not_copied():
    frame = Frame.from_array(noise(32, 64))
    assert np.shares_memory(frame.prepared(PictureSpec(multiple=32)).tensor, frame.pixels)


def test_a_fitted_picture_grows_to_multiples():
    placement = place_picture((640, 480), PictureSpec(size=(320, 320), resize="fit", multiple=64))
    assert (placement.tensor, placement.content_box) == ((320, 256), (0, 0, 320, 240))


def test_a_sliver_keeps_a_pixel():
    assert place_picture((10_000, 2), PictureSpec(size=(32, 32), resize="letterbox")).content_box == (0, 15, 32, 16)
    assert resized(noise(2, 10_000), size=(32, 32), resize="crop").shape == (32, 32, 3)


sides = st.integers(1, 700)
pictures = st.tuples(sides, sides)


@given(pictures, pictures, st.sampled_from(RESIZES))
def test_to_picture_inverts_the_placement(picture, size, resize):
    placement = place_picture(picture, PictureSpec(size=size, resize=resize))
    points = np.array([[0, 0, *picture], [picture[0] / 3, picture[1] / 7, 1, 1]])
    tensor = points * np.tile(placement.scale, 2) + np.tile(placement.offset, 2)
    np.testing.assert_allclose(placement.to_picture(tensor), points, rtol=1e-5, atol=1e-3)


@given(pictures, pictures, st.sampled_from(RESIZES))
def test_a_placement_keeps_its_rule(picture, size, resize):
    placement = place_picture(picture, PictureSpec(size=size, resize=resize))
    left, top, right, bottom = placement.content_box
    wide, high = placement.tensor
    assert 0 <= left < right <= wide
    assert 0 <= top < bottom <= high
    if resize == "fit":
        assert (wide, high) == (right, bottom)
        assert all(got <= asked for got, asked in zip((wide, high), size, strict=True))
    else:
        assert (wide, high) == size
    if resize in ("stretch", "crop"):
        assert placement.content_box == (0, 0, wide, high)
    if resize in ("letterbox", "fit"):
        assert right - left == wide or bottom - top == high
        assert abs(left - (wide - right)) <= 1
        assert abs(top - (high - bottom)) <= 1


@given(pictures, st.tuples(st.integers(1, 90), st.integers(1, 90)), st.sampled_from(RESIZES),
       st.sampled_from(["bilinear", "area", "nearest"]))  # fmt: skip
def test_a_plain_picture_stays_plain(picture, size, resize, how):
    pixels = np.full((picture[1], picture[0], 3), (9, 130, 255), np.uint8)
    spec = PictureSpec(size=size, resize=resize, resample=how, pad=(9, 130, 255))
    placement = place_picture(picture, spec)
    tensor = resample(pixels, placement, spec)
    assert tensor.shape == (placement.tensor[1], placement.tensor[0], 3)
    assert (tensor == (9, 130, 255)).all()


def test_points_land_where_the_pixels_went():
    pixels = np.zeros((300, 500, 3), np.uint8)
    pixels[120:160, 300:360] = 255
    for resize in RESIZES:
        spec = PictureSpec(size=(200, 240), resize=resize)
        placement = place_picture((500, 300), spec)
        rows, columns = np.nonzero(resample(pixels, placement, spec)[..., 0] > 127)
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
        np.testing.assert_allclose(placement.to_picture(box), [300, 120, 360, 160], atol=1.5)


@pytest.mark.parametrize("batched", [True, False])
def test_order_layout_and_batch(batched):
    pixels = noise(5, 4)
    bgr = to_tensor(pixels, PictureSpec(colour="bgr", batched=batched))
    np.testing.assert_array_equal(bgr[0] if batched else bgr, pixels[..., ::-1])
    planes = to_tensor(pixels, PictureSpec(layout="nchw", colour="bgr", batched=batched))
    np.testing.assert_array_equal(planes[0] if batched else planes, pixels[..., ::-1].transpose(2, 0, 1))
    assert planes.shape == ((1, 3, 4, 5) if batched else (3, 4, 5))
    assert bgr.flags.c_contiguous
    assert planes.flags.c_contiguous


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("colour", ["rgb", "bgr"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8"])
def test_values(layout, colour, dtype):
    pixels, mean, std = noise(7, 6), (128.0, 120.0, 110.0), (2.0, 4.0, 8.0)
    spec = PictureSpec(layout=layout, colour=colour, dtype=dtype, mean=mean, std=std)
    values = pixels[..., ::-1] if colour == "bgr" else pixels
    if dtype != "uint8":
        values = ((values.astype(np.float64) - mean) / std).astype(dtype)
    tensor = to_tensor(pixels, spec)
    assert tensor.dtype == dtype
    np.testing.assert_allclose(tensor[0], values.transpose(2, 0, 1) if layout == "nchw" else values, rtol=1e-3)


def test_without_mean_and_std_a_float_is_the_pixel():
    pixels = noise(7, 6)
    np.testing.assert_array_equal(to_tensor(pixels, PictureSpec(dtype="float32"))[0], pixels)


def test_a_tensor_is_read_only_and_the_pixels_stay_as_they_were():
    pixels = noise(7, 6)
    tensors = [to_tensor(pixels, PictureSpec()), to_tensor(pixels, PictureSpec(batched=False))]
    assert not any(tensor.flags.writeable for tensor in tensors)
    assert all(np.shares_memory(tensor, pixels) for tensor in tensors), "a copy that nobody needed"
    assert pixels.flags.writeable


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", (0, 4)), ("size", (4, -1)), ("size", (100_000, 10_000)), ("multiple", 0), ("multiple", 1 << 20),
     ("pad", (0, 0, 256)), ("std", (1.0, 0.0, 1.0)), ("dtype", "floot"), ("dtype", "object"), ("resize", "zoom"),
     ("resample", "cubic"), ("colour", "hsv"), ("layout", "chwn")],
)  # fmt: skip
def test_an_invalid_spec_is_refused(field, value):
    with pytest.raises(ValueError, match=field):
        PictureSpec(**{field: value})


def test_what_decides_the_resized_pixels():
    spec = PictureSpec(size=(8, 8))
    same = attrs.evolve(spec, dtype="float32", mean=(1.0, 2.0, 3.0), colour="bgr", layout="nchw", batched=False)
    assert spec.resize_key == same.resize_key
    assert len({spec.resize_key, *(attrs.evolve(spec, resize=rule).resize_key for rule in RESIZES)}) == len(RESIZES)


def test_the_identity():
    assert place_picture((30, 20), PictureSpec()).is_identity
    assert place_picture((30, 20), PictureSpec(size=(30, 20), resize="letterbox")).is_identity
    assert not place_picture((30, 20), PictureSpec(size=(20, 30))).is_identity
    assert not Placement((30, 20), (30, 20), (1.0, 1.0), (1.0, 0.0)).is_identity


def test_bilinear_is_not_antialiased():
    """What sets it apart from Pillow's own resize: a network was trained on the aliased pixels."""
    stripes = np.zeros((16, 64, 3), np.uint8)
    stripes[:, ::8] = 255
    ours = resized(stripes, size=(8, 2))
    blurred = np.asarray(Image.fromarray(stripes).resize((8, 2), Image.Resampling.BILINEAR))
    assert ours.max() == 0
    assert blurred.max() > 20
