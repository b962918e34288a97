"""Categories: the category_ids of a COCO file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Categories:
    """One number for each name, whichever brains have it: the file_id with which it came first, or a free number.

    ``known`` are the numbers that names have from the beginning, whatever their file_id.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        self._numbers = dict(known)
        self._taken = set(known.values())

    def number(self, file_id: int, name: str) -> int:
        if name not in self._numbers:
            number = max(self._taken) + 1 if file_id in self._taken else file_id
            self._numbers[name] = number
            self._taken.add(number)
        return self._numbers[name]

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {"id": number, "name": name} for name, number in sorted(self._numbers.items(), key=lambda item: item[1])
        ]
