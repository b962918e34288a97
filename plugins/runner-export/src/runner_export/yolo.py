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
from runner_core.location_options import split_options
from runner_core.result import Result
from runner_export.naming import Names
from runner_export.omissions import Omissions
from runner_export.places import said, writable_folder


class YoloSink:
    """``yolo:labels/`` writes ``PICTURE.txt`` for each picture with an answer, and ``classes.txt``.

    Format: https://docs.ultralytics.com/datasets/detect/; a class is its line in ``classes.txt``, from 0. A list that
    is there already is continued: it is that of the labels beside it.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for options: it has none."""
        place, _ = split_options(location, {})
        self.folder = Path(place).expanduser()
        self.places = (self.folder,)

    @contextmanager
    def open(self) -> Iterator[YoloWriter]:
        """Raises SinkError where the folder cannot be written."""
        writable_folder(self.folder)
        yield YoloWriter(self.folder)


class YoloWriter:
    """Writes each file whole."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._names, self._omissions = folder, Names(), Omissions(folder)
        self._names.take("classes")
        self._classes = {name: number for number, name in enumerate(self._lines())}
        self._list()

    def write(self, result: Result) -> None:
        """Raises SinkError where a file cannot be written."""
        if not result.answers:
            return
        before = len(self._classes)
        text = "".join(yolo_text(self._numbered(inference)) for inference in result.answers)
        if len(self._classes) > before:
            self._list()
        self._put(f"{self._names.name(result.frame)}.txt", text)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Every file is complete already."""

    def _numbered(self, inference: Inference) -> Inference:
        """With the numbers of ``classes.txt``, and boxes that end with the picture; one outside it is left out."""
        self._say_omissions(inference)
        for name in (*inference.labels.names, *inference.names):
            self._classes.setdefault(_line(name), len(self._classes))
        numbers = np.array([self._classes[_line(name)] for name in inference.names], np.int64)
        if inference.boxes is None:
            return inference
        boxes = inference.boxes.clip(0, [*inference.size, *inference.size])
        there = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
        return attrs.evolve(inference, model_ids=numbers, boxes=boxes).take(there)

    def _say_omissions(self, inference: Inference) -> None:
        if inference.boxes is None and len(inference):
            self._omissions.say(inference.brain, "YOLO's labels are boxes, and it gives none")
        elif inference.masks or inference.keypoints is not None:
            self._omissions.say(inference.brain, "its boxes alone are written: masks and keypoints have no place here")

    def _lines(self) -> list[str]:
        """The classes of earlier runs, whose labels lie here."""
        path = self._folder / "classes.txt"
        with said(path):
            return path.read_text("utf-8", "replace").splitlines() if path.exists() else []

    def _list(self) -> None:
        self._put("classes.txt", "".join(f"{name}\n" for name in self._classes))

    def _put(self, name: str, text: str) -> None:
        path = self._folder / name
        with said(path):
            write_text(path, text)


def _line(name: str) -> str:
    return " ".join(name.split()) or "unnamed"
