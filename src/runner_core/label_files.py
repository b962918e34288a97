"""Label maps as people have them: TF ``.pbtxt``, text (one name a line, or ``id name``), JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from runner_core import text_format
from runner_core.errors import LabelError
from runner_core.labels import Label, LabelMap

# What files call the class that no instance has: a list that starts with it starts at 0 whatever the model.
BACKGROUND = frozenset({"background", "__background__", "???", "bg"})

_PBTXT = re.compile(r"(?:\s|#[^\n]*\n)*item\s*:?\s*[{<]")
_NUMBERED = re.compile(r"^(\d+)(?:\s*[:,]\s*|\s+)(\S.*)$")


def read_labels(path: Path, *, first: int = 0) -> LabelMap:
    """Reads a label map; ``first`` is the number of a list's first name. Raises LabelError naming the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LabelError(f"{path}: no such label file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: not a readable label file ({error})") from error
    try:
        labels = parse_labels(text, kind=path.suffix.lower(), first=first)
    except LabelError as error:
        raise LabelError(f"{path}: {error.message}", remedy=error.remedy) from error
    except RecursionError:
        raise LabelError(f"{path}: not a label map (too deeply nested)") from None
    if not labels:
        raise LabelError(f"{path}: no labels in it", remedy="write one name a line, or a TF label map")
    return labels


def parse_labels(text: str, *, kind: str, first: int = 0) -> LabelMap:
    """Parses the text of a label file; ``kind`` is its suffix: ``.pbtxt``, ``.json``, else plain text."""
    if kind == ".pbtxt" or _PBTXT.match(text):
        return _pbtxt(text)
    return _json(text, first) if kind == ".json" else _lines(text, first)


def _pbtxt(text: str) -> LabelMap:
    """The StringIntLabelMap of the TF Object Detection API; a display_name goes before a name.

    Format: object_detection/protos/string_int_label_map.proto
    """
    try:
        items = text_format.parse(text)
    except ValueError as error:
        raise LabelError(str(error)) from None
    labels = []
    for key, item in items:
        if key != "item" or isinstance(item, str):
            raise LabelError(f"not a TF label map: it has {key!r} where an item should be")
        fields = {name: value for name, value in item if isinstance(value, str)}
        if not re.fullmatch(r"-?\d+", fields.get("id", "")):
            raise LabelError(f"an item without an id: {fields.get('name') or fields}")
        number = int(fields["id"])
        labels.append(Label(number, number, fields.get("display_name") or fields.get("name") or f"class {number}"))
    return LabelMap(tuple(labels))


def _lines(text: str, first: int) -> LabelMap:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [_NUMBERED.match(line) for line in lines]
    if lines and all(numbered):
        pairs = [(int(match[1]), match[2]) for match in numbered if match]
        return LabelMap(tuple(Label(number, number, name) for number, name in pairs))
    return _listed(lines, first)


def _listed(names: list[str], first: int) -> LabelMap:
    return LabelMap.from_names(names, first=0 if names and names[0].lower() in BACKGROUND else first)


def _json(text: str, first: int) -> LabelMap:
    """A list of names, ``{"1": "page"}``, or a list of ``{"model_id", "file_id", "name"}`` (``id`` stands for both).

    Or one of these as ``labels``, as ``categories`` (COCO), or as ``id2label`` (Hugging Face).
    """
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise LabelError(f"not JSON ({error})") from error
    if isinstance(data, dict):
        data = next((data[key] for key in ("labels", "categories", "id2label") if key in data), data)
    try:
        if isinstance(data, dict):
            return LabelMap(tuple(Label(int(key), int(key), str(name)) for key, name in data.items()))
        if not isinstance(data, list):
            raise LabelError(f"not a label map but {type(data).__name__}")
        if all(isinstance(entry, str) for entry in data):
            return _listed(data, first)
        return LabelMap(tuple(_entry(entry) for entry in data))
    except (TypeError, ValueError, KeyError) as error:
        raise LabelError(f"not a label map ({type(error).__name__}: {error})") from error


def _entry(entry: dict[str, Any]) -> Label:
    number = int(entry["model_id"] if "model_id" in entry else entry["id"])
    return Label(number, int(entry.get("file_id", number)), str(entry["name"]))
