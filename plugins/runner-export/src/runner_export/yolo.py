"""YoloSink: YOLO's labels, a text file a picture."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from runner_core.atomic import write_text
from runner_core.export import yolo_text
from runner_core.inference import Inference
from runner_core.result import Result
from runner_export.naming import Names
from runner_export.places import said, writable_folder


class YoloSink:
    """``yolo:labels/`` writes ``PICTURE.txt`` for each picture with an answer, and ``classes.txt``.

    Format: https://docs.ultralytics.com/datasets/detect/; a class is its line in ``classes.txt``, from 0.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self.folder = Path(location).expanduser()

    @contextmanager
    def open(self) -> Iterator[YoloWriter]:
        """Raises SinkError where the folder cannot be written."""
        writable_folder(self.folder)
        yield YoloWriter(self.folder)


class YoloWriter:
    """Writes each file whole."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._names = folder, Names()
        self._names.take("classes")
        self._classes: dict[str, int] = {}
        self._put("classes.txt", "")

    def write(self, result: Result) -> None:
        """Raises SinkError where a file cannot be written."""
        if not result.answers:
            return
        before = len(self._classes)
        text = "".join(yolo_text(self._numbered(inference)) for inference in result.answers)
        if len(self._classes) > before:
            self._put("classes.txt", "".join(f"{name}\n" for name in self._classes))
        self._put(f"{self._names.name(result.frame)}.txt", text)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Every file is complete already."""

    def _numbered(self, inference: Inference) -> Inference:
        """With the numbers of ``classes.txt``, and boxes that end with the picture."""
        for name in (*inference.labels.names, *inference.names):
            self._classes.setdefault(name, len(self._classes))
        numbers = np.array([self._classes[name] for name in inference.names], np.int64)
        boxes = None if inference.boxes is None else inference.boxes.clip(0, [*inference.size, *inference.size])
        return attrs.evolve(inference, model_ids=numbers, boxes=boxes)

    def _put(self, name: str, text: str) -> None:
        path = self._folder / name
        with said(path):
            write_text(path, text)
