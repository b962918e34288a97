"""Inference: what one brain says of one frame, in columns, and how JSON holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, overload

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.results import columns
from runner_core.results.boxes import clip_boxes, turn_boxes
from runner_core.results.instance import Instance, Verdict
from runner_core.results.json_values import to_list, to_number, to_object, to_size, to_text, to_whole
from runner_core.results.mask import Mask
from runner_core.results.pixel_map import PixelMap
from runner_core.results.shown import Shown


@attrs.frozen(eq=False, repr=False)
class Inference(Shown):
    """N findings as columns of N rows, by descending score; a column that the method does not give is None.

    Iterating and indexing give the rows as Instance objects. Columns are read-only and not copied where they have the
    type below. A wrong shape is a ValueError.

    ``size``       (width, height) of the original picture; all coordinates are in its pixels.
    ``model_ids``  N int, the network's class numbers; ``labels`` says what they mean.
    ``boxes``      N x 4 float32, absolute x1, y1, x2, y2.
    ``angles``     N float32, radians by which each box is turned about its centre, clockwise as the picture is seen;
                   ``boxes`` holds it before that, and it may reach out of the picture.
    ``scores``     N float32.
    ``masks``      N Masks of the picture's size.
    ``keypoints``  N x K x 3 float32: x, y, score.
    ``vectors``    N x D float32: an embedding, or measures such as an age, of each.
    ``tracks``     N int, the number of each finding across the frames of a video; -1: none.
    ``parents``    N int, rows of the answer of ``parent_brain`` whose crops they were found in; -1: none.
    ``class_map``  H x W int, the model_id of every pixel, for methods that label pixels; -1: of no class.
    ``pixel_map``  a PixelMap of the picture's size, for methods that give every pixel a number: a matte, a heat map.
    ``verdict``    a Verdict on the picture as a whole, for methods that give one beside their rows.
    ``ms``         milliseconds spent in ``encode``, ``run`` and ``decode``.
    ``frame``      the picture that ``predict`` was given, for drawing; JSON does not keep it, nor does a run.
    """

    brain: str
    task: str
    size: tuple[int, int]
    model_ids: NDArray[np.integer] = attrs.field(converter=columns.freeze_integers)
    version: str = "1"
    engine: str = ""
    labels: LabelMap = LabelMap()
    boxes: NDArray[np.float32] | None = attrs.field(default=None, converter=columns.freeze_floats)
    angles: NDArray[np.float32] | None = attrs.field(default=None, converter=columns.freeze_floats)
    scores: NDArray[np.float32] | None = attrs.field(default=None, converter=columns.freeze_floats)
    masks: tuple[Mask, ...] | None = None
    keypoints: NDArray[np.float32] | None = attrs.field(default=None, converter=columns.freeze_floats)
    vectors: NDArray[np.float32] | None = attrs.field(default=None, converter=columns.freeze_floats)
    tracks: NDArray[np.integer] | None = attrs.field(default=None, converter=columns.freeze_optional_integers)
    parents: NDArray[np.integer] | None = attrs.field(default=None, converter=columns.freeze_optional_integers)
    class_map: NDArray[np.integer] | None = attrs.field(default=None, converter=columns.freeze_optional_integers)
    pixel_map: PixelMap | None = None
    verdict: Verdict | None = None
    ms: Mapping[str, float] = attrs.field(factory=dict)
    parent_brain: str = ""
    frame: Frame | None = None

    def __attrs_post_init__(self) -> None:
        rows, picture = len(self.model_ids), self.size[::-1]
        for name, rest in columns.ROW_SHAPES.items():
            columns.check_shape(name, getattr(self, name), (rows, *rest))
        columns.check_shape("class_map", self.class_map, picture)
        columns.check_shape("pixel_map", self.pixel_map, picture)
        if self.masks is not None:
            columns.check_shape("masks", np.empty(len(self.masks)), (rows,))
            odd = next((mask for mask in self.masks if mask.shape != picture), None)
            if odd:
                raise ValueError(
                    f"a mask is {odd.shape[1]} x {odd.shape[0]}, the picture {self.size[0]} x {self.size[1]}"
                )

    def __len__(self) -> int:
        return len(self.model_ids)

    def __iter__(self) -> Iterator[Instance]:
        return iter(self.instances)

    @overload
    def __getitem__(self, row: int) -> Instance: ...
    @overload
    def __getitem__(self, row: slice) -> list[Instance]: ...
    def __getitem__(self, row: int | slice) -> Instance | list[Instance]:
        return self.instances[row]

    @property
    def instances(self) -> Instances:
        """The rows as Instance objects, each made when it is asked for."""
        return Instances(self)

    @property
    def corners(self) -> NDArray[np.float32] | None:
        """N x 4 x 2: the corners of turned boxes, as ``turn_boxes`` has them; None where boxes are upright."""
        return None if self.boxes is None or self.angles is None else turn_boxes(self.boxes, self.angles)

    @property
    def outer_boxes(self) -> NDArray[np.float32] | None:
        """N x 4: the upright boxes around turned ones, cut at the picture's borders; else ``boxes`` as they are."""
        corners = self.corners
        if corners is None:
            return self.boxes
        return clip_boxes(np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1), self.size)

    @property
    def names(self) -> list[str]:
        """N labels."""
        known = {number: self.labels.name(number) for number in np.unique(self.model_ids).tolist()}
        return [known[number] for number in self.model_ids.tolist()]

    @property
    def file_ids(self) -> NDArray[np.integer]:
        """N int."""
        return np.array([self.labels.file_id(number) for number in self.model_ids.tolist()], self.model_ids.dtype)

    @property
    def found(self) -> tuple[Label, ...]:
        """The labels of the classes among the rows and in the class map, by model_id."""
        numbers = {*self.model_ids.tolist(), *columns.find_classes(self.class_map)}
        return tuple(Label(number, self.labels.file_id(number), self.labels.name(number)) for number in sorted(numbers))

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Inference:
        """The same Inference with these rows alone: indices, or a boolean per row."""
        indices, names = np.arange(len(self))[rows], ("model_ids", *columns.OPTIONAL_COLUMNS)
        return attrs.evolve(self, **{name: columns.select_rows(getattr(self, name), indices) for name in names})

    def filter(
        self, *, conf: float | None = None, classes: Sequence[str] | None = None, max_det: int | None = None
    ) -> Inference:
        """Only rows that score at least ``conf`` and are named in ``classes``; the first ``max_det`` of these."""
        kept = np.ones(len(self), bool)
        if conf is not None and self.scores is not None:
            kept &= self.scores >= conf
        if classes is not None:
            kept &= np.isin(self.model_ids, self.labels.model_ids_of(classes))
        rows = np.flatnonzero(kept)[:max_det]
        return self if len(rows) == len(self) else self.take(rows)

    def __eq__(self, other: object) -> bool:
        """Equal in everything that JSON keeps: every column to the last bit, and the labels of the classes found."""
        if not isinstance(other, Inference):
            return NotImplemented
        plain = ("brain", "task", "version", "engine", "parent_brain", "ms", "size", "masks", "found", "pixel_map",
                 "verdict")  # fmt: skip
        arrays = ("model_ids", *(name for name in columns.OPTIONAL_COLUMNS if name != "masks"), "class_map")
        return all(getattr(self, name) == getattr(other, name) for name in plain) and all(
            columns.are_equal(getattr(self, name), getattr(other, name)) for name in arrays
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def __reduce__(self) -> tuple[object, ...]:
        """Pickles as what it is made of, so that its columns are read-only again."""
        return partial(Inference, **{field.name: getattr(self, field.name) for field in attrs.fields(Inference)}), ()

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in Counter(self.names).items())
        verdict = f"{self.verdict.label} {self.verdict.score:.2f}, " if self.verdict else ""
        return f"Inference({self.brain!r}, {self.task}, {verdict}found {counts or 'nothing'})"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data from which ``from_json`` makes an equal Inference."""
        return _to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, size: Sequence[int] | None = None) -> Inference:
        """Reads ``to_json``, or an inference of a JSONL line with that line's ``size``: width, height.

        Raises UsageError where neither has a size, KeyError for a missing field, ValueError for a wrong value.
        """
        return _from_json(data, size)


@attrs.frozen
class Instances(Sequence[Instance]):
    """The rows of an Inference as a sequence; nothing is made before it is asked for."""

    inference: Inference

    def __len__(self) -> int:
        return len(self.inference)

    @overload
    def __getitem__(self, row: int) -> Instance: ...
    @overload
    def __getitem__(self, row: slice) -> list[Instance]: ...
    def __getitem__(self, row: int | slice) -> Instance | list[Instance]:
        if isinstance(row, slice):
            return [self._make(index) for index in range(*row.indices(len(self)))]
        return self._make(range(len(self))[row])

    def __iter__(self) -> Iterator[Instance]:
        return map(self._make, range(len(self)))

    def _make(self, row: int) -> Instance:
        inference = self.inference
        number = int(inference.model_ids[row])
        return Instance(
            id=row,
            label=inference.labels.name(number),
            file_id=inference.labels.file_id(number),
            model_id=number,
            score=None if inference.scores is None else float(inference.scores[row]),
            box=None if inference.boxes is None else tuple(inference.boxes[row].tolist()),
            angle=None if inference.angles is None else float(inference.angles[row]),
            mask=None if inference.masks is None else inference.masks[row],
            keypoints=None if inference.keypoints is None else tuple(map(tuple, inference.keypoints[row].tolist())),
            vector=None if inference.vectors is None else tuple(inference.vectors[row].tolist()),
            track=columns.number_or_none(inference.tracks, row),
            parent=columns.number_or_none(inference.parents, row),
        )


_HEAD_FIELDS = ("brain", "version", "task", "engine")


def _to_json(inference: Inference) -> dict[str, Any]:
    """An inference of a JSONL line, plus ``size`` so that it stands alone; absent fields are left out.

    ``columns`` names those that no instance shows, with the shape of a row: an empty Inference still has boxes.
    """
    data: dict[str, Any] = {name: getattr(inference, name) for name in _HEAD_FIELDS}
    if inference.parent_brain:
        data["parent_brain"] = inference.parent_brain
    data |= {"size": list(inference.size), "ms": dict(inference.ms)}
    rows = _write_instances(inference)
    unseen = {name: list(np.shape(getattr(inference, name))[1:]) for name in _unseen_columns(inference, rows)}
    if unseen:
        data["columns"] = unseen
    if inference.verdict is not None:
        label = _write_label(Label(inference.verdict.model_id, inference.verdict.file_id, inference.verdict.label))
        data["verdict"] = {**label, "score": inference.verdict.score}
    data["instances"] = rows
    if inference.pixel_map is not None:
        data["pixel_map"] = inference.pixel_map.to_json()
    if inference.class_map is not None:
        data["class_map"] = columns.encode_class_map(inference.class_map)
        data["class_map"]["labels"] = [_write_label(label) for label in inference.found]
    return data


def _unseen_columns(inference: Inference, rows: list[dict[str, Any]]) -> list[str]:
    present = [name for name in columns.JSON_FORMS if getattr(inference, name) is not None]
    return [name for name in present if not any(columns.JSON_FORMS[name][0] in row for row in rows)]


def _write_instances(inference: Inference) -> list[dict[str, Any]]:
    known = {label.model_id: label for label in inference.found}
    rows = [{"id": row, **_write_label(known[number])} for row, number in enumerate(inference.model_ids.tolist())]
    for name, (key, write, _) in columns.JSON_FORMS.items():
        column = getattr(inference, name)
        if column is not None:
            for instance, value in zip(rows, write(column), strict=True):
                if value is not None:
                    instance[key] = value
    return rows


def _write_label(label: Label) -> dict[str, Any]:
    named: dict[str, Any] = {"label": label.name, "file_id": label.file_id}
    return named if label.model_id == label.file_id else {**named, "model_id": label.model_id}


def _read_label(named: Any) -> Label:
    file_id = to_whole(to_object(named, "an instance or a label")["file_id"], "file_id")
    return Label(to_whole(named.get("model_id", file_id), "model_id"), file_id, to_text(named["label"], "label"))


def _read_verdict(named: Any) -> Verdict:
    label = _read_label(named)
    return Verdict(label.name, label.file_id, label.model_id, to_number(named["score"], "score"))


def _from_json(data: Mapping[str, Any], size: Sequence[int] | None) -> Inference:
    if size is None and "size" not in data:
        raise UsageError(
            "an inference of a JSON line has no size of its own",
            remedy='give the line\'s: Inference.from_json(line["inferences"][0], size=line["size"])',
        )
    rows, unseen = to_list(data["instances"], "instances"), columns.read_shapes(data.get("columns", {}))
    class_map = to_object(data["class_map"], "class_map") if "class_map" in data else {}
    labels = [_read_label(row) for row in rows]
    known = [*labels, *map(_read_label, to_list(class_map.get("labels", []), "labels"))]
    head: dict[str, Any] = {name: to_text(data[name], name) for name in _HEAD_FIELDS}
    return Inference(
        **head,
        size=to_size(size or data["size"], "size"),
        ms={stage: to_number(ms, "ms") for stage, ms in to_object(data.get("ms", {}), "ms").items()},
        parent_brain=to_text(data.get("parent_brain", ""), "parent_brain"),
        model_ids=np.array([label.model_id for label in labels], np.int64),
        labels=LabelMap(tuple(dict.fromkeys(known))),
        class_map=columns.decode_class_map(class_map) if class_map else None,
        pixel_map=PixelMap.from_json(to_object(data["pixel_map"], "pixel_map")) if "pixel_map" in data else None,
        verdict=_read_verdict(data["verdict"]) if "verdict" in data else None,
        **{
            name: read([row.get(key) for row in rows], unseen.get(name))
            for name, (key, _, read) in columns.JSON_FORMS.items()
            if name in unseen or any(key in row for row in rows)
        },
    )
