"""CropsSink: what was found, cut out of its picture."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from runner_core.errors import ImageError
from runner_core.results import Inference, Result, boxes_of, boxes_to_crops
from runner_core.util import split_options, write_bytes
from runner_export.naming import Names, safe
from runner_export.omissions import Omissions
from runner_export.places import said, writable_folder

log = logging.getLogger("runner")

_JPEG_START = b"\xff\xd8\xff"
_FORMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {".jpg": ("JPEG", {"quality": 95}), ".png": ("PNG", {})}


class CropsSink:
    """``crops:out/`` writes ``out/LABEL/PICTURE-BRAIN-ID.png``, of a JPEG a JPEG; what has no box has no crop."""

    draws = True

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for options: it has none."""
        place, _ = split_options(location, {})
        self.folder = Path(place).expanduser()
        self.places = (self.folder,)

    @contextmanager
    def open(self) -> Iterator[CropsWriter]:
        """Raises SinkError where the folder cannot be written."""
        writable_folder(self.folder)
        yield CropsWriter(self.folder)


class CropsWriter:
    """Writes each picture whole."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._names, self._omissions = folder, Names(), Omissions(folder)

    def write(self, result: Result) -> None:
        """Raises SinkError where a file cannot be written."""
        boxed = [inference for inference in result.answers if self._is_boxed(inference)]
        if not boxed:
            return
        try:
            image = result.frame.image
        except ImageError as error:  # a brain that decodes by itself made sense of what Pillow cannot read
            log.warning("%s; nothing is cut out", error)
            return
        suffix = ".jpg" if (result.frame.encoded or b"").startswith(_JPEG_START) else ".png"
        name = self._names.name(result.frame)
        for inference in boxed:
            self._cut(image, inference, name, suffix)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Every picture is complete already."""

    def _is_boxed(self, inference: Inference) -> bool:
        if len(inference) and inference.boxes is None:
            self._omissions.say(inference.brain, "it gives no boxes, so nothing is cut out")
        return inference.boxes is not None and len(inference) > 0

    def _cut(self, image: Image.Image, inference: Inference, name: str, suffix: str) -> None:
        crops = boxes_to_crops(boxes_of(inference), inference.size)
        for row, (label, crop) in enumerate(zip(inference.names, crops, strict=True)):
            if crop:
                path = self._folder / safe(label) / f"{name}-{safe(inference.brain)}-{row}{suffix}"
                with said(path):
                    path.parent.mkdir(exist_ok=True)
                    write_bytes(path, _encoded(image.crop(crop), suffix))


def _encoded(image: Image.Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    form, options = _FORMS[suffix]
    image.save(buffer, form, **options)
    return buffer.getvalue()
