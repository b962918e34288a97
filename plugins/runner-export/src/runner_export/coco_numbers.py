"""Numbers: what the pictures and the classes of a COCO file are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner_core.frames import Frame
from runner_export.categories import Categories
from runner_export.ground_truth import Truth
from runner_export.naming import FileNames


class Numbers:
    """Pictures are counted from 1; with a ``truth`` they, and the ``categories``, have the numbers that it has."""

    def __init__(self, truth: Truth | None = None) -> None:
        self._truth, self._count, self._names = truth, 0, FileNames()
        self.categories = Categories(truth.categories if truth else {})

    def identify(self, frame: Frame) -> dict[str, Any] | None:
        """The picture's ``id`` and ``file_name``; None if the truth does not have it."""
        if self._truth is None:
            self._count += 1
            return {"id": self._count, "file_name": self._names.choose_name(frame)}
        name = self._truth.find_name(frame.source)
        return None if name is None else {"id": self._truth.images[name], "file_name": name}

    def pop_new(self) -> dict[str, Any]:
        """JSON data of what came since it was last asked."""
        return {"count": self._count, "names": self._names.pop_new(), "categories": self.categories.pop_new()}

    def take(self, told: Mapping[str, Any]) -> None:
        """Takes what ``pop_new`` of an earlier run gave."""
        self._count = told["count"]
        self._names.take(told["names"])
        self.categories.take(told["categories"])
