"""Inference: what one brain says of one frame, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.instance import Instance
from runner_core.labels import LabelMap
from runner_core.mask import Mask

NONE = -1  # in the columns ``tracks`` and ``parents``


@attrs.frozen(eq=False)
class Inference:
    """N findings as columns of N rows, by descending score; a column that the method does not give is None.

    ``size``       (width, height) of the original picture; all coordinates are in its pixels.
    ``model_ids``  N int, the network's class numbers; ``labels`` says what they mean.
    ``boxes``      N x 4 float32, absolute x1, y1, x2, y2.
    ``scores``     N float32.
    ``masks``      N masks of the picture's size.
    ``keypoints``  N x K x 3 float32: x, y, score.
    ``tracks``     N int, -1 where there is none; ``parents`` likewise: rows of the Inference that was looked into.
    ``class_map``  H x W int, the model_id of every pixel, for methods that label pixels.
    ``ms``         milliseconds spent in ``encode``, ``run`` and ``decode``.
    """

    brain: str
    task: str
    size: tuple[int, int]
    model_ids: NDArray[np.integer]
    version: str = "1"
    engine: str = ""
    labels: LabelMap = LabelMap()
    boxes: NDArray[np.float32] | None = None
    scores: NDArray[np.float32] | None = None
    masks: tuple[Mask, ...] | None = None
    keypoints: NDArray[np.float32] | None = None
    tracks: NDArray[np.integer] | None = None
    parents: NDArray[np.integer] | None = None
    class_map: NDArray[np.integer] | None = None
    ms: Mapping[str, float] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        for name in COLUMNS:
            column = getattr(self, name)
            if column is not None and len(column) != len(self.model_ids):
                raise ValueError(f"{name} has {len(column)} rows, model_ids {len(self.model_ids)}")

    def __len__(self) -> int:
        return len(self.model_ids)

    @property
    def instances(self) -> Instances:
        """The rows as Instance objects, each made when it is asked for."""
        return Instances(self)

    @property
    def names(self) -> list[str]:
        """N labels."""
        known = {number: self.labels.name(number) for number in np.unique(self.model_ids).tolist()}
        return [known[number] for number in self.model_ids.tolist()]

    @property
    def file_ids(self) -> NDArray[np.integer]:
        """N int."""
        return np.array([self.labels.file_id(number) for number in self.model_ids.tolist()], self.model_ids.dtype)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Inference:
        """The same Inference with these rows alone: indices, or a boolean per row."""
        indices: NDArray[Any] = np.flatnonzero(rows) if rows.dtype == bool else rows
        return attrs.evolve(self, **{name: _rows(getattr(self, name), indices) for name in ("model_ids", *COLUMNS)})

    def filter(
        self, *, conf: float | None = None, classes: Sequence[str] | None = None, max_det: int | None = None
    ) -> Inference:
        """Only what scores at least ``conf``, is named in ``classes``, and is among the first ``max_det`` of these."""
        kept = np.ones(len(self), bool)
        if conf is not None and self.scores is not None:
            kept &= self.scores >= conf
        if classes is not None:
            kept &= np.isin(self.model_ids, self.labels.model_ids_of(classes))
        rows = np.flatnonzero(kept)[:max_det]
        return self if len(rows) == len(self) else self.take(rows)

    def __eq__(self, other: object) -> bool:
        """Equal in all that JSON keeps: every column to the last bit, and the names of the classes found."""
        if not isinstance(other, Inference):
            return NotImplemented
        plain = ("brain", "task", "version", "engine", "ms", "names", "size", "masks")
        columns = ("model_ids", "file_ids", *COLUMNS, "class_map")
        return all(getattr(self, name) == getattr(other, name) for name in plain) and all(
            _same(getattr(self, name), getattr(other, name)) for name in columns if name != "masks"
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data from which ``from_json`` makes an equal Inference."""
        from runner_core.inference_json import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, size: tuple[int, int] | None = None) -> Inference:
        """Reads ``to_json``, or an inference of a JSONL line with that line's ``size``."""
        from runner_core.inference_json import from_json

        return from_json(data, size)


COLUMNS = ("boxes", "scores", "masks", "keypoints", "tracks", "parents")


def _rows(column: Any, indices: NDArray[Any]) -> Any:
    if column is None:
        return None
    return tuple(column[row] for row in indices) if isinstance(column, tuple) else column[indices]


def _same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


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
        told = self.inference
        number = int(told.model_ids[row])
        return Instance(
            id=row,
            label=told.labels.name(number),
            file_id=told.labels.file_id(number),
            model_id=number,
            score=None if told.scores is None else float(told.scores[row]),
            box=None if told.boxes is None else tuple(told.boxes[row].tolist()),
            mask=None if told.masks is None else told.masks[row],
            keypoints=None if told.keypoints is None else tuple(map(tuple, told.keypoints[row].tolist())),
            track=_number(told.tracks, row),
            parent=_number(told.parents, row),
        )


def _number(column: NDArray[np.integer] | None, row: int) -> int | None:
    return None if column is None or column[row] == NONE else int(column[row])
