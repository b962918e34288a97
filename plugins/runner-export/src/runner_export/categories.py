"""Categories: the numbers by which a COCO file knows classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Categories:
    """One number for each name, whichever brains have it: the file_id by which it came first, or one that is free.

    ``named`` are the numbers that names have beforehand, whatever their file_id.
    """

    def __init__(self, named: Mapping[str, int]) -> None:
        self._named = dict(named)
        self._taken = set(named.values())

    def number(self, file_id: int, name: str) -> int:
        if name not in self._named:
            number = max(self._taken) + 1 if file_id in self._taken else file_id
            self._named[name] = number
            self._taken.add(number)
        return self._named[name]

    def to_json(self) -> list[dict[str, Any]]:
        return [{"id": number, "name": name} for name, number in sorted(self._named.items(), key=lambda item: item[1])]
