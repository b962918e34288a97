"""Label maps as people have them: TF ``.pbtxt``, text (one name a line, or ``id name``), JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from runner_core.errors import LabelError
from runner_core.labels import Label, LabelMap

# What files call the class that no instance has: a list that starts with it starts at 0 whatever the model.
BACKGROUND = frozenset({"background", "__background__", "???", "bg"})

_ITEM = re.compile(r"item\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_FIELD = re.compile(r"""(\w+)\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(-?\d+))""")
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
    if not labels:
        raise LabelError(f"{path}: no labels in it", remedy="write one name a line, or a TF label map")
    return labels


def parse_labels(text: str, *, kind: str, first: int = 0) -> LabelMap:
    """Parses the text of a label file; ``kind`` is its suffix: ``.pbtxt``, ``.json``, else plain text."""
    if kind == ".pbtxt" or text.lstrip().startswith("item"):
        return _pbtxt(text)
    return _json(text, first) if kind == ".json" else _lines(text, first)


def _pbtxt(text: str) -> LabelMap:
    """The StringIntLabelMap of the TF Object Detection API; a display_name goes before a name."""
    uncommented = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    labels = []
    for item in _ITEM.findall(uncommented):
        fields = {key: double or single or number for key, double, single, number in _FIELD.findall(item)}
        if not fields.get("id", "").lstrip("-").isdigit():
            raise LabelError(f"an item without an id: {' '.join(item.split())}")
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
    """A list of names, ``{"1": "page"}``, a list of ``{"model_id", "file_id", "name"}``, or one of these as ``labels``."""
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise LabelError(f"not JSON ({error})") from error
    if isinstance(data, dict) and isinstance(data.get("labels"), list | dict):
        data = data["labels"]
    try:
        if isinstance(data, dict):
            return LabelMap(tuple(Label(int(key), int(key), str(name)) for key, name in data.items()))
        if all(isinstance(entry, str) for entry in data):
            return _listed(list(data), first)
        return LabelMap(tuple(_entry(entry) for entry in data))
    except (TypeError, ValueError, KeyError) as error:
        raise LabelError(f"not a label map ({type(error).__name__}: {error})") from error


def _entry(entry: dict[str, Any]) -> Label:
    number = int(entry["model_id"] if "model_id" in entry else entry["id"])
    return Label(number, int(entry.get("file_id", number)), str(entry["name"]))
