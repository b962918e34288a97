"""Cameras' raw files: the JPEG in them is the picture, upright as the file says.

The files are laid out as those of Adobe, Nikon, Canon and Sony are; what a sensor measured is left out.
"""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from runner_core.errors import ImageError
from runner_core.frames import Frame
from runner_core.frames.raw_preview import unwrap_preview

SHORT, LONG = 3, 4
SENSOR, LINEAR, RGB, YCBCR = 32803, 34892, 2, 6


def jpeg(size: tuple[int, int], **options: object) -> bytes:
    """Red above, blue below."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[: size[1] // 2, :, 0] = pixels[size[1] // 2 :, :, 2] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


LARGE, SMALL = jpeg((96, 64)), jpeg((48, 32))
LOSSLESS = LARGE.replace(b"\xff\xc0", b"\xff\xc3", 1)  # by its marker, as a sensor's values are


class Tiff:
    """Lays out directories of numbers; a value of bytes is stored, and its tag gets where it lies."""

    def __init__(self, order: str = "<") -> None:
        self.order = order
        self.data = bytearray((b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 0))

    def put(self, data: bytes) -> int:
        self.data += bytes(len(self.data) % 2)
        self.data += data
        return len(self.data) - len(data)

    def add(self, ifd: dict[int, int | bytes], *, subs: list[int] | None = None, following: int = 0) -> int:
        fields = {tag: self.put(value) if isinstance(value, bytes) else value for tag, value in ifd.items()}
        if subs:
            fields[330] = subs[0] if len(subs) == 1 else self.put(struct.pack(f"{self.order}{len(subs)}I", *subs))
        body = struct.pack(f"{self.order}H", len(fields))
        for tag, value in sorted(fields.items()):
            body += struct.pack(f"{self.order}HHII", tag, LONG, len(subs or ()) if tag == 330 else 1, value)
        return self.put(body + struct.pack(f"{self.order}I", following))

    def finish(self, first: int) -> bytes:
        struct.pack_into(f"{self.order}I", self.data, 4, first)
        return bytes(self.data)


def strip(photometric: int, data: bytes, compression: int = 7) -> dict[int, int | bytes]:
    return {259: compression, 262: photometric, 273: data, 279: len(data)}


THUMBNAIL = {254: 1, 256: 2, 257: 1, 258: 8, 277: 3, **strip(RGB, bytes(6), 1)}
SENSORS_VALUES = strip(SENSOR, LOSSLESS)


def dng(order: str = "<", orientation: int = 1, *previews: bytes, sensor: int = SENSOR) -> bytes:
    tiff = Tiff(order)
    subs = [tiff.add(strip(sensor, LOSSLESS)), *(tiff.add(strip(YCBCR, each)) for each in previews)]
    return tiff.finish(tiff.add({**THUMBNAIL, 274: orientation, 50706: 0x00000401}, subs=subs))


def nef(orientation: int = 1) -> bytes:
    tiff = Tiff()
    subs = [tiff.add({254: 1, 259: 6, 513: LARGE, 514: len(LARGE)}), tiff.add(SENSORS_VALUES)]
    return tiff.finish(tiff.add({**THUMBNAIL, 274: orientation}, subs=subs))


def cr2() -> bytes:
    tiff = Tiff()
    tiff.put(b"CR\2\0" + bytes(4))
    raw = tiff.add({259: 6, 273: LOSSLESS, 279: len(LOSSLESS)})
    thumbnail = tiff.add({513: SMALL, 514: len(SMALL)}, following=raw)
    return tiff.finish(tiff.add({274: 1, 259: 6, 273: LARGE, 279: len(LARGE)}, following=thumbnail))


def arw() -> bytes:
    tiff = Tiff()
    thumbnail = tiff.add({259: 6, 513: SMALL, 514: len(SMALL)})
    sub = tiff.add(SENSORS_VALUES)
    return tiff.finish(tiff.add({259: 6, 274: 1, 513: LARGE, 514: len(LARGE)}, subs=[sub], following=thumbnail))


def proraw() -> bytes:
    tiff = Tiff(">")
    sub = tiff.add(strip(LINEAR, LOSSLESS))
    return tiff.finish(tiff.add({**strip(YCBCR, LARGE), 274: 1, 50706: 0x01040000}, subs=[sub]))


@pytest.mark.parametrize(
    "data",
    [dng("<", 1, SMALL, LARGE), dng(">", 1, LARGE, SMALL), nef(), cr2(), arw(), proraw()],
    ids=["dng", "big-endian dng", "nef", "cr2", "arw", "proraw"],
)
def test_the_largest_jpeg_is_the_picture(data, tmp_path):
    (tmp_path / "a.dng").write_bytes(data)
    frame = Frame.from_path(tmp_path / "a.dng")
    assert frame.size == (96, 64)
    np.testing.assert_array_equal(frame.pixels, Frame.from_bytes(LARGE).pixels)
    assert frame.encoded == frame.encoded_upright == LARGE


@pytest.mark.parametrize("make", [lambda turn: dng("<", turn, LARGE), nef], ids=["dng", "nef"])
@pytest.mark.parametrize(("orientation", "rotated"), [(3, 2), (6, -1), (8, 1)])
def test_it_is_upright_as_the_file_says(make, orientation, rotated):
    frame = Frame.from_bytes(make(orientation))
    np.testing.assert_array_equal(frame.pixels, np.rot90(Frame.from_bytes(LARGE).pixels, rotated))


def test_exif_of_the_jpeg_itself_comes_first():
    exif = Image.Exif()
    exif[274] = 3
    turned = jpeg((96, 64), exif=exif)
    assert unwrap_preview(dng("<", 6, turned), "x") == turned


@pytest.mark.parametrize("previews", [(), (LARGE[:9],), (b"no JPEG at all, but text",)])
def test_without_a_jpeg_it_is_refused(previews):
    with pytest.raises(ImageError, match=r"^x: a camera's raw file without a JPEG in it; convert it to JPEG or TIFF$"):
        unwrap_preview(dng("<", 1, *previews), "x")


@pytest.mark.parametrize("compression", [None, "jpeg", "tiff_lzw"])
def test_any_other_tiff_is_left_alone(compression):
    buffer = io.BytesIO()
    Image.open(io.BytesIO(LARGE)).save(buffer, "TIFF", compression=compression)
    data = buffer.getvalue()
    assert unwrap_preview(data, "x") is data
    assert Frame.from_bytes(data).size == (96, 64)


def test_directories_in_a_circle_end():
    tiff = Tiff()
    first = len(tiff.data)
    assert tiff.add({50706: 1, 274: 1}, following=first) == first
    with pytest.raises(ImageError, match="without a JPEG"):
        unwrap_preview(tiff.finish(first), "x")


def test_whatever_is_cut_off_is_an_image_error_or_read():
    data = dng("<", 6, LARGE)
    for length in range(0, len(data), 97):
        frame = Frame.from_bytes(data[:length])
        try:
            assert frame.pixels.shape[2] == 3
        except ImageError:
            continue


def test_it_is_said(caplog):
    caplog.set_level("INFO", "runner")
    Frame.from_bytes(nef()).size  # noqa: B018
    assert "of a camera's raw file the JPEG is looked at" in caplog.text
