"""How a picture lies in its file, as its EXIF data say. Format: CIPA DC-008 (Exif 2.32), tag 274."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

_ORIENTATION = 0x0112  # EXIF tag 274

_PNG_TEXTS = ("Raw profile type exif", "XML:com.adobe.xmp")  # in which Pillow looks for it too

# EXIF orientation -> the transposition that brings the picture upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) with the EXIF orientation applied; the pixels are not decoded."""
    transposed = read_orientation(image) >= 5 and image.format != "TIFF"  # Pillow's TIFF reader gives the upright size
    return (image.height, image.width) if transposed else (image.width, image.height)


def read_orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if there is none or it is invalid."""
    if image.format == "PNG" and "exif" not in image.info:
        image.load()  # as Pillow would: here a damaged picture is an error, and not taken for damaged EXIF
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # a picture with a damaged EXIF block is still a picture
        return 1
    return value if value in UPRIGHT else 1


def note_absent_exif(image: Image.Image, data: bytes) -> None:
    """Tells Pillow where a PNG has no EXIF: else it would unpack the pixels to look for some behind them."""
    if image.format == "PNG" and "exif" not in image.info:
        texts = [text for text in _PNG_TEXTS if text not in image.info]
        if "Raw profile type exif" in texts and not _has_chunk(data, texts):
            image.info["exif"] = b""


def _has_chunk(data: bytes, texts: Sequence[str]) -> bool:
    """Whether a PNG has, at any place, a chunk of EXIF or of one of these texts (ISO/IEC 15948)."""
    named = tuple(text.encode() for text in texts)
    place = 8  # behind the signature
    while place < len(data):
        if data.startswith(b"eXIf", place + 4) or data.startswith(named, place + 8):
            return True
        place += int.from_bytes(data[place : place + 4], "big") + 12
    return False
