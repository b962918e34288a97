"""LabelStudioSink: predictions that Label Studio shows and people correct."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from runner_core.frames import Frame
from runner_core.results import Inference, Result
from runner_core.util import OptionType, split_options, to_output_path
from runner_export.categories import name_keypoints
from runner_export.json_rows import JsonList
from runner_export.naming import FileNames, to_plain_text
from runner_export.omissions import Omissions
from runner_export.output_files import (
    WholeFiles,
    convert_errors,
    is_replaceable,
    open_whole_files,
    require_replaceable,
    resume_whole_files,
)
from runner_export.places import has_places
from runner_export.regions import CONTROLS, can_hold, list_regions

Labels = dict[str, dict[str, None]]  # by control tag; in their order

_LOCAL_FILES = "/data/local-files/?d="
_OPTIONS = {"images": OptionType(".+", str, "the beginning of the pictures' addresses")}


class LabelStudioSink:
    """``label-studio:out.json`` writes a task for each picture, and the labeling config to ``out.config.xml``.

    ``images``  what comes before a picture's path below the folder that is read; by default that of Label Studio's
                local files.

    Format: https://labelstud.io/guide/predictions
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for other options."""
        place, options = split_options(location, _OPTIONS)
        path = to_output_path(place)
        require_replaceable(path)
        self.images: str = options.get("images", _LOCAL_FILES)
        self.places = (path, path.with_suffix(".config.xml"))

    @property
    def resumable(self) -> bool:
        return all(map(is_replaceable, self.places))

    def open(self) -> AbstractContextManager[LabelStudioWriter]:
        """Raises SinkError if the files cannot be written."""
        return self._write(open_whole_files(*self.places), FileNames(), _make_labels(), is_new=True)

    def resume(self, checkpoints: Iterable[Mapping[str, Any]]) -> AbstractContextManager[LabelStudioWriter]:
        """Removes the tasks behind the last checkpoint. Raises SinkError, also if others were there before."""
        names, labels, marks = FileNames(), _make_labels(), None
        for checkpoint in checkpoints:
            names.take(checkpoint["names"])
            for tag, new in checkpoint["labels"].items():
                labels[tag] |= dict.fromkeys(new)
            marks = checkpoint["marks"]
        return self._write(resume_whole_files(*self.places, marks=marks), names, labels, is_new=marks is None)

    @contextmanager
    def _write(
        self, opening: AbstractContextManager[WholeFiles], names: FileNames, labels: Labels, *, is_new: bool
    ) -> Iterator[LabelStudioWriter]:
        with opening as files:
            tasks = JsonList(files.streams[0], self.places[0], is_new=is_new)
            writer = LabelStudioWriter(files, tasks, self.places, self.images, names, labels)
            try:
                yield writer
            finally:
                writer.close()


class LabelStudioWriter:
    """Writes tasks as they come, and the labeling config at the end."""

    def __init__(
        self, files: WholeFiles, tasks: JsonList, places: tuple[Path, Path], images: str, names: FileNames,
        labels: Labels,
    ) -> None:  # fmt: skip
        self._files, self._tasks, self._images, self._config_path = files, tasks, images, places[1]
        self._names, self._labels, self._omissions = names, labels, Omissions(places[0])
        self._told = {tag: len(own) for tag, own in labels.items()}

    def checkpoint(self) -> Mapping[str, Any]:
        """How far the files are, what pictures were called and which labels came since the one before."""
        new = {tag: list(own)[self._told[tag] :] for tag, own in self._labels.items()}
        self._told = {tag: len(own) for tag, own in self._labels.items()}
        return {"marks": self._files.mark(), "names": self._names.pop_new(), "labels": new}

    def write(self, result: Result) -> None:
        """Raises SinkError if the disk is full."""
        self._files.begun = True
        if result.error:
            return
        predictions = []
        for number, inference in enumerate(self._omissions.drop_ignored(result)):
            if can_hold(inference):
                self._add_labels(inference)
                predictions.append(_make_prediction(inference, str(number)))
            elif len(inference):
                self._omissions.report(inference.brain, "a class map without masks is left out")
        self._tasks.add({"data": {"image": self._find_address(result.frame)}, "predictions": predictions})

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: ``close`` writes the ends of the files."""

    def close(self) -> None:
        """Ends the list and writes the config. If that is broken off they are not whole, and not kept."""
        with self._files.completing():
            self._tasks.end()
            with convert_errors(self._config_path):
                self._files.streams[1].write(_format_config(self._labels))

    def _find_address(self, frame: Frame) -> str:
        name = self._names.choose_name(frame)
        return name if "://" in name else self._images + quote(os.fsencode(name))

    def _add_labels(self, inference: Inference) -> None:
        known = [label.name for label in inference.labels.foreground]
        names = dict.fromkeys([*known, *inference.names])
        tag = _choose_tag(inference)
        if tag:
            self._labels[tag] |= names
        if inference.verdict:
            self._labels["Choices"] |= dict.fromkeys([*known, inference.verdict.label]) | names
        if inference.keypoints is not None:
            points = [point for name in names for point in name_keypoints(name, inference.keypoints.shape[1])]
            self._labels["KeyPointLabels"] |= dict.fromkeys(points)


def _make_labels() -> Labels:
    return {tag: {} for tag in CONTROLS}


def _choose_tag(inference: Inference) -> str | None:
    """The control tag of its instances; None for keypoints alone."""
    if inference.masks is not None:
        return "PolygonLabels"
    if inference.boxes is not None:
        return "RectangleLabels"
    return None if has_places(inference) else "Choices"


def _make_prediction(inference: Inference, prefix: str) -> dict[str, Any]:
    """``score`` is that of the verdict, else the mean of those of its instances."""
    prediction = {
        "model_version": f"{inference.brain} {inference.version}",
        "result": list_regions(inference, prefix),
    }
    if inference.verdict:
        return prediction | {"score": inference.verdict.score}
    if inference.scores is None or not len(inference):
        return prediction
    return prediction | {"score": float(inference.scores.mean())}


def _format_config(labels: Mapping[str, Mapping[str, None]]) -> bytes:
    """Format: https://labelstud.io/guide/setup#How-to-write-a-labeling-configuration."""
    view = Element("View")
    SubElement(view, "Image", name="image", value="$image")
    for tag, (name, _) in CONTROLS.items():
        if labels[tag]:
            control = SubElement(view, tag, name=name, toName="image")
            for label in labels[tag]:
                SubElement(control, "Choice" if tag == "Choices" else "Label", value=to_plain_text(label))
    indent(view)
    text: bytes = tostring(view, encoding="utf-8")
    return text + b"\n"
