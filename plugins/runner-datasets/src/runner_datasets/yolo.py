"""YOLO: a folder with ``data.yaml``, pictures, and a text file of labels for each."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import attrs

from runner_core.cards import LabelMap
from runner_core.datasets import Dataset, Example, Finding, Truth, build_truth
from runner_core.errors import DatasetError, UsageError
from runner_datasets.files import find_files, make_labels, measure, read_head, read_text
from runner_datasets.yolo_config import Config, find_class_list, find_yaml, read_class_list, read_yaml
from runner_datasets.yolo_rows import FORMS, RowReader, guess_form

log = logging.getLogger("runner")

_ASKED = 20  # files, whether any is of labels
_LINE = re.compile(r"\s*\d+(\s+[-+.\de]+){4}")
_LOOKED_AT = 200  # files of labels, to see their form
_KINDS = {
    "boxes": "object-detection",
    "obb": "object-detection",
    "segments": "instance-segmentation",
    "pose": "keypoints",
}


class Yolo:
    """A ``data.yaml``, or a folder with one; else a folder with ``classes.txt`` or CVAT's ``obj.names``.

    The labels of ``images/train/a.jpg`` are ``labels/train/a.txt``, or ``a.txt`` beside it; a picture without is one of
    nothing. Parts are those of ``data.yaml``, folders or lists; where two are the same pictures, there are none.

    ``form``  of the labels, one of ``FORMS``; by default that of ``kpt_shape``, else what the first labels look like.
    """

    options = ("form",)

    def recognise(self, place: Path) -> float:
        if find_yaml(place):
            return 1.0
        listed = find_class_list(place)
        labels = [path for path in find_files(place, ".txt") if path != listed][:_ASKED] if listed else []
        return 0.8 if any(_LINE.match(read_head(path, 256)) for path in labels) else 0.0

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        config = _read_config(place)
        findings: list[Finding] = []
        listed: dict[Path, str] = {}  # the part by picture
        for part, pictures in config.pictures.items():
            for picture in pictures:
                if not picture.is_file():
                    findings.append(Finding(str(config.about), f"the picture {picture} is missing"))
                elif listed.setdefault(picture, part) != part:
                    message = f"{picture} is in {listed[picture]} and in {part}"
                    findings.append(Finding(str(config.about), message, f"counted to {listed[picture]}"))
        if not listed:
            raise DatasetError(f"{config.about}: it names no picture that is there")
        labels = {picture: _find_labels(picture) for picture in listed}
        known = [path for path in labels.values() if path]
        if not known:
            where = _possible_labels(next(iter(listed)))[0]
            raise DatasetError(f"{config.about}: no picture has labels", remedy=f"the first would have {where}")
        form = _choose_form(options.get("form", ""), config, known)
        reader = RowReader(form, config.names, config.keypoints or (0, 3))
        names = make_labels(dict.fromkeys(config.names), config.about)
        top = os.path.commonpath([path.parent.absolute() for path in (config.about, *listed)])
        examples = (
            Example(
                picture,
                picture.absolute().relative_to(top).as_posix(),
                _Read(path, picture, reader, names),
                part=listed[picture],
            )
            for picture, path in labels.items()
        )
        return Dataset(str(place), _KINDS[form], names, tuple(examples), tuple(findings))


@attrs.frozen
class _Read:
    path: Path | None
    picture: Path
    reader: RowReader
    labels: LabelMap

    def __call__(self) -> Truth:
        size = measure(self.picture)
        findings: list[Finding] = []
        rows = self.reader.read(read_text(self.path), size, self.path, findings) if self.path else []
        form = self.reader.form
        points = self.reader.keypoints[0] if form == "pose" else 0
        return build_truth(
            size, rows, kind=_KINDS[form], labels=self.labels, keypoints=points, turned=form == "obb", findings=findings
        )


def _read_config(place: Path) -> Config:
    """Raises DatasetError for a place without one."""
    path = find_yaml(place)
    if path:
        return read_yaml(path)
    listed = find_class_list(place)
    if listed is None:
        raise DatasetError(f"{place}: no data.yaml", remedy="it names the classes, and the folders of the pictures")
    return read_class_list(place, listed)


def _choose_form(wanted: str, config: Config, labels: list[Path]) -> str:
    """Raises UsageError for a form that there is not, or poses without ``kpt_shape``."""
    if wanted and wanted not in FORMS:
        raise UsageError(f"form={wanted} is not one of {', '.join(FORMS)}")
    said = config.form if config.form in FORMS else ""
    form = wanted or ("pose" if config.keypoints else said) or guess_form(_read_some(labels))
    if form == "obb" and form not in (wanted, said):
        log.info(
            "%s: four corners on every line are taken for turned boxes; ?form=segments makes polygons", config.about
        )
    if form == "pose" and not config.keypoints:
        raise UsageError("form=pose needs kpt_shape in data.yaml", remedy="write kpt_shape: [17, 3]")
    return form


def _read_some(labels: list[Path]) -> Iterator[str]:
    for path in labels[:_LOOKED_AT]:
        with suppress(DatasetError):  # it is told when the picture is read
            yield read_text(path)


def _find_labels(picture: Path) -> Path | None:
    return next((path for path in _possible_labels(picture) if path.is_file()), None)


def _possible_labels(picture: Path) -> list[Path]:
    """In ``labels/`` in place of the last ``images/`` of its path, else beside it.

    Source: ultralytics/data/utils.py, ``img2label_paths``.
    """
    parts = list(picture.with_suffix(".txt").parts)
    places = [number for number, part in enumerate(parts[:-1]) if part.lower() == "images"]
    if places:
        parts[places[-1]] = "labels"
    return [Path(*parts), picture.with_suffix(".txt")]
