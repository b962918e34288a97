"""Message: a snapshot as bytes for the page: a length, JSON of that length, then the picture and the planes.

The length is a big-endian number of 4 bytes; the JSON's ``blobs`` has the lengths of what follows, the picture's
first, which is empty if there is none. ``page/message.js`` reads it.
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
from runner_liveview.answers import describe_answer
from runner_liveview.mask_planes import planes_of
from runner_liveview.snapshot import Snapshot

SIDE, QUALITY = 1280, 80  # of a picture: pixels of its longer side at most, and as a JPEG
AS_IT_IS = 1 << 20  # bytes of a JPEG that is passed on unchanged, at most
_JPEG_START = b"\xff\xd8\xff"


def encode_message(snapshot: Snapshot) -> bytes:
    """The message. A picture that cannot be read raises nothing: the message says what is wrong with it."""
    result = snapshot.result
    picture, error = b"", result.error.message if result.error else None
    if not error:
        try:
            picture = to_jpeg(snapshot.picture, result)
        except ImageError as failed:
            error = str(failed)
    entries = [describe_answer(answer, snapshot.ms.get(answer.brain)) for answer in result.inferences]
    blobs = [picture, *_add_planes(entries, result)]
    head = json.dumps({**_head_of(snapshot, error), "brains": entries, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join((len(head).to_bytes(4, "big"), head, *blobs))


def _head_of(snapshot: Snapshot, error: str | None) -> dict[str, Any]:
    frame = snapshot.result.frame
    return {
        "camera": snapshot.camera, "source": frame.source, "file": frame.file_name, "number": snapshot.number,
        "index": frame.index, "time": frame.time, "taken": frame.taken,
        "size": None if snapshot.result.error else frame.size, "error": error, "run": snapshot.numbers,
    }  # fmt: skip


def _add_planes(entries: list[dict[str, Any]], result: Result) -> list[bytes]:
    """The PNGs; the entry of each brain gets a description of its own."""
    pngs = []
    for entry, answer in zip(entries, result.inferences, strict=True):
        if isinstance(answer, Inference):
            planes = list(planes_of(answer))
            entry["planes"] = [plane.to_json() for plane in planes]
            pngs += [plane.png for plane in planes]
    return pngs


def to_jpeg(picture: bytes | NDArray[np.uint8], result: Result) -> bytes:
    """The picture as a JPEG, no larger than the page needs; one that is small already is passed on unchanged.

    Raises ImageError.
    """
    if isinstance(picture, bytes):
        small = max(result.frame.size) <= SIDE and len(picture) <= AS_IT_IS
        if small and picture.startswith(_JPEG_START):
            return picture  # browsers rotate it as its EXIF says
    image = _open_reduced(picture, result.frame.source)
    if max(image.size) > SIDE:
        scale = SIDE / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _open_reduced(picture: bytes | NDArray[np.uint8], source: str) -> Image.Image:
    if not isinstance(picture, bytes):
        return Image.fromarray(picture)
    image = open_image(picture, source)
    size = choose_reduced_size(image, (SIDE, SIDE))
    return Image.fromarray(to_pixels(image, picture, source, size))
