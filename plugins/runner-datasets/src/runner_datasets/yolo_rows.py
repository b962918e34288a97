"""The lines of a YOLO label file. Format: https://docs.ultralytics.com/datasets/, of each form its own page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Annotation, Finding

FORMS = ("boxes", "segments", "obb", "pose")
_BEYOND = 0.5  # of the picture, by which a number may lie outside before it is taken for something else
_VISIBILITY = np.array([0, 0.5, 1], np.float32)


@attrs.frozen
class RowReader:
    """Reads lines of one form into annotations with the ``names`` of the classes.

    ``boxes``     ``class x y width height``, centre first; a sixth number, a score, is passed over.
    ``segments``  ``class x1 y1 x2 y2 ...``, a polygon; lines of four numbers are boxes.
    ``obb``       ``class x1 y1 x2 y2 x3 y3 x4 y4``, the corners of a turned box.
    ``pose``      ``class x y width height``, then the ``keypoints``: (how many, two or three numbers each).
    """

    form: str
    names: Sequence[str]
    keypoints: tuple[int, int] = (0, 3)

    def read(self, text: str, size: tuple[int, int], path: Path, findings: list[Finding]) -> list[Annotation]:
        """The annotations, in pixels; lines that cannot be read are findings."""
        rows = []
        for number, line in enumerate(text.split("\n"), 1):
            place = f"{path}:{number}"
            try:
                row = self._read_line(line.split(), size, place) if line.strip() else None
            except ValueError as error:
                findings.append(Finding(place, str(error)))
                continue
            rows += [row] if row else []
        return rows

    def _read_line(self, words: Sequence[str], size: tuple[int, int], place: str) -> Annotation:
        name = self._find_name(words[0])
        try:
            values = np.array([float(word) for word in words[1:]])
        except ValueError:
            raise ValueError("a line that holds what is not a number") from None
        if self.form == "pose":
            return self._read_pose(values, size, name, place)
        if not (np.abs(values - 0.5) <= 0.5 + _BEYOND).all():
            raise ValueError(f"{name}: its numbers are not shares of the picture, 0 to 1")
        if self.form == "obb" and len(values) == 8:
            return _read_turned(values.reshape(4, 2) * size, name, place)
        if len(values) in (4, 5):
            return Annotation(name, place, _to_box(values, size))
        if len(values) >= 6 and len(values) % 2 == 0:
            return Annotation(name, place, polygons=[values.reshape(-1, 2) * size])
        raise ValueError(f"{name}: a line of {len(values)} numbers is neither a box nor a polygon")

    def _find_name(self, word: str) -> str:
        try:
            number = float(word)
        except ValueError:
            raise ValueError(f"a line whose class is {word[:40]!r}, not a number") from None
        if number not in range(len(self.names)):
            raise ValueError(f"class {word[:40]} is not among the {len(self.names)} of the data set")
        return self.names[int(number)]

    def _read_pose(self, values: NDArray[np.float64], size: tuple[int, int], name: str, place: str) -> Annotation:
        count, width = self.keypoints
        if len(values) != 4 + count * width:
            raise ValueError(f"{name}: a line of {len(values)} numbers, not of a box and {count} keypoints")
        points = values[4:].reshape(count, width)
        seen = points[:, 2].round().clip(0, 2).astype(int) if width == 3 else np.where((points > 0).any(axis=1), 2, 0)
        found = np.concatenate([points[:, :2] * size, _VISIBILITY[seen][:, None]], axis=1).astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError(f"{name}: a line with what is no number")
        return Annotation(name, place, _to_box(values, size), keypoints=found)


def guess_form(texts: Iterable[str]) -> str:
    """The form of labels: what most lines have. Four corners on every line are taken for turned boxes."""
    counts = Counter(len(line.split()) - 1 for text in texts for line in text.split("\n") if line.strip())
    if counts and set(counts) == {8}:
        return "obb"
    return "segments" if any(count >= 6 for count in counts) else "boxes"


def _to_box(values: NDArray[np.float64], size: tuple[int, int]) -> tuple[float, float, float, float]:
    x, y, width, height = (values[:4] * (*size, *size)).tolist()
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _read_turned(corners: NDArray[np.float64], name: str, place: str) -> Annotation:
    """The box whose upper left corner comes first, the others clockwise; sides that differ are taken at their mean."""
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    width, height = (lengths[0] + lengths[2]) / 2, (lengths[1] + lengths[3]) / 2
    along = sides[0] - sides[2]
    x, y = corners.mean(axis=0).tolist()
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return Annotation(name, place, box, angle=float(np.arctan2(along[1], along[0])))
