"""CocoSink: a COCO dataset, or COCO results."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from runner_core.frames import Frame
from runner_core.results import Inference, Result
from runner_core.util import OptionType, split_options
from runner_export.categories import Categories
from runner_export.coco_files import CocoFiles, DatasetFile, ResultsFiles
from runner_export.ground_truth import Truth
from runner_export.naming import FileNames
from runner_export.omissions import Omissions
from runner_export.output_files import WholeFiles, open_spool, open_whole_files
from runner_export.places import has_places

log = logging.getLogger("runner")

_OPTIONS = {
    "form": OptionType("dataset|results", str, "dataset or results"),
    "truth": OptionType(".+", lambda path: Truth.read(Path(path).expanduser()), "a COCO dataset"),
}


class CocoSink:
    """``coco:out.json`` writes a dataset: images, annotations and categories, numbered from 1.

    ``form``   ``results`` writes the list of results instead, and the dataset that they refer to, which has no
               annotations, to ``out.images.json``.
    ``truth``  a dataset whose numbers and file names the pictures and labels get; pictures that it lacks are left out.

    Formats: https://cocodataset.org/#format-data and https://cocodataset.org/#format-results
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for a truth that is not a COCO dataset, and for other options."""
        place, options = split_options(location, _OPTIONS)
        path = Path(place).expanduser()
        self.truth: Truth | None = options.get("truth")
        with_images = options.get("form") == "results"
        self.places = (path, path.with_suffix(".images.json")) if with_images else (path,)

    @contextmanager
    def open(self) -> Iterator[CocoWriter]:
        """Raises SinkError if the files cannot be written."""
        with open_whole_files(*self.places) as whole, self._lay_out(whole) as files:
            writer = CocoWriter(whole, files, Omissions(self.places[0]), self.truth)
            try:
                yield writer
            finally:
                writer.close()

    @contextmanager
    def _lay_out(self, whole: WholeFiles) -> Iterator[CocoFiles]:
        path, *others = self.places
        if others:
            yield ResultsFiles(self.places, whole.streams)
            return
        with open_spool(path) as spool:
            yield DatasetFile(path, whole.streams[0], spool)


class CocoWriter:
    """Writes rows as they come, and the categories at the end."""

    def __init__(self, whole: WholeFiles, files: CocoFiles, omissions: Omissions, truth: Truth | None = None) -> None:
        self._whole, self._files, self._omissions, self._truth = whole, files, omissions, truth
        self._categories = Categories(truth.categories if truth else {})
        self._names, self._numbers = FileNames(), count(1)

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._whole.begun = True
        if result.error:
            return
        identity = self._identify(result.frame)
        if identity is None:
            log.warning("%s: not among the pictures of the truth; left out", result.frame.source)
            return
        self._files.add_image(identity | _describe_frame(result.frame))
        for inference in result.answers:
            self._add_inference(inference, identity["id"])

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: ``close`` writes the ends of the files."""

    def close(self) -> None:
        """Ends the files. If that is broken off they are not whole, and not kept."""
        begun, self._whole.begun = self._whole.begun, False
        self._files.end(self._categories.to_json())
        self._whole.begun = begun

    def _identify(self, frame: Frame) -> dict[str, Any] | None:
        """The picture's ``id`` and ``file_name``; None if the truth does not have it."""
        if self._truth is None:
            return {"id": next(self._numbers), "file_name": self._names.choose_name(frame)}
        name = self._truth.find_name(frame.source)
        return None if name is None else {"id": self._truth.images[name], "file_name": name}

    def _add_inference(self, inference: Inference, image_id: int) -> None:
        self._categories.add_labels(inference)
        if not has_places(inference):
            if len(inference):
                self._omissions.report(inference.brain, "COCO cannot hold instances without box, mask and keypoints")
            return
        points = 0 if inference.keypoints is None else inference.keypoints.shape[1]
        for row, name in zip(self._files.list_rows(inference, image_id), inference.names, strict=True):
            category = self._categories.find(row["category_id"], name)
            if not category.take_keypoints(points):
                reason = f"its {points} keypoints of {name} are left out: another brain gives {category.keypoints}"
                self._omissions.report(inference.brain, reason)
                row.pop("keypoints")
                row.pop("num_keypoints", None)
            self._files.add_instance(row | {"category_id": category.number})


def _describe_frame(frame: Frame) -> dict[str, Any]:
    """The size; of a video's frame its time too, and which video's it is."""
    width, height = frame.size
    size = {"width": width, "height": height}
    return size if frame.time is None else size | {"time": frame.time, "source": frame.source}
