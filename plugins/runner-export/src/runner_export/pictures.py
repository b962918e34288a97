"""The pictures of a dataset, as its trainers read them."""

from __future__ import annotations

import io

from runner_core.frames import Frame

_JPEG_START = b"\xff\xd8\xff"


def encode_picture(frame: Frame) -> tuple[str, bytes]:
    """Suffix and bytes: the original ones if every decoder reads them alike, a JPEG for a video's frame, else a PNG.

    A JPEG may have an EXIF orientation: trainers apply it.
    """
    encoded = frame.encoded
    if encoded is None:
        buffer = io.BytesIO()
        frame.image.save(buffer, "JPEG", quality=95)
        return ".jpg", buffer.getvalue()
    return (".jpg", encoded) if encoded.startswith(_JPEG_START) else (".png", frame.encoded_upright)
