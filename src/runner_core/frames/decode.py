"""From encoded bytes to an upright RGB picture; every refusal is an ``ImageError``.

Pillow identifies the format and decodes it. A JPEG in grey or RGB is decoded by libjpeg-turbo, which is quicker, and by
Pillow where that refuses it.
"""

from __future__ import annotations

import io
import os

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from runner_core.errors import ImageError, UsageError

LIMIT_VARIABLE = "RUNNER_MAX_PIXELS"
_ORIENTATION = 0x0112  # EXIF tag 274

# EXIF orientation -> the transposition that brings the picture upright. Format: CIPA DC-008 (Exif 2.32), tag 274.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_JPEGS = ("JPEG", "MPO")  # Pillow's names; an MPO, as telephones write it, is a JPEG with more pictures after the first

# Pillow's format and modes that the decoders inside TensorFlow graphs read to the same pixels as Pillow does.
_PLAIN = {**dict.fromkeys(_JPEGS, ("L", "RGB")), "PNG": ("L", "RGB", "RGBA", "P")}

_SCALES = (8, 4, 2)  # divisors at which libjpeg-turbo decodes quickly


def open_image(data: bytes, source: str) -> Image.Image:
    """Reads the header only. Raises ImageError if there are no bytes, no picture, or more pixels than the limit."""
    if not data:
        raise ImageError(f"{source}: the file is empty")
    limit = _read_pixel_limit()
    try:
        image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise ImageError(f"{source}: not a picture in a known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _oversize_error(f"{source}: {str(error).rstrip('.')}") from None
    except Exception as error:  # Pillow's readers raise any exception on damaged bytes
        raise ImageError(f"{source}: unreadable picture ({_describe(error)})") from error
    if image.format == "EPS":  # to decode it, Pillow would start Ghostscript
        raise ImageError(f"{source}: EPS is a program, not a picture", remedy="convert it to PNG")
    if limit and image.width * image.height > limit:
        raise _oversize_error(f"{source}: {image.width} x {image.height} pixels are more than the limit of {limit}")
    return image


def _read_pixel_limit() -> int:
    """The most pixels a picture may have; 0 is no limit. Raises UsageError if the variable is not a number."""
    text, own = os.environ.get(LIMIT_VARIABLE, ""), Image.MAX_IMAGE_PIXELS
    if not text:
        return own or 0
    if not text.isdecimal():
        raise UsageError(f"{LIMIT_VARIABLE} is {text!r}", remedy="give a whole number of pixels, 0 for no limit")
    limit = int(text)
    if own and (limit == 0 or limit > own):
        Image.MAX_IMAGE_PIXELS = limit or None  # Pillow checks its own limit first, while it opens the picture
    return limit


def _oversize_error(message: str) -> ImageError:
    return ImageError(message, remedy=f"set {LIMIT_VARIABLE} if you trust it")


def _describe(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def read_upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) with the EXIF orientation applied; the pixels are not decoded."""
    transposed = read_orientation(image) >= 5 and image.format != "TIFF"  # Pillow's TIFF reader gives the upright size
    return (image.height, image.width) if transposed else (image.width, image.height)


def read_orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if there is none or it is invalid."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # a picture with a damaged EXIF block is still a picture
        return 1
    return value if value in _UPRIGHT else 1


def is_plain(image: Image.Image) -> bool:
    """Whether a decoder that knows neither EXIF nor colour spaces reads the same pixels from these bytes."""
    return image.mode in _PLAIN.get(image.format or "", ()) and read_orientation(image) == 1


def choose_reduced_size(image: Image.Image, least: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) before rotation at which to decode a JPEG that must be at least ``least`` large, upright.

    1/8, 1/4 or 1/2 of its own size; its own size where these are too small, or it is not a JPEG.
    """
    if image.format not in _JPEGS:
        return image.size
    return _reduce_size(image.size, least[::-1] if read_orientation(image) >= 5 else least)


def _reduce_size(size: tuple[int, int], least: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) at 1/8, 1/4 or 1/2, the first that is at least ``least`` large; else ``size``."""
    for scale in _SCALES:
        if all(side >= scale * wanted for side, wanted in zip(size, least, strict=True)):
            return -(-size[0] // scale), -(-size[1] // scale)
    return size


def to_pixels(image: Image.Image, data: bytes, source: str, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """H x W x 3 uint8 RGB pixels, upright, of an image that was opened from ``data``.

    ``size`` is what ``choose_reduced_size`` gave; None is the whole size. Raises ImageError as ``to_rgb`` does.
    """
    if image.format in _JPEGS and image.mode in ("L", "RGB"):
        pixels = _decode_jpeg(data, size or image.size)
        if pixels is not None:
            method = _UPRIGHT.get(read_orientation(image))
            return pixels if method is None else np.asarray(Image.fromarray(pixels).transpose(method))
    if size and size != image.size:
        image = open_image(data, source)  # a draft changes the image: the caller's stays whole
        scale = round(image.width / size[0])  # draft() rounds down: for it, 126 is more than an eighth of 1001
        image.draft(None, (image.width // scale, image.height // scale))
    return np.asarray(to_rgb(image, source))


def _decode_jpeg(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """H x W x 3 uint8 RGB pixels of that (width, height), without the EXIF orientation.

    None if libjpeg-turbo finds the file damaged or cut short, or has no such size for it.
    """
    width, height = size
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, min_width=width, min_height=height)
    except ValueError:
        return None
    return pixels if pixels.shape == (height, width, 3) else None


def to_rgb(image: Image.Image, source: str) -> Image.Image:
    """Decodes to an upright RGB image: 16 bits keep their high byte, alpha is dropped, of many pages the first is used.

    Raises ImageError if the picture is cut short, damaged, or has no known range of values.
    """
    try:
        image.load()
        method = _UPRIGHT.get(read_orientation(image))
        return _to_eight_bit_rgb(image if method is None else image.transpose(method), source)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _oversize_error(f"{source}: {str(error).rstrip('.')}") from None
    except Exception as error:  # Pillow's decoders raise any exception on damaged bytes
        raise ImageError(f"{source}: the picture is cut short or damaged ({_describe(error)})") from error


def _to_eight_bit_rgb(image: Image.Image, source: str) -> Image.Image:
    if image.mode == "F":
        raise ImageError(f"{source}: floating-point pixels have no known range", remedy="convert it to 8 or 16 bits")
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.int64) >> 8
        image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if image.mode == "P":  # converted straight to RGB, Pillow warns about a palette with transparency
        image = image.convert("RGBA")
    return image if image.mode == "RGB" else image.convert("RGB")


def to_png(image: Image.Image) -> bytes:
    """PNG bytes, written quickly rather than small: they live for one call of a graph."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
