"""Encoded bytes of every kind: a picture is read upright and in RGB, anything else is an ImageError."""

import contextlib
import io
import struct
import tracemalloc
import warnings
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from runner_core.errors import ImageError, UsageError
from runner_core.frames import decode
from runner_core.frames.orientation import read_orientation, read_upright_size

RGB = np.random.default_rng(7).integers(0, 256, (20, 30, 3), np.uint8)
PICTURE = Image.fromarray(RGB)
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "ICO", "TGA", "DDS", "SPIDER")


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def savable(form: str) -> Image.Image:
    return PICTURE.convert({"GIF": "P", "SPIDER": "F"}.get(form, "RGB"))


def read(data: bytes) -> np.ndarray:
    return decode.to_pixels(decode.open_image(data, "it"), data, "it")


def turned(image: Image.Image, orientation: int, form: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, form, exif=exif)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"])
def test_every_mode_becomes_rgb(mode):
    image = PICTURE.convert("RGBA").convert(mode) if mode == "RGBa" else PICTURE.convert("P").convert(mode)
    got = decode.to_rgb(image, "it")
    assert (got.mode, got.size) == ("RGB", (30, 20))
    if mode in ("RGB", "RGBA", "RGBX"):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(PICTURE.convert("P").convert("RGB")))


def test_alpha_is_dropped_not_blended():
    image = PICTURE.convert("RGBA")
    image.putalpha(0)
    np.testing.assert_array_equal(read(encoded(image, "PNG")), RGB)
    palette = PICTURE.convert("P")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = read(encoded(palette, "PNG", transparency=bytes(range(256))))
    np.testing.assert_array_equal(got, np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_high_byte(form):
    values = np.random.default_rng(1).integers(0, 65536, (20, 30), np.uint16)
    got = read(encoded(Image.fromarray(values), form))
    np.testing.assert_array_equal(got, np.repeat((values >> 8)[..., None], 3, axis=2))


def test_sixteen_bits_of_either_byte_order_and_width():
    values = np.array([[0, 255, 256, 40_000, 65_535]], np.uint16)
    for array in (values.astype("<u2"), values.astype(">u2"), values.astype(np.int32)):
        got = np.asarray(decode.to_rgb(Image.fromarray(array), "it"))
        assert got[0, :, 0].tolist() == [0, 0, 1, 156, 255]


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_sixteen_bits_take_a_few_bytes_a_pixel(dtype):
    """A small file may have all the pixels that are allowed."""
    image = Image.fromarray(np.zeros((1000, 1000), dtype))
    tracemalloc.start()
    try:
        decode.to_rgb(image, "it")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 11 * image.width * image.height


def test_sixteen_bits_of_colour():
    values = np.random.default_rng(1).integers(0, 65536, (20, 30, 3), np.uint16)
    data = cv2.imencode(".png", values)[1].tobytes()
    np.testing.assert_array_equal(read(data), (values >> 8)[..., ::-1])


def test_floating_point_has_no_range():
    data = encoded(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF")
    with pytest.raises(ImageError, match=r"no known range.*convert"):
        read(data)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation):
    data = turned(PICTURE, orientation, "PNG")
    image = decode.open_image(data, "it")
    assert read_orientation(image) == orientation
    theirs = cv2.imdecode(np.frombuffer(turned(PICTURE, orientation), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert read_upright_size(image) == theirs.shape[1::-1]
    got = decode.to_rgb(image, "it")
    assert got.size == theirs.shape[1::-1]
    jpeg = np.asarray(decode.to_rgb(decode.open_image(turned(PICTURE, orientation), "it"), "it"))
    assert np.abs(jpeg.astype(int) - theirs).max() <= 2
    assert decode.is_plain(decode.open_image(data, "it")) == (orientation == 1)


def test_an_invalid_orientation_is_ignored():
    assert read_orientation(decode.open_image(turned(PICTURE, 77), "it")) == 1
    damaged = turned(PICTURE, 6).replace(b"Exif\0\0MM", b"Exif\0\0XX").replace(b"Exif\0\0II", b"Exif\0\0XX")
    assert b"Exif\0\0XX" in damaged
    image = decode.open_image(damaged, "it")
    assert read_upright_size(image) == (30, 20)
    assert decode.to_rgb(image, "it").size == (30, 20)


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP", "PNG"])
def test_of_many_pages_the_first_is_read(form):
    pages = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue", "blue")]
    got = read(encoded(pages[0], form, save_all=True, append_images=pages[1:]))
    assert got.shape == (6, 8, 3)
    assert got[3, 3, 0] > 200
    assert got[3, 3, 2] < 50


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (encoded(PICTURE, "JPEG"), True),
        (encoded(PICTURE.convert("L"), "JPEG"), True),
        (encoded(PICTURE, "MPO", save_all=True, append_images=[PICTURE]), True),
        (encoded(PICTURE.convert("CMYK"), "JPEG"), False),
        (encoded(PICTURE, "PNG"), True),
        (encoded(PICTURE.convert("P"), "PNG"), True),
        (encoded(PICTURE.convert("RGBA"), "PNG"), True),
        (encoded(Image.fromarray(RGB[..., 0].astype(np.uint16)), "PNG"), False),
        (encoded(PICTURE, "BMP"), False),
        (encoded(PICTURE, "GIF"), False),
        (encoded(PICTURE, "WEBP"), False),
        (encoded(PICTURE, "TIFF"), False),
    ],
)
def test_what_a_plain_decoder_reads(data, plain):
    assert decode.is_plain(decode.open_image(data, "it")) == plain


def encoded_with_exif_behind() -> bytes:
    """A PNG whose orientation comes behind its pixels, as the format allows."""
    data = turned(PICTURE, 6, "PNG")
    start = data.index(b"eXIf") - 4
    chunk = data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]
    data = data.replace(chunk, b"")
    return data[:-12] + chunk + data[-12:]


def test_the_orientation_of_a_png_may_come_behind_its_pixels():
    image = decode.open_image(encoded_with_exif_behind(), "it")
    assert read_orientation(image) == 6
    np.testing.assert_array_equal(read(encoded_with_exif_behind()), np.rot90(RGB, -1))


XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6"/></x:xmpmeta>'
RAW_PROFILE = "\nexif\n26\n" + (b"MM\0*\0\0\0\x08" + bytes.fromhex("0001 0112 0003 00000001 0006 0000 00000000")).hex()


@pytest.mark.parametrize("text", [("XML:com.adobe.xmp", XMP), ("Raw profile type exif", RAW_PROFILE)])
@pytest.mark.parametrize("behind", [False, True])
def test_the_orientation_of_a_png_may_be_in_a_text(text, behind):
    texts = PngInfo()
    texts.add_itxt(*text)
    data = encoded(PICTURE, "PNG", pnginfo=texts)
    if behind:
        start = data.index(b"iTXt") - 4
        chunk = data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]
        data = data.replace(chunk, b"")[:-12] + chunk + data[-12:]
    np.testing.assert_array_equal(read(data), np.rot90(RGB, -1))


def test_a_png_is_not_unpacked_to_be_opened(monkeypatch):
    plain, lying = encoded(PICTURE, "PNG"), turned(PICTURE, 6, "PNG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("unpacked"))
    assert read_upright_size(decode.open_image(plain, "it")) == (30, 20)
    assert read_upright_size(decode.open_image(lying, "it")) == (20, 30)


@pytest.mark.parametrize("data", [encoded(PICTURE, "PNG"), encoded_with_exif_behind()], ids=["plain", "with exif"])
def test_a_png_with_damaged_pixels_is_an_error_and_no_picture(data):
    """Pillow raises an error once; asked again, it gives what it has."""
    damaged = bytearray(data)
    start = damaged.index(b"IDAT") + 20
    damaged[start : start + 800] = bytes(800)
    with pytest.raises(ImageError, match="broken data stream"):
        read(bytes(damaged))


def test_png_is_lossless():
    np.testing.assert_array_equal(read(decode.to_png(PICTURE)), RGB)


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_cut_short_is_an_image_error(form):
    data = encoded(savable(form), form)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(ImageError, match=r"^it: "):
            read(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"<!doctype html><html><body>404</body></html>", "not a picture"),
        (b"\0" * 500, "not a picture"),
        (b"\xff\xd8\xff", ""),
        (b"\x89PNG\r\n\x1a\n", ""),
        (encoded(PICTURE, "DDS")[:80] + b"\x10\0\x61\0" + encoded(PICTURE, "DDS")[84:], "Unknown pixel format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n", "EPS"),
    ],
)
def test_bytes_that_are_not_a_picture_are_reported_in_one_line(data, message):
    with pytest.raises(ImageError, match=f"^it: .*{message}") as refusal:
        read(data)
    assert "\n" not in str(refusal.value)


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_random_bytes_are_an_image_error(data):
    with pytest.raises(ImageError):
        read(data)


@settings(max_examples=500)
@given(st.sampled_from(FORMATS), st.data())
@pytest.mark.filterwarnings("ignore")  # Pillow warns of some damage and reads on
def test_a_damaged_picture_is_read_or_an_image_error(form, data):
    damaged = bytearray(encoded(savable(form), form))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, min(len(damaged), 200) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageError):
        assert read(bytes(damaged)).shape[2] == 3


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises more than it holds."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0"))]
    framed = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.fixture
def pillows_limit(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    return Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("size", [(9_500, 9_500), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_header(size):
    with pytest.raises(ImageError, match=f"{decode.LIMIT_VARIABLE}"):
        decode.open_image(bomb(*size), "it")


def test_the_limit_can_be_lowered(monkeypatch, pillows_limit):
    monkeypatch.setenv(decode.LIMIT_VARIABLE, "599")
    with pytest.raises(ImageError, match="30 x 20 pixels are more than the limit of 599"):
        decode.open_image(encoded(PICTURE, "PNG"), "it")
    monkeypatch.setenv(decode.LIMIT_VARIABLE, "600")
    assert decode.open_image(encoded(PICTURE, "PNG"), "it").size == (30, 20)
    assert pillows_limit == Image.MAX_IMAGE_PIXELS, "other users of Pillow keep their limit"


@pytest.mark.parametrize("limit", ["4000000000", "0"])
def test_the_limit_can_be_raised_over_pillows(monkeypatch, pillows_limit, limit):
    assert pillows_limit * 2 < 60_000 * 60_000
    monkeypatch.setenv(decode.LIMIT_VARIABLE, limit)
    assert decode.open_image(bomb(60_000, 60_000), "it").size == (60_000, 60_000)


@pytest.mark.parametrize("limit", ["many", "-1", "1e6"])
def test_a_limit_that_is_not_a_number_is_wrong_use(monkeypatch, limit):
    monkeypatch.setenv(decode.LIMIT_VARIABLE, limit)
    with pytest.raises(UsageError, match=decode.LIMIT_VARIABLE):
        decode.open_image(encoded(PICTURE, "PNG"), "it")


@pytest.mark.parametrize("size", [(403, 302), (64, 48)])
@pytest.mark.parametrize("options", [{"subsampling": kind} for kind in (0, 1, 2)] + [{"progressive": True}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("least", [(1000, 1000), (60, 40), (20, 20)])
def test_a_jpeg_decoded_past_pillow_has_pillows_pixels(size, options, mode, least):
    data = encoded(PICTURE.resize(size).convert(mode), "JPEG", **options)
    ours, theirs = decode.open_image(data, "it"), decode.open_image(data, "it")
    theirs.draft(None, least)
    assert decode.choose_reduced_size(ours, least) == theirs.size
    assert decode._decode_jpeg(data, theirs.size) is not None
    got = decode.to_pixels(ours, data, "it", theirs.size)
    np.testing.assert_array_equal(got, np.asarray(theirs.convert("RGB")))


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_jpeg_that_is_cut_short_is_left_to_pillow(cut):
    data = encoded(PICTURE.resize((400, 300)), "JPEG")
    data = data[: int(len(data) * cut)]
    assert decode._decode_jpeg(data, (400, 300)) is None
    with pytest.raises(ImageError, match="cut short or damaged"):
        read(data)


def test_a_cmyk_jpeg_is_left_to_pillow():
    data = encoded(PICTURE.convert("CMYK"), "JPEG")
    assert read(data).shape == (20, 30, 3)
    np.testing.assert_array_equal(read(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_cmyk_jpeg_is_decoded_no_larger_than_needed(orientation):
    data = turned(PICTURE.resize((1001, 403)).convert("CMYK"), orientation)
    opened = decode.open_image(data, "it")
    size = decode.choose_reduced_size(opened, (50, 50))
    assert size == (126, 51)
    assert sorted(decode.to_pixels(opened, data, "it", size).shape) == [3, 51, 126]
