"""LabelMap: what a network's class numbers mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.errors import LabelError
from runner_core.util.notebook import format_table
from runner_core.util.spelling import ask_if_meant

_BACKGROUND_NAMES = frozenset({"background", "__background__", "???", "bg"})


def is_background(name: str) -> bool:
    """Whether this is a usual name, in any letter case, of the class that no instance has."""
    return name.lower() in _BACKGROUND_NAMES


def _ask_if_with_comma(name: str, known: Iterable[str]) -> str:
    """What may have been meant; of a name with commas a list has only parts."""
    whole = next((each for each in known if "," in each and name in map(str.strip, each.split(","))), None)
    return f"{whole!r} is one name: give it by --class; " if whole else ask_if_meant(name, known)


@attrs.frozen
class Label:
    """One class: the number that the network emits, the permanent identity of the label, and its current name."""

    model_id: int
    file_id: int
    name: str


@attrs.frozen(slots=False)
class LabelMap:
    """The three maps of a brain: ``model_id -> file_id``, ``file_id -> model_id`` and ``file_id -> name``.

    An empty map is that of a brain without labels: its classes are named ``class N``, their file_id is the model_id.
    Raises LabelError for a number that is negative or there twice, and for a name that is no text.
    """

    labels: tuple[Label, ...] = ()

    def __attrs_post_init__(self) -> None:
        try:
            "".join(label.name for label in self.labels).encode()
        except UnicodeEncodeError:  # a file of JSON may hold any half
            raise LabelError("the label map has half a character in a name") from None
        for field in ("model_id", "file_id"):
            numbers = [getattr(label, field) for label in self.labels]
            twice = (
                sorted({number for number in numbers if numbers.count(number) > 1})
                if len(set(numbers)) < len(numbers)
                else []
            )
            if twice:
                raise LabelError(f"the label map has {field} {twice[0]} twice")
            if any(number < 0 for number in numbers):
                raise LabelError(f"the label map has a negative {field}: {min(numbers)}")

    @classmethod
    def from_names(cls, names: Iterable[str], *, first: int = 0) -> LabelMap:
        """From names in the order of the network's classes; ``first`` is the number of the first one."""
        return cls(tuple(Label(number, number, name) for number, name in enumerate(names, first)))

    def __len__(self) -> int:
        return len(self.labels)

    def _repr_html_(self) -> str:
        """What a notebook shows: the first labels."""
        rows = ((label.model_id, label.file_id, label.name) for label in self.labels)
        return format_table(("model_id", "file_id", "name"), rows, len(self))

    @cached_property
    def model_id_to_file_id(self) -> dict[int, int]:
        return {label.model_id: label.file_id for label in self.labels}

    @cached_property
    def file_id_to_model_id(self) -> dict[int, int]:
        return {label.file_id: label.model_id for label in self.labels}

    @cached_property
    def file_id_to_name(self) -> dict[int, str]:
        return {label.file_id: label.name for label in self.labels}

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    @cached_property
    def background(self) -> frozenset[int]:
        """The model_ids of the classes that are named as background."""
        return frozenset(label.model_id for label in self.labels if is_background(label.name))

    @cached_property
    def foreground(self) -> tuple[Label, ...]:
        """The labels of all other classes."""
        return tuple(label for label in self.labels if label.model_id not in self.background)

    def file_id(self, model_id: int) -> int:
        """The identity of a class. In a gap of the map it is the model_id, or, where a label has that as its file_id,
        the model_id of that label, which it has left free.
        """
        if model_id in self.model_id_to_file_id:
            return self.model_id_to_file_id[model_id]
        while model_id in self.file_id_to_model_id:
            model_id = self.file_id_to_model_id[model_id]
        return model_id

    def name(self, model_id: int) -> str:
        """The name of a class; ``class N`` in a gap of the map."""
        known = self.model_id_to_file_id.get(model_id)
        return f"class {model_id}" if known is None else self.file_id_to_name[known]

    def model_ids_of(self, names: Sequence[str]) -> tuple[int, ...]:
        """The model_ids of all classes with these names; a name may have several, as ``crane`` in ImageNet.

        Raises LabelError for a name that is not in the map, and for what is no list of names.
        """
        if isinstance(names, str) or not all(isinstance(name, str) for name in names):
            raise LabelError(
                f"{names!r} are no names of labels", remedy=f"give a list of names: {list(self.names[:2])}"
            )
        known = self._model_ids
        for name in names:
            if name not in known:
                remedy = f"{_ask_if_with_comma(name, known)}known: {', '.join(sorted(known)) or 'none'}"
                raise LabelError(f"no label named {name!r}", remedy=remedy)
        return tuple(number for name in names for number in known[name])

    def check(self, model_ids: NDArray[np.integer]) -> None:
        """Raises LabelError if the network emits a class outside the map: the labels are another model's.

        A gap inside the map is allowed: COCO has 80 names for 90 numbers.
        """
        if not self.labels or not model_ids.size:
            return
        low, high = self._range
        least, most = int(model_ids.min()), int(model_ids.max())
        if least < low or most > high:
            outside = least if least < low else most
            raise LabelError(
                f"the model says class {outside}, the {len(self)} labels run from {low} to {high}",
                remedy="give the label map of this model, or its first number by --first-class",
            )

    @cached_property
    def _model_ids(self) -> dict[str, list[int]]:
        """By name."""
        known: dict[str, list[int]] = {}
        for label in self.labels:
            known.setdefault(label.name, []).append(label.model_id)
        return known

    @cached_property
    def _range(self) -> tuple[int, int]:
        numbers = [label.model_id for label in self.labels]
        return min(numbers), max(numbers)
