"""From encoded bytes to an upright RGB picture, with every refusal an ``ImageError``.

Pillow says what the bytes are and decodes them; a sound JPEG is decoded past it.
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
_ORIENTATION = 0x0112  # the EXIF tag

# EXIF orientation -> what brings the picture upright. Format: CIPA DC-008, tag 274.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Formats that the decoders inside TensorFlow graphs read to the same pixels as Pillow reads, by Pillow's mode.
# MPO is what telephones write: a JPEG with more pictures behind the first.
_PLAIN = {"JPEG": ("L", "RGB"), "MPO": ("L", "RGB"), "PNG": ("L", "RGB", "RGBA", "P")}

_JPEGS = ("JPEG", "MPO")  # as Pillow calls them; an MPO is a JPEG with more pictures behind the first
_SCALES = (8, 4, 2)  # those that the JPEG decoder has quick arithmetic for


def open_image(data: bytes, source: str) -> Image.Image:
    """Reads the header alone. Raises ImageError for what is empty, no picture, or over the limit of pixels."""
    if not data:
        raise ImageError(f"{source}: the file is empty")
    limit = _pixel_limit()
    try:
        image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise ImageError(f"{source}: not a picture in a known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(f"{source}: {str(error).rstrip('.')}") from None
    except Exception as error:  # Pillow's readers raise whatever their format's nonsense leads to
        raise ImageError(f"{source}: unreadable picture ({_said(error)})") from error
    if image.format == "EPS":  # to decode it, Pillow would start Ghostscript
        raise ImageError(f"{source}: EPS is a program, not a picture", remedy="convert it to PNG")
    if limit and image.width * image.height > limit:
        raise _too_large(f"{source}: {image.width} x {image.height} pixels are more than the limit of {limit}")
    return image


def _pixel_limit() -> int:
    """The most pixels a picture may have; 0 is no limit. Raises UsageError where the variable holds no number."""
    given, own = os.environ.get(LIMIT_VARIABLE, ""), Image.MAX_IMAGE_PIXELS
    if not given:
        return own or 0
    if not given.isdecimal():
        raise UsageError(f"{LIMIT_VARIABLE} is {given!r}", remedy="give a whole number of pixels, 0 for no limit")
    limit = int(given)
    if own and (limit == 0 or limit > own):
        Image.MAX_IMAGE_PIXELS = limit or None  # Pillow asks its own limit too, and before this one can be asked
    return limit


def _too_large(message: str) -> ImageError:
    return ImageError(message, remedy=f"set {LIMIT_VARIABLE} if you trust it")


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) once the EXIF orientation is applied; the pixels are not decoded."""
    turned = orientation(image) >= 5 and image.format != "TIFF"  # whose reader gives the upright size by itself
    return (image.height, image.width) if turned else (image.width, image.height)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or it is nonsense."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # a damaged EXIF block spoils no picture
        return 1
    return value if value in _UPRIGHT else 1


def is_plain(image: Image.Image) -> bool:
    """Whether a decoder that knows neither EXIF nor colour spaces reads the same pixels from these bytes."""
    return image.mode in _PLAIN.get(image.format or "", ()) and orientation(image) == 1


def reduced_size(image: Image.Image, least: tuple[int, int]) -> tuple[int, int]:
    """The (width, height), not turned, at which a JPEG is decoded to be ``least`` (width, height, upright) large.

    1/8, 1/4 or 1/2 of its own; its own where nothing is gained, or it is no JPEG.
    """
    if image.format not in _JPEGS:
        return image.size
    return _reduced(image.size, least[::-1] if orientation(image) >= 5 else least)


def to_pixels(image: Image.Image, data: bytes, source: str, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Decodes an image that was opened from ``data``: H x W x 3 RGB, upright; of its ``reduced_size`` as given.

    Raises ImageError as ``to_rgb`` does.
    """
    if image.format in _JPEGS and image.mode in ("L", "RGB"):
        pixels = _jpeg_pixels(data, size or image.size)
        if pixels is not None:
            turn = _UPRIGHT.get(orientation(image))
            return pixels if turn is None else np.asarray(Image.fromarray(pixels).transpose(turn))
    if size and size != image.size:
        image = open_image(data, source)  # the one that was opened stays whole
        scale = round(image.width / size[0])  # a draft rounds down: to it, 126 is more than an eighth of 1001
        image.draft(None, (image.width // scale, image.height // scale))
    return np.asarray(to_rgb(image, source))


def to_rgb(image: Image.Image, source: str) -> Image.Image:
    """Decodes to an upright RGB image: 16 bits keep their high byte, alpha is dropped, of many pages the first counts.

    Raises ImageError where the picture is cut short, damaged, or has no known range of values.
    """
    try:
        image.load()
        turn = _UPRIGHT.get(orientation(image))
        return _eight_bits(image if turn is None else image.transpose(turn), source)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(f"{source}: {str(error).rstrip('.')}") from None
    except Exception as error:  # Pillow's decoders raise whatever their format's nonsense leads to
        raise ImageError(f"{source}: the picture is cut short or damaged ({_said(error)})") from error


def _eight_bits(image: Image.Image, source: str) -> Image.Image:
    if image.mode == "F":
        raise ImageError(f"{source}: floating-point pixels have no known range", remedy="convert it to 8 or 16 bits")
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.int64) >> 8
        image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if image.mode == "P":  # straight to RGB, Pillow warns of a palette with transparency
        image = image.convert("RGBA")
    return image if image.mode == "RGB" else image.convert("RGB")


def to_png(image: Image.Image) -> bytes:
    """Lossless and quick rather than small: the bytes live for one call of a graph."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _reduced(size: tuple[int, int], least: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) of a JPEG at 1/8, 1/4 or 1/2, the first that is ``least`` large; else its own."""
    for scale in _SCALES:
        if all(side >= scale * wanted for side, wanted in zip(size, least, strict=True)):
            return -(-size[0] // scale), -(-size[1] // scale)
    return size


def _jpeg_pixels(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """H x W x 3 RGB pixels at a ``reduced_size`` of the picture's, not turned.

    None where the file is not beyond all doubt: damaged, cut short, or not of this size.
    """
    width, height = size
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, min_width=width, min_height=height)
    except ValueError:
        return None
    return pixels if pixels.shape == (height, width, 3) else None
