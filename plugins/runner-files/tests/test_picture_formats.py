"""Pictures as people have them, from the file to the pixels."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runner_files.source import FileSource

from runner_core.errors import ImageError
from runner_core.frames.frame import Frame

WIDTH, HEIGHT = 24, 16


def quarters() -> np.ndarray:
    """Red, green, blue and white quarters: survives lossy formats and shows how it is turned."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:8, :12], pixels[:8, 12:], pixels[8:, :12], pixels[8:, 12:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), 255
    return pixels


def only_frame(path: Path) -> Frame:
    (frame,) = FileSource(str(path)).frames()
    return frame


def check_pixels(frame: Frame, wanted: np.ndarray, *, tolerance: int = 0) -> None:
    assert frame.size == (wanted.shape[1], wanted.shape[0])
    assert (frame.pixels.shape, frame.pixels.dtype) == (wanted.shape, np.uint8)
    centres = np.s_[2:-2:4, 2:-2:4]  # the colours run over the edges of the quarters in lossy formats
    assert np.abs(frame.pixels[centres].astype(int) - wanted[centres]).max() <= tolerance


@pytest.mark.parametrize(
    ("name", "tolerance", "options"),
    [
        ("a.png", 0, {}),
        ("a.jpg", 40, {"quality": 95, "subsampling": 0}),
        ("a.bmp", 0, {}),
        ("a.gif", 0, {}),
        ("lossy.webp", 40, {"quality": 95}),
        ("lossless.webp", 0, {"lossless": True}),
        ("a.tiff", 0, {}),
        ("packed.tif", 0, {"compression": "tiff_lzw"}),
        ("a.ppm", 0, {}),
        ("interlaced.png", 0, {"optimize": True}),
        ("progressive.jpeg", 40, {"quality": 95, "progressive": True}),
        ("a.avif", 40, {"quality": 95}),
        ("a.j2k", 0, {}),
        ("a.ico", 0, {"sizes": [(24, 16)]}),
        ("a.dds", 0, {}),
    ],
)
def test_formats(tmp_path, name, tolerance, options):
    Image.fromarray(quarters()).save(tmp_path / name, **options)
    check_pixels(only_frame(tmp_path / name), quarters(), tolerance=tolerance)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_their_high_byte(tmp_path, suffix):
    deep = (np.arange(WIDTH * HEIGHT, dtype=np.uint16) * 170).reshape(HEIGHT, WIDTH)
    Image.fromarray(deep).save(tmp_path / f"deep.{suffix}")
    check_pixels(only_frame(tmp_path / f"deep.{suffix}"), np.repeat((deep >> 8)[..., None], 3, axis=2))


@pytest.mark.parametrize("name", ["grey.png", "grey.jpg", "grey.bmp", "grey.tif"])
def test_grey_is_three_equal_channels(tmp_path, name):
    Image.new("L", (WIDTH, HEIGHT), 100).save(tmp_path / name)
    check_pixels(only_frame(tmp_path / name), np.full((HEIGHT, WIDTH, 3), 100))


def test_black_and_white(tmp_path):
    Image.new("1", (WIDTH, HEIGHT), 1).save(tmp_path / "a.png")
    check_pixels(only_frame(tmp_path / "a.png"), np.full((HEIGHT, WIDTH, 3), 255))


@pytest.mark.parametrize("transparency", [None, 0, b"\x00\x80\xff"])
def test_palette(tmp_path, transparency):
    options = {} if transparency is None else {"transparency": transparency}
    Image.fromarray(quarters()).quantize(4).save(tmp_path / "a.png", **options)
    check_pixels(only_frame(tmp_path / "a.png"), quarters())


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk(tmp_path, name):
    options = {"quality": 100, "subsampling": 0} if name == "a.jpg" else {}
    Image.fromarray(quarters()).convert("CMYK").save(tmp_path / name, **options)
    check_pixels(only_frame(tmp_path / name), quarters(), tolerance=40)


@pytest.mark.parametrize(("mode", "name"), [("RGBA", "a.png"), ("RGBA", "a.webp"), ("RGBA", "a.tif"), ("LA", "a.png")])
def test_alpha_is_dropped(tmp_path, mode, name):
    seen = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    image = Image.fromarray(seen).convert(mode)
    image.putalpha(Image.fromarray(np.linspace(1, 255, WIDTH, dtype=np.uint8)[None].repeat(HEIGHT, axis=0)))
    image.save(tmp_path / name, **({"lossless": True, "exact": True} if name == "a.webp" else {}))
    check_pixels(only_frame(tmp_path / name), seen)


STORED = {  # what a camera with that orientation stores of an upright picture, by the EXIF standard's definition
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: np.rot90(pixels, 1),
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda pixels: np.rot90(pixels, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_every_orientation_is_upright(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if name == "a.jpg" else {"lossless": True} if name == "a.webp" else {}
    Image.fromarray(np.ascontiguousarray(STORED[orientation](quarters()))).save(tmp_path / name, exif=exif, **options)
    frame = only_frame(tmp_path / name)
    check_pixels(frame, quarters(), tolerance=40 if name == "a.jpg" else 0)
    assert frame.image.size == frame.size


def test_of_many_pages_the_first_is_read(tmp_path):
    black = Image.new("RGB", (WIDTH, HEIGHT))
    Image.fromarray(quarters()).save(tmp_path / "a.tif", save_all=True, append_images=[black])
    check_pixels(only_frame(tmp_path / "a.tif"), quarters())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"plain words, no picture\n" * 9, "not a picture in a known format"),
        (b"\xff\xd8\xff\xe0", "not a picture|unreadable"),
    ],
)
def test_a_file_that_is_not_a_picture_is_a_frame_with_an_error(tmp_path, data, message):
    (tmp_path / "a.jpg").write_bytes(data)
    frame = only_frame(tmp_path)
    with pytest.raises(ImageError, match=message) as caught:
        _ = frame.size
    assert frame.source in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.gif", "a.bmp"])
def test_a_picture_cut_short_has_a_size_but_no_pixels(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 2 // 3])
    frame = only_frame(tmp_path / name)
    with pytest.raises(ImageError, match=r"cut short or damaged|unreadable|not a picture") as caught:
        _ = frame.pixels
    assert frame.source in str(caught.value)


def bomb(path: Path, side: int) -> Path:
    """A PNG header that promises ``side`` x ``side`` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    return path


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    frame = only_frame(bomb(tmp_path / "bomb.png", 60_000))
    with pytest.raises(ImageError, match="RUNNER_MAX_PIXELS"):
        _ = frame.size


def test_the_limit_of_pixels_is_the_users(tmp_path, monkeypatch):
    Image.new("RGB", (20, 10)).save(tmp_path / "a.png")
    monkeypatch.setenv("RUNNER_MAX_PIXELS", "199")
    with pytest.raises(ImageError, match="20 x 10 pixels are more than the limit of 199; set RUNNER_MAX_PIXELS"):
        _ = only_frame(tmp_path / "a.png").size
    monkeypatch.setenv("RUNNER_MAX_PIXELS", "200")
    assert only_frame(tmp_path / "a.png").size == (20, 10)
