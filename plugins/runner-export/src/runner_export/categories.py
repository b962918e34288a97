"""Categories: the numbers by which a COCO file knows classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Categories:
    """A number for each class: its file_id, or where a class of another name has that already, one that is free.

    ``named`` are the numbers that names have beforehand, whatever their file_id.
    """

    def __init__(self, named: Mapping[str, int]) -> None:
        self._named = dict(named)
        self._numbers: dict[tuple[int, str], int] = {}
        self._taken = set(named.values())

    def number(self, file_id: int, name: str) -> int:
        if name in self._named:
            return self._named[name]
        number = self._numbers.get((file_id, name))
        if number is None:
            number = max(self._taken) + 1 if file_id in self._taken else file_id
            self._numbers[file_id, name] = number
            self._taken.add(number)
        return number

    def to_json(self) -> list[dict[str, Any]]:
        free = {number: name for (_, name), number in self._numbers.items()}
        known = {number: name for name, number in self._named.items()}
        return [{"id": number, "name": name} for number, name in sorted((known | free).items())]
