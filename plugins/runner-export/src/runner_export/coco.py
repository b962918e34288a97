"""CocoSink: COCO's results, and the images that they speak of."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from runner_core.export import coco_results
from runner_core.inference import Inference
from runner_core.result import Result
from runner_export.places import said, whole_file

log = logging.getLogger(__name__)

_PLACES = {"bbox", "segmentation", "keypoints"}  # a row without any of them is no result


class CocoSink:
    """``coco:out.json`` writes the results there, and a dataset without annotations to ``out.images.json``.

    ``image_id`` is the frame's index, ``category_id`` the file_id. Format: https://cocodataset.org/#format-results
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self.path = Path(location).expanduser()
        self.images = self.path.with_suffix(".images.json")

    @contextmanager
    def open(self) -> Iterator[CocoWriter]:
        """Raises SinkError where the files cannot be written."""
        with ExitStack() as stack:
            results, images = (stack.enter_context(whole_file(path)) for path in (self.path, self.images))
            writer = CocoWriter(Rows(results, self.path), Rows(images, self.images, '{"info": {}, "images": '))
            try:
                yield writer
            finally:
                writer.close()


class Rows:
    """A JSON list that is written row by row."""

    def __init__(self, stream: BinaryIO, path: Path, before: str = "") -> None:
        self._stream, self._path, self._before = stream, path, f"{before}["

    def add(self, row: Mapping[str, Any]) -> None:
        self._put(f"{self._before}\n{json.dumps(row)}")
        self._before = ","

    def end(self, after: str = "") -> None:
        self._put(f"{self._before if self._before.endswith('[') else ''}\n]{after}\n")

    def _put(self, text: str) -> None:
        with said(self._path):
            self._stream.write(text.encode())


class CocoWriter:
    """Writes rows as they come, and the categories at the end."""

    def __init__(self, results: Rows, images: Rows) -> None:
        self._results, self._images = results, images
        self._categories: dict[int, str] = {}

    def write(self, result: Result) -> None:
        """Raises SinkError where the disk is full."""
        if result.error:
            return
        frame = result.frame
        width, height = frame.size
        self._images.add({"id": frame.index, "file_name": frame.source, "width": width, "height": height})
        for inference in result.answers:
            self._name(inference)
            for row in coco_results(inference, frame.index):
                if _PLACES & set(row):
                    self._results.add(row)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """What ends the files is written when they are closed."""

    def close(self) -> None:
        """Ends both lists."""
        categories = [{"id": number, "name": name} for number, name in sorted(self._categories.items())]
        self._results.end()
        self._images.end(f', "annotations": [], "categories": {json.dumps(categories)}}}')

    def _name(self, inference: Inference) -> None:
        for label in inference.labels.labels or inference.found:
            known = self._categories.setdefault(label.file_id, label.name)
            if known != label.name:
                log.warning(
                    "category %d is %s of one brain and %s of %s", label.file_id, known, label.name, inference.brain
                )
                self._categories[label.file_id] = label.name
