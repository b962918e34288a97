"""From encoded bytes to an upright RGB image, by Pillow, with every refusal an ``ImageError``."""

import io
import os

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from runner_core.errors import ImageError

LIMIT_VARIABLE = "RUNNER_MAX_PIXELS"
_ORIENTATION = 0x0112  # the EXIF tag

# Formats that the decoders inside TensorFlow graphs read to the same pixels as Pillow reads, by Pillow's mode.
_PLAIN = {"JPEG": ("L", "RGB"), "PNG": ("L", "RGB", "RGBA", "P")}


def open_image(data: bytes, source: str) -> Image.Image:
    """Reads the header alone. Raises ImageError for what is empty, no picture, or over the limit of pixels."""
    if not data:
        raise ImageError(f"{source}: the file is empty")
    try:
        image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise ImageError(f"{source}: not a picture in a known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{source}: {error}", remedy=f"set {LIMIT_VARIABLE} if you trust it") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"{source}: unreadable picture ({error})") from error
    _check_pixels(image.size, source)
    return image


def _check_pixels(size: tuple[int, int], source: str) -> None:
    limit = int(os.environ.get(LIMIT_VARIABLE) or Image.MAX_IMAGE_PIXELS or 0)
    if limit and size[0] * size[1] > limit:
        raise ImageError(
            f"{source}: {size[0]} x {size[1]} pixels are more than the limit of {limit}",
            remedy=f"set {LIMIT_VARIABLE} if you trust it",
        )


def upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) once the EXIF orientation is applied; the pixels are not decoded."""
    turned = orientation(image) >= 5
    return (image.height, image.width) if turned else (image.width, image.height)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or it is nonsense."""
    value = image.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def is_plain(image: Image.Image) -> bool:
    """Whether a decoder that knows neither EXIF nor colour spaces reads the same pixels from these bytes."""
    return image.mode in _PLAIN.get(image.format or "", ()) and orientation(image) == 1


def to_rgb(image: Image.Image, source: str) -> Image.Image:
    """Decodes to an upright RGB image: 16 bits keep their high byte, alpha is dropped, of many pages the first counts."""
    try:
        image.load()
        upright = ImageOps.exif_transpose(image) if orientation(image) != 1 else image
        narrow = _eight_bits(upright, source)
        return narrow if narrow.mode == "RGB" else narrow.convert("RGB")
    except (OSError, ValueError, SyntaxError, IndexError, EOFError) as error:
        raise ImageError(f"{source}: the picture is cut short or damaged ({error})") from error


def _eight_bits(image: Image.Image, source: str) -> Image.Image:
    if image.mode == "F":
        raise ImageError(f"{source}: floating-point pixels have no known range", remedy="convert it to 8 or 16 bits")
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.int64) >> 8
        return Image.fromarray(values.clip(0, 255).astype(np.uint8))
    return image


def to_png(image: Image.Image) -> bytes:
    """Lossless and quick rather than small: the bytes live for one call of a graph."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
