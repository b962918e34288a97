"""The pictures that one file of labels lists, or that each have one, as a data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
import numpy as np

from runner_core.cards import LabelMap
from runner_core.datasets import Annotation, Dataset, Example, Finding, Truth, build_truth
from runner_core.errors import DatasetError
from runner_core.results import Inference
from runner_datasets.files import Pictures, find_part, make_labels, measure
from runner_datasets.scale import Size, fit_size


@attrs.frozen
class Listed:
    """One picture, as a file lists it.

    ``name``   what the file calls it; ``place`` is where.
    ``said``   its (width, height), if it says.
    ``tags``   classes of the whole picture.
    ``part``   of the data set, if it says.
    """

    name: str
    place: str
    said: Size | None = None
    rows: tuple[Annotation, ...] = ()
    tags: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    part: str = ""


def build_dataset(
    place: Path,
    pictures: Pictures,
    listed: Sequence[Listed],
    *,
    names: Iterable[str] = (),
    near: Path | None = None,
    findings: Iterable[Finding] = (),
) -> Dataset:
    """The data set of what is listed; its kind is that of what its labels say most of.

    ``names`` of the classes, in their order; without them all that occur, by name. ``near`` is the folder of the file.
    Raises DatasetError where no picture is there.
    """
    occurring = {row.label for each in listed for row in each.rows} | {tag for each in listed for tag in each.tags}
    labels = make_labels(dict.fromkeys(names) or sorted(occurring), place)
    rows = [row for each in listed for row in each.rows]
    kind = _find_kind(rows, listed)
    points = max((len(row.keypoints) for row in rows if row.keypoints is not None), default=0)
    turned = any(row.angle for row in rows)
    found, examples = list(findings), dict[str, Example]()
    for each in listed:
        picture = pictures.find(each.name, near=near)
        if picture is None:
            found.append(Finding(each.place, pictures.explain_missing(each.name)))
            continue
        key = pictures.key_of(picture)
        if key in examples:
            found.append(Finding(each.place, f"the picture {key} is there twice"))
            continue
        read = _Read(each, picture, kind, labels, points if kind == "keypoints" else 0, turned)
        examples[key] = Example(picture, key, read, part=each.part or find_part(key))
    if not examples:
        raise DatasetError(f"{place}: none of its pictures is there", remedy=found[0].message if found else "")
    return Dataset(str(place), kind, labels, tuple(examples.values()), tuple(found))


def _find_kind(rows: Sequence[Annotation], listed: Sequence[Listed]) -> str:
    if not rows and any(each.tags for each in listed):
        return "classification"
    if any(row.keypoints is not None for row in rows):
        return "keypoints"
    return "instance-segmentation" if any(row.polygons or row.mask for row in rows) else "object-detection"


@attrs.frozen
class _Read:
    listed: Listed = attrs.field(repr=False)
    picture: Path
    kind: str
    labels: LabelMap
    keypoints: int
    turned: bool

    def __call__(self) -> Truth:
        size = measure(self.picture)
        if self.kind == "classification":
            return build_choice(size, self.listed.tags, self.labels, self.listed.findings)
        rows, scaled = fit_size(self.listed.rows, self.listed.said, size, self.picture, self.listed.place)
        return build_truth(
            size, rows, kind=self.kind, labels=self.labels, keypoints=self.keypoints, turned=self.turned,
            findings=(*self.listed.findings, *scaled),
        )  # fmt: skip


def build_choice(size: Size, names: Sequence[str], labels: LabelMap, findings: Iterable[Finding] = ()) -> Truth:
    """The Truth of a picture that is of these classes as a whole."""
    numbers = {label.name: label.model_id for label in labels.labels}
    ids = np.array([numbers[name] for name in dict.fromkeys(names) if name in numbers], np.int64)
    return Truth(
        Inference(brain="", task="classification", size=size, labels=labels, model_ids=ids), findings=tuple(findings)
    )
