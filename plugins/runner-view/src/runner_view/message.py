"""Message: a look as bytes for the page: a length, JSON of that length, then the picture and the planes.

The length is 4 bytes, the highest first; the JSON's ``blobs`` says how long each of what follows is, the picture's
first, which is empty where there is none. ``page/message.js`` reads it.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.errors import ImageError
from runner_core.frames import choose_reduced_size, open_image, to_pixels
from runner_core.results import Inference, Result
from runner_view.look import Look
from runner_view.planes import planes_of
from runner_view.shown import entry

SIDE, QUALITY = 1280, 80  # of a picture: pixels of its longer side at most, and as a JPEG
AS_IT_IS = 1 << 20  # bytes of a JPEG that is handed on as it came, at most
_JPEG_START = b"\xff\xd8\xff"


def encode(look: Look) -> bytes:
    """Raises nothing that a picture could be the reason of: the message then says what is wrong with it."""
    result = look.result
    picture, error = b"", result.error.message if result.error else None
    if not error:
        try:
            picture = jpeg(look.picture, result)
        except ImageError as failed:
            error = str(failed)
    entries = [entry(said, look.ms.get(said.brain)) for said in result.inferences]
    blobs = [picture, *_planes(entries, result)]
    head = json.dumps({**_head(look, error), "brains": entries, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join((len(head).to_bytes(4, "big"), head, *blobs))


def _head(look: Look, error: str | None) -> dict[str, Any]:
    frame = look.result.frame
    return {
        "camera": look.camera, "source": frame.source, "number": look.number, "index": frame.index, "time": frame.time,
        "taken": frame.taken, "size": None if look.result.error else frame.size, "error": error,
        "run": look.numbers,
    }  # fmt: skip


def _planes(entries: list[dict[str, Any]], result: Result) -> list[bytes]:
    """The PNGs, each told in the entry of its brain."""
    pngs = []
    for told, said in zip(entries, result.inferences, strict=True):
        if isinstance(said, Inference):
            planes = list(planes_of(said))
            told["planes"] = [plane.to_json() for plane in planes]
            pngs += [plane.png for plane in planes]
    return pngs


def jpeg(picture: bytes | NDArray[np.uint8], result: Result) -> bytes:
    """The picture as a JPEG, no larger than the page needs; one that is so already is handed on, however it is turned.

    Raises ImageError.
    """
    if isinstance(picture, bytes):
        small = max(result.frame.size) <= SIDE and len(picture) <= AS_IT_IS
        if small and picture.startswith(_JPEG_START):
            return picture  # browsers turn it as its EXIF says
    image = _opened(picture, result.frame.source)
    if max(image.size) > SIDE:
        scale = SIDE / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _opened(picture: bytes | NDArray[np.uint8], source: str) -> Image.Image:
    if not isinstance(picture, bytes):
        return Image.fromarray(picture)
    image = open_image(picture, source)
    size = choose_reduced_size(image, (SIDE, SIDE))
    return Image.fromarray(to_pixels(image, picture, source, size))
