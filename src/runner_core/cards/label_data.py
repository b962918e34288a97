"""Labels in data: what the JSON, YAML and CSV files hold that programs write."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import LabelError

# Where a file that says more has its labels: COCO, Hugging Face, Ultralytics, torchvision, Teachable Machine, ...
_KEYS = (
    "labels", "categories", "id2label", "names", "classes", "class_names", "label_names", "idx_to_class", "label2id",
    "class_to_idx",
)  # fmt: skip
_NUMBER_FIELDS = ("model_id", "id", "index", "idx", "number", "class_id", "classid", "class_index", "label_id")
_NAME_FIELDS = ("display_name", "name", "class_name", "label_name", "label", "class", "category", "title")
_WHOLE = re.compile(r"-?\d+")


def parse_label_data(data: Any) -> LabelMap | list[str]:
    """The labels in parsed JSON or YAML: a map where it numbers them, else names in the order of the classes.

    Either the whole of it, or what it has under one of the usual keys, at the top or one below: a list of names;
    ``{"0": "cat"}``; ``{"cat": 0}``; ``{"0": ["n02124075", "cat"]}`` as Keras has it; a list of objects with a number
    and a name, as COCO has it. Raises LabelError.
    """
    found = _select(data)
    if isinstance(found, Mapping):
        return _read_mapping(found)
    if not isinstance(found, list):
        raise LabelError(f"not a label map but {type(found).__name__}")
    if all(isinstance(entry, Mapping) for entry in found):
        return _to_map(_read_object(entry) for entry in found)
    if any(isinstance(entry, int | float) for entry in found):
        raise LabelError("not a label map but a list with numbers")
    return [_read_name(entry) for entry in found]


def parse_label_table(text: str) -> LabelMap | list[str] | None:
    """The labels in a table with commas, semicolons or tabs; None where it is a plain list instead.

    Either its first line names a column of names and perhaps one of numbers, or it has the names and then the numbers.
    Raises LabelError for numbers that are none.
    """
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter)]
    rows = [row for row in rows if any(row)]
    head = [cell.lower().replace(" ", "_") for cell in rows[0]] if rows else []
    name, number = _find_column(head, _NAME_FIELDS), _find_column(head, _NUMBER_FIELDS)
    if name is not None and (number is not None or len(head) == 1):
        cells = [row + [""] * (len(head) - len(row)) for row in rows[1:]]
        return [row[name] for row in cells] if number is None else _to_map((row[number], row[name]) for row in cells)
    if rows and all(len(row) == 2 and _is_whole(row[1]) and not _is_whole(row[0]) for row in rows):
        return _to_map((number, name) for name, number in rows)
    return None


def _select(data: Any) -> Any:
    """What lies under a usual key, at the top or one below it; else the data as a whole."""
    if not isinstance(data, Mapping):
        return data
    places = [data, *(value for value in data.values() if isinstance(value, Mapping))]
    found = (place[key] for place in places for key in _KEYS if isinstance(place.get(key), list | Mapping))
    return next(found, next((data[key] for key in _KEYS if key in data), data))


def _read_mapping(found: Mapping[Any, Any]) -> LabelMap:
    if all(map(_is_whole, found)):
        return _to_map((number, _read_name(entry)) for number, entry in found.items())
    if all(map(_is_whole, found.values())):
        return _to_map((number, str(name)) for name, number in found.items())
    raise LabelError("not a label map: neither its keys nor its values are numbers")


def _to_map(pairs: Iterable[tuple[Any, str] | Label]) -> LabelMap:
    labels = (
        pair if isinstance(pair, Label) else Label(_to_whole(pair[0]), _to_whole(pair[0]), pair[1]) for pair in pairs
    )
    return LabelMap(tuple(labels))


def _read_object(entry: Mapping[Any, Any]) -> Label:
    number = next((entry[field] for field in _NUMBER_FIELDS if field in entry), None)
    name = next((entry[field] for field in _NAME_FIELDS if isinstance(entry.get(field), str)), None)
    if number is None or name is None:
        raise LabelError("not a label map: an entry without a number or without a name")
    return Label(_to_whole(number), _to_whole(entry.get("file_id", number)), name)


def _read_name(entry: Any) -> str:
    """A text, a number as text, or the last of several texts: Keras has an identity before the name."""
    if isinstance(entry, Sequence) and not isinstance(entry, str) and entry and isinstance(entry[-1], str):
        return entry[-1]
    if isinstance(entry, str | int | float):
        return str(entry)
    raise LabelError(f"not a label map: {type(entry).__name__} where a name should be")


def _find_column(head: Sequence[str], fields: Iterable[str]) -> int | None:
    return next((head.index(field) for field in fields if field in head), None)


def _is_whole(value: Any) -> bool:
    return type(value) is int or (isinstance(value, str) and bool(_WHOLE.fullmatch(value.strip())))


def _to_whole(value: Any) -> int:
    if not _is_whole(value):
        raise LabelError(f"not a label map: {value!r:.40} where a class number should be")
    return int(value)
