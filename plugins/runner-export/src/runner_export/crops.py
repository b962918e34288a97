"""CropsSink: instances cut out of their pictures."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from runner_core.errors import ImageError
from runner_core.results import Inference, Result, boxes_of, boxes_to_crops
from runner_core.util import OptionType, expand_home, split_options, write_bytes
from runner_export.naming import Names, to_safe_name
from runner_export.omissions import Omissions
from runner_export.output_files import convert_errors, prepare_folder

log = logging.getLogger("runner")

_OPTIONS = {"clear": OptionType("[01]", "1".__eq__, "1 or 0")}
_JPEG_START = b"\xff\xd8\xff"
_FORMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {".jpg": ("JPEG", {"quality": 95}), ".png": ("PNG", {})}


class CropsSink:
    """``crops:out/`` writes ``out/LABEL/PICTURE-BRAIN-ID.png``, or ``.jpg`` for a JPEG. Without a box there is none.

    ``clear=1``  PNGs that are clear outside of the instance's mask, or as opaque as the answer's matte.
    """

    draws = resumable = True

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for another option."""
        place, options = split_options(location, _OPTIONS)
        self._clear: bool = options.get("clear", False)
        self.folder = Path(expand_home(place))
        self.places = (self.folder,)

    def open(self) -> AbstractContextManager[CropsWriter]:
        """Raises SinkError if the folder cannot be written."""
        return self.resume(())

    @contextmanager
    def resume(self, checkpoints: Iterable[Sequence[str]]) -> Iterator[CropsWriter]:
        """As ``open``; what came after the last checkpoint is cut out again. Raises SinkError if the folder is gone."""
        names, begun = Names(), False
        for taken in checkpoints:
            names.take(taken)
            begun = True
        prepare_folder(self.folder, begun=begun)
        yield CropsWriter(self.folder, names, clear=self._clear)


class CropsWriter:
    """Writes each picture whole or not at all."""

    def __init__(self, folder: Path, names: Names, *, clear: bool = False) -> None:
        self._folder, self._names, self._clear, self._omissions = folder, names, clear, Omissions(folder)

    def write(self, result: Result) -> None:
        """Raises SinkError if a file cannot be written."""
        with_boxes = [inference for inference in result.answers if self._has_boxes(inference)]
        if not with_boxes:
            return
        try:
            image = result.frame.image
        except ImageError as error:  # a brain with its own decoder read what Pillow cannot
            log.warning("%s; nothing is cut out", error)
            return
        is_jpeg = not self._clear and (result.frame.encoded or b"").startswith(_JPEG_START)
        suffix = ".jpg" if is_jpeg else ".png"
        name = self._names.choose_name(result.frame)
        for inference in with_boxes:
            self._cut_out(image, inference, name, suffix)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Every picture is complete already."""

    def checkpoint(self) -> Sequence[str]:
        """The names that pictures were given since the one before."""
        return self._names.pop_new()

    def _has_boxes(self, inference: Inference) -> bool:
        if len(inference) and inference.boxes is None:
            self._omissions.report(inference.brain, "it gives no boxes, so nothing is cut out")
        return inference.boxes is not None and len(inference) > 0

    def _cut_out(self, image: Image.Image, inference: Inference, name: str, suffix: str) -> None:
        crops = boxes_to_crops(boxes_of(inference), inference.size)
        for row, (label, crop) in enumerate(zip(inference.names, crops, strict=True)):
            if crop:
                path = self._folder / to_safe_name(label) / f"{name}-{to_safe_name(inference.brain)}-{row}{suffix}"
                with convert_errors(path):
                    path.parent.mkdir(exist_ok=True)
                    piece = image.crop(crop)
                    if self._clear and (opacity := _find_opacity(inference, row)) is not None:
                        piece.putalpha(opacity.crop(crop))
                    write_bytes(path, _encode(piece, suffix))


def _find_opacity(inference: Inference, row: int) -> Image.Image | None:
    """Of the whole picture, for one instance; None for an answer that has neither a matte nor masks."""
    if inference.pixel_map is not None and inference.pixel_map.kind == "alpha":
        return Image.fromarray(inference.pixel_map.levels)
    return None if inference.masks is None else Image.fromarray(inference.masks[row].array * np.uint8(255))


def _encode(image: Image.Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    form, options = _FORMS[suffix]
    image.save(buffer, form, **options)
    return buffer.getvalue()
