"""Pictures: bytes of any format are a picture, an animation, or an ImageError of one line."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from itertools import islice

import numpy as np
from commands import allow_refusal
from PIL import Image, features

from runner_core.errors import RunnerError
from runner_core.frames import Frame, PictureSpec
from runner_core.frames.animation import read_pictures
from runner_core.testing import sample_pixels

NAMED = False
TOKENS = (
    b"IHDR", b"IDAT", b"acTL", b"fcTL", b"fdAT", b"PLTE", b"tRNS", b"eXIf", b"iCCP", b"Exif\0\0", b"II*\0", b"MM\0*",
    b"\xff\xd8", b"\xff\xc0", b"\xff\xc4", b"\xff\xda", b"\xff\xd9", b"\xff\xe1", b"VP8X", b"ANMF", b"ftyp", b"ihdr",
    b"GIF89a", b"NETSCAPE2.0", b"\x21\xf9\x04", b"8BPS", b"DDS ", b"P6 9 9 255 ", b"icns", b"\xff\x4f\xff\x51",
)  # fmt: skip
_FORMATS = (
    "PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "TGA", "ICO", "ICNS", "PCX", "PPM", "SGI", "DDS",
    "QOI", "MSP", "XBM", "DIB", "MPO", "BLP", "PALM",
)  # fmt: skip
_SPEC = PictureSpec((32, 24))
_MOST_FRAMES = 5
_TIMES = re.compile(rb"((?:mvhd|tkhd|mdhd).{4}).{16}", re.DOTALL)  # of an AVIF's making


def make_seeds() -> Mapping[str, bytes]:
    """A picture in each format that Pillow writes here, and what formats can hold besides."""
    image = Image.fromarray(sample_pixels()).resize((24, 16))
    seeds = {form.lower(): _encode(image, form) for form in _FORMATS}
    exif = Image.Exif()
    exif[0x0112] = 6
    seeds["jpeg turned"] = _encode(image, "JPEG", exif=exif)
    seeds["jpeg progressive"] = _encode(image, "JPEG", progressive=True)
    seeds["jpeg cmyk"] = _encode(image.convert("CMYK"), "JPEG")
    seeds["png 16"] = _encode(Image.fromarray(np.arange(384, dtype=np.uint16).reshape(16, 24) * 100), "PNG")
    seeds["png palette"] = _encode(image.convert("P"), "PNG", transparency=0)
    seeds["tiff lzw"] = _encode(image, "TIFF", compression="tiff_lzw")
    seeds["tiff jpeg"] = _encode(image, "TIFF", compression="jpeg")
    seeds["tiff deflate"] = _encode(image.convert("L"), "TIFF", compression="tiff_adobe_deflate")
    seeds["tiff 16"] = _encode(Image.fromarray(np.arange(384, dtype=np.uint16).reshape(16, 24)), "TIFF")
    for form in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        more = [image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), image.convert("L").convert("RGB")]
        seeds[f"{form.lower()} of three"] = _encode(image, form, save_all=True, append_images=more, duration=40)
    return {name: _TIMES.sub(lambda box: box[1] + bytes(16), data) for name, data in seeds.items() if data}


def fuzz_one_input(data: bytes) -> None:
    """Raises anything but ImageError, which is a finding."""
    allow_refusal(lambda: _look(Frame.from_bytes(data)))
    reduced = Frame.from_bytes(data)
    reduced.expect([_SPEC])
    allow_refusal(lambda: reduced.prepared(_SPEC))
    allow_refusal(lambda: [_look(frame) for frame in islice(read_pictures(Frame.from_bytes(data)), _MOST_FRAMES)])


def _look(frame: Frame) -> None:
    width, height = frame.size
    assert frame.pixels.shape == (height, width, 3), f"{frame.pixels.shape} of {width} x {height}"
    assert frame.pixels.dtype == np.uint8
    if frame.encoded is not None:
        again = Frame.from_bytes(frame.encoded_upright)
        assert again.size == frame.size, f"a plain decoder reads {again.size}, not {frame.size}"


def _encode(image: Image.Image, form: str, **options: object) -> bytes:
    """Nothing where this Pillow does not write the format."""
    if form == "AVIF" and not features.check("avif"):
        return b""
    buffer = io.BytesIO()
    try:
        image.convert("1" if form in ("MSP", "XBM") else "P" if form in ("BLP", "PALM") else image.mode).save(
            buffer, form, **options
        )
    except (OSError, KeyError, ValueError, RunnerError):
        return b""
    return buffer.getvalue()
