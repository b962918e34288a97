"""CocoSink: COCO results, and the dataset of their images."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.results import Inference, Mask, Result, coco_results
from runner_core.util import OptionType, split_options
from runner_export.categories import Categories
from runner_export.ground_truth import Truth
from runner_export.json_rows import JsonList
from runner_export.omissions import Omissions
from runner_export.output_files import WholeFiles, open_whole_files

log = logging.getLogger("runner")

TRUTH = OptionType(".+", lambda path: Truth.read(Path(path).expanduser()), "a COCO dataset")


class CocoSink:
    """``coco:out.json`` writes the results there, and a dataset without annotations to ``out.images.json``.

    ``image_id`` is the frame's index, ``category_id`` the file_id; with ``?truth=instances.json`` they are this
    dataset's numbers for the picture's file name and the label's name. Format: https://cocodataset.org/#format-results
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for a truth that is not a COCO dataset, and for other options."""
        place, options = split_options(location, {"truth": TRUTH})
        self.path = Path(place).expanduser()
        self.images = self.path.with_suffix(".images.json")
        self.places = (self.path, self.images)
        self.truth: Truth | None = options.get("truth")

    @contextmanager
    def open(self) -> Iterator[CocoWriter]:
        """Raises SinkError if the files cannot be written."""
        with open_whole_files(self.path, self.images) as files:
            results, images = files.streams
            writer = CocoWriter(
                files,
                JsonList(results, self.path),
                JsonList(images, self.images, '{"info": {}, "images": '),
                Omissions(self.path),
                self.truth,
            )
            try:
                yield writer
            finally:
                writer.close()


class CocoWriter:
    """Writes rows as they come, and the categories at the end."""

    def __init__(
        self, files: WholeFiles, results: JsonList, images: JsonList, omissions: Omissions, truth: Truth | None = None
    ) -> None:
        self._files, self._results, self._images = files, results, images
        self._omissions, self._truth = omissions, truth
        self._categories = Categories(truth.categories if truth else {})

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._files.begun = True
        if result.error:
            return
        frame = result.frame
        number = self._truth.image_id(frame.source) if self._truth else frame.index
        if number is None:
            log.warning("%s: not among the pictures of the truth; left out", frame.source)
            return
        width, height = frame.size
        image = {"id": number, "file_name": frame.source, "width": width, "height": height}
        self._images.add(image if frame.time is None else image | {"time": frame.time})
        for inference in result.answers:
            self._add_inference(inference, number)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: ``close`` writes the ends of the files."""

    def close(self) -> None:
        """Ends both lists."""
        self._results.end()
        self._images.end(f', "annotations": [], "categories": {json.dumps(self._categories.to_json())}}}')

    def _add_inference(self, inference: Inference, image_id: int) -> None:
        for label in inference.labels.labels:
            self._number_category(inference, label.file_id, label.name)
        for row, name in zip(coco_results(inference, image_id), inference.names, strict=True):
            box = _choose_box(row)
            if box is None:
                self._omissions.report(inference.brain, "COCO cannot hold instances without box, mask and keypoints")
                return
            number = self._number_category(inference, row["category_id"], name)
            self._results.add({"score": 1.0, "bbox": box} | row | {"category_id": number})

    def _number_category(self, inference: Inference, file_id: int, name: str) -> int:
        number = self._categories.number(file_id, name)
        if number != file_id and not self._truth:
            reason = "another brain came first with its names or numbers; see the categories in the images' file"
            self._omissions.report(inference.brain, reason)
        return number


def _choose_box(row: Mapping[str, Any]) -> list[float] | None:
    """``bbox``, or what COCO's own tools use instead: the box around the mask, or around the keypoints."""
    if "bbox" in row:
        return list(row["bbox"])
    if "segmentation" in row:
        return _box_around(Mask(rle=row["segmentation"]).array)
    if "keypoints" not in row:
        return None
    across, down = row["keypoints"][0::3], row["keypoints"][1::3]
    return [min(across), min(down), max(across) - min(across), max(down) - min(down)]


def _box_around(mask: NDArray[np.bool_]) -> list[float]:
    """x, y, width, height; zeros for a mask without a pixel."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return [0.0] * 4
    return [float(each[0]) for each in (columns, rows)] + [float(each[-1] - each[0] + 1) for each in (columns, rows)]
