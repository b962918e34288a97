"""From encoded bytes to an upright RGB picture; every refusal is an ``ImageError``.

Pillow identifies the format and decodes it. A JPEG in grey or RGB is decoded by libjpeg-turbo, which is quicker, and by
Pillow where that refuses it.
"""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from runner_core.errors import ImageError, UsageError
from runner_core.frames.formats import find_library
from runner_core.frames.library_warnings import gather_warnings, silence_libtiff
from runner_core.frames.orientation import UPRIGHT, note_absent_exif, read_orientation

LIMIT_VARIABLE = "RUNNER_MAX_PIXELS"
_JPEGS = ("JPEG", "MPO")  # Pillow's names; an MPO, as telephones write it, is a JPEG with more pictures after the first

_BITS = (8, 12, 16)  # of grey values that are kept in 16

# Pillow's format and modes that the decoders inside TensorFlow graphs read to the same pixels as Pillow does.
_PLAIN = {**dict.fromkeys(_JPEGS, ("L", "RGB")), "PNG": ("L", "RGB", "RGBA", "P")}

_TIMED = ("AVIF", "FLI", "GIF", "PNG", "WEBP")  # Pillow's formats whose pictures may follow each other in time

_SCALES = (8, 4, 2)  # divisors at which libjpeg-turbo decodes quickly
_BOMB = re.compile(r"\((\d+) pixels\) exceeds limit of (\d+)")  # in what Pillow raises and warns of

# What Pillow knows by its header: to decode an EPS it would start Ghostscript, for the others it has no decoder.
_REFUSED = {"EPS": "a program, not a picture", **dict.fromkeys(("BUFR", "GRIB", "HDF5", "WMF"), "not read here")}

log = logging.getLogger("runner")


def open_image(data: bytes, source: str) -> Image.Image:
    """Reads the header only. Raises ImageError if there are no bytes, no picture, or more pixels than the limit."""
    if not data:
        raise ImageError(f"{source}: the file is empty")
    limit = _read_pixel_limit()
    with guard_reading(source, "unreadable picture"):
        image = _identify(data, source)
        if image.format in _REFUSED:
            raise ImageError(f"{source}: {image.format} is {_REFUSED[image.format]}", remedy="convert it to PNG")
        if limit and image.width * image.height > limit:
            raise _oversize_error(source, f"{image.width} x {image.height}", limit)
        note_absent_exif(image, data)
        read_orientation(image)  # Pillow keeps it, and warns here of what is damaged around it
    return image


def _identify(data: bytes, source: str) -> Image.Image:
    """Pillow's image, with the help of a library where Pillow does not know the format."""
    try:
        return Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        library = find_library(data)
    if library is None:
        why = _explain_refusal(data)
        raise ImageError(f"{source}: " + (f"unreadable picture ({why})" if why else "not a picture in a known format"))
    library.register(source)
    try:
        return Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise ImageError(f"{source}: unreadable picture ({library.form}, cut short or damaged)") from None


def _explain_refusal(data: bytes) -> str:
    """Why Pillow does not open a picture that begins like one of its formats; nothing if it does not."""
    with suppress(Exception):  # Pillow's tests look into any bytes, and some expect more of them
        for form, (_, accept) in Image.OPEN.items():
            known = accept and accept(data[:16])
            if known:
                return known if isinstance(known, str) else f"{form}, damaged or of an unknown kind"
    return ""


@contextmanager
def guard_reading(source: str, problem: str) -> Iterator[None]:
    """Turns what Pillow raises in the block into an ImageError, and what it warns of into one line.

    On damaged bytes its readers raise any exception.
    """
    try:
        with gather_warnings() as warnings:
            yield
    except (ImageError, UsageError):
        raise
    except Exception as error:
        _refuse_bomb(source, [str(error)])
        raise ImageError(f"{source}: {problem} ({_describe(error)})") from error
    _refuse_bomb(source, warnings)
    if warnings:
        more = f", and {len(warnings) - 1} more" if len(warnings) > 1 else ""
        log.warning("%s: damaged in part (%s%s)", source, warnings[0].rstrip("."), more, extra={"once": True})


def _refuse_bomb(source: str, texts: Iterable[str]) -> None:
    """Raises ImageError if one of Pillow's texts says that there are more pixels than its limit."""
    for found in filter(None, map(_BOMB.search, texts)):
        raise _oversize_error(source, *found.groups())


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


def _oversize_error(source: str, pixels: object, limit: object) -> ImageError:
    message = f"{source}: {pixels} pixels are more than the limit of {limit}"
    return ImageError(message, remedy=f"set {LIMIT_VARIABLE} if you trust it")


def _describe(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def is_animated(image: Image.Image) -> bool:
    """Whether there are several pictures that follow each other in time."""
    return image.format in _TIMED and getattr(image, "is_animated", False)


def has_pages(image: Image.Image) -> bool:
    """Whether it is the first of several pages."""
    return image.format == "TIFF" and getattr(image, "is_animated", False)


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
            method = UPRIGHT.get(read_orientation(image))
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
    with guard_reading(source, "the picture is cut short or damaged"):
        if image.format == "TIFF":
            silence_libtiff()
        image.load()
        method = UPRIGHT.get(read_orientation(image))
        return _to_eight_bit_rgb(image if method is None else image.transpose(method), source)


def _to_eight_bit_rgb(image: Image.Image, source: str) -> Image.Image:
    if image.mode == "F":
        raise ImageError(f"{source}: floating-point pixels have no known range", remedy="convert it to 8 or 16 bits")
    if image.mode == "I" or image.mode.startswith("I;16"):
        image = Image.fromarray(_to_eight_bits(np.asarray(image), source))
    if image.mode == "P":  # converted straight to RGB, Pillow warns about a palette with transparency
        image = image.convert("RGBA")
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_eight_bits(values: NDArray[np.integer[Any]], source: str) -> NDArray[np.uint8]:
    """Of values of 16 bits the high byte. That there are fewer bits, as scanners have, is told by the highest value.

    Raises ImageError for values outside 16 bits.
    """
    least, most = int(values.min()), int(values.max())
    if least < 0 or most >= 1 << 16:
        raise ImageError(f"{source}: values from {least} to {most} have no known range", remedy="convert it to 16 bits")
    bits = next(bits for bits in _BITS if most < 1 << bits)
    if most and bits < max(_BITS):
        log.warning("%s: no value is above %d: taken for %d bits", source, most, bits, extra={"once": True})
    return (values >> bits - 8).astype(np.uint8)


def to_png(image: Image.Image) -> bytes:
    """PNG bytes, written quickly rather than small: they live for one call of a graph."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
