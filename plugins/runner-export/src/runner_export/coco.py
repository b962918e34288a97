"""CocoSink: a COCO dataset, or COCO results."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from runner_core.frames import Frame
from runner_core.results import Inference, Result
from runner_core.util import OptionType, expand_home, split_options, to_output_path
from runner_export.annotations import to_crowd
from runner_export.coco_files import CocoFiles, DatasetFile, ResultsFiles, restore_images
from runner_export.coco_numbers import Numbers
from runner_export.ground_truth import Truth
from runner_export.omissions import Omissions
from runner_export.output_files import (
    WholeFiles,
    is_replaceable,
    open_whole_files,
    require_replaceable,
    resume_whole_files,
)
from runner_export.places import has_places
from runner_export.spool import Spool, open_spool, resume_spool

log = logging.getLogger("runner")

_OPTIONS = {
    "form": OptionType("dataset|results", str, "dataset or results"),
    "truth": OptionType(".+", lambda path: Truth.read(Path(expand_home(path))), "a COCO dataset"),
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
        path = to_output_path(place)
        self.truth: Truth | None = options.get("truth")
        with_images = options.get("form") == "results"
        if with_images:
            require_replaceable(path)
        self.places = (path, path.with_suffix(".images.json")) if with_images else (path,)

    @property
    def resumable(self) -> bool:
        return all(map(is_replaceable, self.places))

    @contextmanager
    def open(self) -> Iterator[CocoWriter]:
        """Raises SinkError if the files cannot be written."""
        opening = open_spool(self.places[0]) if self._has_spool else nullcontext()
        with opening as spool, open_whole_files(*self.places) as whole:
            yield from self._write(whole, spool, Numbers(self.truth), None)

    @contextmanager
    def resume(self, checkpoints: Iterable[Mapping[str, Any]]) -> Iterator[CocoWriter]:
        """Removes the rows behind the last checkpoint. Raises SinkError, also if others were there before."""
        numbers, last = Numbers(self.truth), None
        for last in checkpoints:
            numbers.take(last["numbers"])
        marks = last["marks"] if last else None
        with self._resume_spool(last) as spool:
            with resume_whole_files(*self.places, marks=marks) as whole:
                yield from self._write(whole, spool, numbers, last)
            if spool:
                spool.drop()

    @property
    def _has_spool(self) -> bool:
        return len(self.places) == 1

    def _resume_spool(self, last: Mapping[str, Any] | None) -> AbstractContextManager[Spool | None]:
        if not self._has_spool:
            return nullcontext()
        path = self.places[0]
        if last is None:
            return resume_spool(path, None)
        begin, mark = last["marks"][0]["bytes"], last["files"]["spool"]
        return resume_spool(path, mark, lambda spool: restore_images(path, begin, mark, spool))

    def _write(
        self, whole: WholeFiles, spool: Spool | None, numbers: Numbers, last: Mapping[str, Any] | None
    ) -> Iterator[CocoWriter]:
        files: CocoFiles
        if spool:
            files = DatasetFile(self.places[0], whole.streams[0], spool, last["files"] if last else None)
        else:
            files = ResultsFiles(self.places, whole.streams, is_new=last is None)
        writer = CocoWriter(whole, files, numbers, Omissions(self.places[0]))
        try:
            yield writer
        finally:
            writer.close()


class CocoWriter:
    """Writes rows as they come, and the categories at the end."""

    def __init__(self, whole: WholeFiles, files: CocoFiles, numbers: Numbers, omissions: Omissions) -> None:
        self._whole, self._files, self._numbers, self._omissions = whole, files, numbers, omissions

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._whole.begun = True
        if result.error:
            return
        identity = self._numbers.identify(result.frame)
        if identity is None:
            log.warning("%s: not among the pictures of the truth; left out", result.frame.source)
            return
        self._files.add_image(identity | _describe_frame(result.frame))
        for inference in result.answers:
            self._add_inference(inference, identity["id"], result.ignored)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: ``close`` writes the ends of the files."""

    def checkpoint(self) -> Mapping[str, Any]:
        """How far the files are, and what has come to be called how since the one before."""
        return {"marks": self._whole.mark(), "files": self._files.checkpoint(), "numbers": self._numbers.pop_new()}

    def close(self) -> None:
        """Ends the files. If that is broken off, or rows are missing, they are not whole, and not kept."""
        with self._whole.completing():
            self._files.end(self._numbers.categories.to_json())
        self._whole.begun &= self._files.whole

    def _add_inference(self, inference: Inference, image_id: int, ignored: Collection[int]) -> None:
        """A row that is ``ignored`` is a crowd in a dataset, and left out of results."""
        self._omissions.report_verdict(inference)
        self._numbers.categories.add_labels(inference)
        if not has_places(inference):
            if len(inference):
                self._omissions.report(inference.brain, "COCO cannot hold instances without box, mask and keypoints")
            return
        points = 0 if inference.keypoints is None else inference.keypoints.shape[1]
        rows = zip(self._files.list_rows(inference, image_id), inference.names, strict=True)
        for number, (row, name) in enumerate(rows):
            if number in ignored:
                if "iscrowd" not in row:
                    continue
                row.update(to_crowd(inference, number))
            category = self._numbers.categories.find(row["category_id"], name)
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
