"""Categories: the categories of a COCO file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from runner_core.drawing import PERSON_LIMBS
from runner_core.results import Inference

# Source: https://cocodataset.org/#keypoints-2020, and person_keypoints_val2017.json, from which the spelling is
PERSON_KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip


def name_keypoints(label: str, count: int) -> list[str]:
    """COCO's names of a person's 17 keypoints; those of others are the label and a number."""
    if _is_person(label, count):
        return list(PERSON_KEYPOINTS)
    return [f"{label} {number}" for number in range(1, count + 1)]


def _is_person(label: str, count: int) -> bool:
    return label == "person" and count == len(PERSON_KEYPOINTS)


@attrs.define
class Category:
    """``keypoints`` is how many each of its instances has; None where none of them has any."""

    number: int
    name: str
    keypoints: int | None = None

    def take_keypoints(self, count: int) -> bool:
        """Whether an instance with so many keypoints fits; the first that has any decides."""
        if count and self.keypoints is None:
            self.keypoints = count
        return count in (0, self.keypoints)

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"id": self.number, "name": self.name, "supercategory": ""}
        if self.keypoints is None:
            return data
        skeleton = PERSON_LIMBS if _is_person(self.name, self.keypoints) else ()
        names = name_keypoints(self.name, self.keypoints)
        return data | {"keypoints": names, "skeleton": [[one + 1, other + 1] for one, other in skeleton]}


class Categories:
    """One for each name, whichever brains have it.

    Its number is the file_id with which the name came first; if that is 0 or another name's, the next free number.
    ``known`` are the numbers that names have from the beginning, whatever their file_id.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        self._by_name = {name: Category(number, name) for name, number in known.items()}
        self._taken = set(known.values())
        self._told: dict[str, int | None] = {}

    def pop_new(self) -> list[tuple[int, str, int | None]]:
        """Number, name and keypoints of each that is new or has changed since it was last asked."""
        now = {each.name: each.keypoints for each in self._by_name.values()}
        new = [name for name, points in now.items() if name not in self._told or self._told[name] != points]
        self._told = now
        return [(self._by_name[name].number, name, now[name]) for name in new]

    def take(self, told: Iterable[tuple[int, str, int | None]]) -> None:
        """Takes what ``pop_new`` of an earlier run gave."""
        for number, name, points in told:
            self._by_name[name] = Category(number, name, points)
            self._taken.add(number)
        self._told = {each.name: each.keypoints for each in self._by_name.values()}

    def add_labels(self, inference: Inference) -> None:
        """All labels of a brain in their order, found or not, except those of the background."""
        for label in inference.labels.foreground:
            self.find(label.file_id, label.name)

    def find(self, file_id: int, name: str) -> Category:
        """The category of this name, which is made if it is new."""
        if name not in self._by_name:
            free = file_id > 0 and file_id not in self._taken
            number = file_id if free else max(self._taken, default=0) + 1
            self._by_name[name] = Category(number, name)
            self._taken.add(number)
        return self._by_name[name]

    def to_json(self) -> list[dict[str, Any]]:
        return [each.to_json() for each in sorted(self._by_name.values(), key=lambda each: each.number)]
