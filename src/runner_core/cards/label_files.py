"""Label maps as people have them: TF ``.pbtxt``, text (one name a line, or ``id name``), JSON."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards import textproto as text_format
from runner_core.cards.labels import Label, LabelMap, is_background
from runner_core.errors import LabelError

log = logging.getLogger("runner")

_PBTXT = re.compile(r"(?:\s|#[^\n]*\n)*item\s*:?\s*[{<]")
_NUMBERED = re.compile(r"^(\d+)(?:\s*[:,]\s*|\s+)(\S.*)$")
_NO_LABELS = ("<!doctype", "<html", "<?xml", "version https://git-lfs")  # how a file starts that is something else
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f]")
_WORDS, _LONG = 8, 60  # words and characters that no name has between two commas
_HEADING = re.compile(r"#|//|---|===|```")
_SENTENCE = re.compile(r"([^\s,]+\s+){3}[^,]*[.!?]$|:$")


@attrs.frozen
class GivenLabels:
    """Labels as somebody gives them: a map with numbers of its own, or names in a row."""

    given: LabelMap | Sequence[str]

    @property
    def numbered(self) -> bool:
        """Whether no first class need be known."""
        return isinstance(self.given, LabelMap)

    def counted(self, first: int) -> LabelMap:
        """The label map; ``first`` is the number of the first name in a row."""
        return self.given if isinstance(self.given, LabelMap) else LabelMap.from_names(self.given, first=first)


def read_labels(path: Path, *, first: int = 0) -> LabelMap:
    """Reads a label map; ``first`` is the number of a list's first name. Raises LabelError naming the file."""
    return read_given(path).counted(first)


def read_given(path: Path) -> GivenLabels:
    """Reads a label file; what looks like no name is logged as a warning. Raises LabelError naming the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LabelError(f"{path}: no such label file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: not a readable label file ({error})") from error
    try:
        given = _parsed(text, path.suffix.lower())
    except LabelError as error:
        raise LabelError(f"{path}: {error.message}", remedy=error.remedy) from error
    except RecursionError:
        raise LabelError(f"{path}: not a label map (too deeply nested)") from None
    if not given.given:
        raise LabelError(f"{path}: no labels in it", remedy="write one name a line, or a TF label map")
    if _is_plain(text, path.suffix.lower()):
        for oddity in _oddities(text.splitlines()):
            log.warning("%s: %s", path, oddity)
    return given


def parse_labels(text: str, *, kind: str, first: int = 0) -> LabelMap:
    """Parses the text of a label file; ``kind`` is its suffix: ``.pbtxt``, ``.json``, else plain text."""
    return _parsed(text, kind).counted(first)


def _parsed(text: str, kind: str) -> GivenLabels:
    if _is_plain(text, kind):
        return _lines(text)
    return _json(text) if kind == ".json" and not _PBTXT.match(text) else GivenLabels(_pbtxt(text))


def _is_plain(text: str, kind: str) -> bool:
    return kind not in (".pbtxt", ".json") and not _PBTXT.match(text)


def _oddities(lines: Sequence[str]) -> Iterator[str]:
    """What a list of names should not hold, each with the first line that does; nothing where all have numbers."""
    if all(_NUMBERED.match(line.strip()) for line in lines if line.strip()):
        return
    odd = {
        "looks like no name": [number for number, line in enumerate(lines, 1) if _is_prose(line.strip())],
        "has no number, most others have": _unnumbered(lines),
    }
    for what, numbers in odd.items():
        if numbers:
            more = f" (and {len(numbers) - 1} more)" if len(numbers) > 1 else ""
            yield f"line {numbers[0]}{more} {what}, and counts as a class: {lines[numbers[0] - 1].strip()[:_LONG]!r}"
    full = [number for number, line in enumerate(lines, 1) if line.strip()]
    empty = sorted(set(range(1, full[-1])) - set(full))
    if empty:
        yield f"line {empty[0]} is empty and counts as no class: if it should, give each line its number"


def _is_prose(line: str) -> bool:
    long = any(len(part) > _LONG or len(part.split()) > _WORDS for part in line.split(","))
    return long or bool(_HEADING.match(line) or _SENTENCE.search(line))


def _unnumbered(lines: Sequence[str]) -> list[int]:
    """Lines without a number, where more have one."""
    full = {number: bool(_NUMBERED.match(line.strip())) for number, line in enumerate(lines, 1) if line.strip()}
    without = [number for number, numbered in full.items() if not numbered]
    return without if 2 * len(without) < len(full) else []


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


def _lines(text: str) -> GivenLabels:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if _CONTROL.search(text) or (lines and lines[0].lower().startswith(_NO_LABELS)):
        raise LabelError("not a label file but something else", remedy="write one name a line, or a TF label map")
    numbered = [_NUMBERED.match(line) for line in lines]
    if lines and all(numbered):
        pairs = [(int(match[1]), match[2]) for match in numbered if match]
        return GivenLabels(LabelMap(tuple(Label(number, number, name) for number, name in pairs)))
    return _listed(lines)


def _listed(names: list[str]) -> GivenLabels:
    """A list that starts with the background starts at 0, whatever the model."""
    from_zero = bool(names) and is_background(names[0])
    return GivenLabels(LabelMap.from_names(names) if from_zero else names)


def _json(text: str) -> GivenLabels:
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
            return GivenLabels(LabelMap(tuple(Label(int(key), int(key), str(name)) for key, name in data.items())))
        if not isinstance(data, list):
            raise LabelError(f"not a label map but {type(data).__name__}")
        if all(isinstance(entry, str) for entry in data):
            return _listed(data)
        return GivenLabels(LabelMap(tuple(_entry(entry) for entry in data)))
    except (TypeError, ValueError, KeyError) as error:
        raise LabelError(f"not a label map ({type(error).__name__}: {error})") from error


def _entry(entry: dict[str, Any]) -> Label:
    number = int(entry["model_id"] if "model_id" in entry else entry["id"])
    return Label(number, int(entry.get("file_id", number)), str(entry["name"]))
