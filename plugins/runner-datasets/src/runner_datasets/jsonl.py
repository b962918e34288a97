"""JSON lines, as ``runner run --sink jsonl:`` writes them: answers that are taken for true, best after a correction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from runner_core.cards import LabelMap
from runner_core.datasets import Annotation, Dataset, Example, Finding, Truth, build_truth
from runner_core.errors import DatasetError, LabelError, RunnerError
from runner_core.results import Inference
from runner_datasets.files import MOST_JSON, Pictures, find_part, make_labels, measure, read_head, read_text
from runner_datasets.scale import fit_size

_FAULTS = (KeyError, LabelError, MemoryError, OverflowError, RecursionError, TypeError, ValueError, RunnerError)


class JsonLines:
    """A file of JSON lines: what a brain found becomes what is there; of a classification, its first class.

    ``pictures``  the folder in which the pictures are searched by their names; by default where the lines say, then the
                  file's folder.
    ``brain``     whose answers: needed where the lines are of several.
    ``conf``      only what scores at least so much.
    """

    options = ("pictures", "brain", "conf")

    def recognise(self, place: Path) -> float:
        head = read_head(place) if place.is_file() else ""
        return 1.0 if head.lstrip().startswith("{") and '"source"' in head and '"inferences"' in head else 0.0

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        conf, findings = _read_conf(options.get("conf", "")), list[Finding]()
        lines = [
            line
            for number, text in enumerate(read_text(place, MOST_JSON).split("\n"), 1)
            if text.strip()
            for line in _read_line(text, place, number, findings)
        ]
        brain = _choose_brain(lines, options.get("brain", ""), place)
        lines = [line for line in lines if line.answer.brain == brain]
        labels = make_labels(sorted({label.name for line in lines for label in line.answer.found}), place)
        folder = Path(options["pictures"]) if "pictures" in options else place.parent
        pictures, examples = Pictures(folder), dict[str, Example]()
        for line in lines:
            picture = _find_picture(line.source, pictures, searched="pictures" in options)
            if picture is None:
                findings.append(Finding(line.place, pictures.explain_missing(line.source)))
                continue
            key = pictures.key_of(picture) if picture.is_relative_to(folder) else picture.name
            if key in examples:
                findings.append(Finding(line.place, f"the picture {key} is there twice"))
            else:
                examples[key] = Example(picture, key, _Read(line, picture, labels, conf), part=find_part(key))
        if not examples:
            remedy = "say where they are: ?pictures=DIR" if lines else "give what `runner run --sink jsonl:` wrote"
            raise DatasetError(f"{place}: none of its pictures is there", remedy=remedy)
        return Dataset(str(place), lines[0].answer.task, labels, tuple(examples.values()), tuple(findings))


@attrs.frozen
class _Line:
    source: str
    place: str
    answer: Inference


def _read_line(text: str, path: Path, number: int, findings: list[Finding]) -> list[_Line]:
    """The answers of a line; none of the summary, and of a picture or a brain that failed."""
    place = f"{path}:{number}"
    try:
        data = json.loads(text)
        if "summary" in data or "error" in data:
            return []
        if data["time"] is not None:
            findings.append(Finding(place, "a frame of a video, which is no picture"))
            return []
        source, answers = str(data["source"]), [each for each in data["inferences"] if "error" not in each]
        return [_Line(source, place, Inference.from_json(each, size=data["size"])) for each in answers]
    except _FAULTS as error:
        findings.append(Finding(place, f"not a line of a run ({type(error).__name__}: {error!s:.100})"))
        return []


def _choose_brain(lines: list[_Line], wanted: str, place: Path) -> str:
    """Raises DatasetError where it is not clear whose answers are meant."""
    known = list(dict.fromkeys(line.answer.brain for line in lines))
    if wanted and wanted not in known:
        raise DatasetError(
            f"{place}: no answers of {wanted!r}", remedy=f"there are those of {', '.join(known) or 'none'}"
        )
    if not wanted and len(known) > 1:
        raise DatasetError(f"{place}: answers of {', '.join(known)}", remedy=f"choose one: ?brain={known[0]}")
    if not known:
        raise DatasetError(f"{place}: no answers", remedy="give what `runner run --sink jsonl:` wrote")
    return wanted or known[0]


def _read_conf(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        raise DatasetError(f"conf={text[:40]} is no number") from None


def _find_picture(source: str, pictures: Pictures, *, searched: bool) -> Path | None:
    """Where the run found it, from the working folder, unless a folder is named; else by its name."""
    try:
        if not searched and Path(source).is_file():
            return Path(source)
    except (OSError, ValueError):
        return None
    return pictures.find(source)


@attrs.frozen
class _Read:
    line: _Line = attrs.field(repr=False)
    picture: Path
    labels: LabelMap
    conf: float

    def __call__(self) -> Truth:
        answer, size = self.line.answer.filter(conf=self.conf), measure(self.picture)
        if answer.boxes is None and answer.masks is None and answer.keypoints is None:
            best = answer.take(np.arange(len(answer))[:1]) if answer.task == "classification" else answer
            return Truth(_relabel(best, self.labels, size, self.line.place))
        rows, scaled = fit_size(
            _list_annotations(answer, self.line.place), answer.size, size, self.picture, self.line.place
        )
        keypoints = 0 if answer.keypoints is None else answer.keypoints.shape[1]
        kind = "instance-segmentation" if answer.masks is not None else answer.task
        truth = build_truth(
            size, rows, kind=kind, labels=self.labels, keypoints=keypoints, turned=answer.angles is not None,
            findings=scaled,
        )  # fmt: skip
        if answer.class_map is None:
            return attrs.evolve(truth, answer=attrs.evolve(truth.answer, task=answer.task))
        whole = _relabel(answer, self.labels, size, self.line.place)
        return attrs.evolve(truth, answer=attrs.evolve(truth.answer, task=answer.task, class_map=whole.class_map))


def _list_annotations(answer: Inference, place: str) -> list[Annotation]:
    rows: list[Annotation] = []
    for instance in answer:
        points = None if instance.keypoints is None else np.array(instance.keypoints, np.float32).reshape(-1, 3)
        rows.append(
            Annotation(
                instance.label, place, instance.box, angle=instance.angle or 0.0, mask=instance.mask, keypoints=points
            )
        )
    return rows


def _relabel(answer: Inference, labels: LabelMap, size: tuple[int, int], place: str) -> Inference:
    """The answer as a truth of the data set's classes. Raises DatasetError for a map of another size."""
    numbers = {label.name: label.model_id for label in labels.labels}
    columns: dict[str, Any] = {}
    if answer.class_map is not None:
        if answer.size != size:
            raise DatasetError(f"{place}: a class map of another size than the picture's, {size[0]} x {size[1]}")
        changed = np.full(answer.class_map.shape, -1, np.int64)
        for label in answer.found:
            changed[answer.class_map == label.model_id] = numbers[label.name]
        columns["class_map"] = changed
    ids = np.array([numbers[name] for name in answer.names], np.int64)
    return Inference(brain="", task=answer.task, size=size, labels=labels, model_ids=ids, **columns)
