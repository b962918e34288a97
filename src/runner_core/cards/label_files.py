"""Label maps in files: TF ``.pbtxt``, plain text (one name or ``id name`` per line), JSON, YAML, CSV."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards.label_data import parse_label_data, parse_label_table
from runner_core.cards.labels import Label, LabelMap, is_background
from runner_core.cards.textproto import parse_textproto
from runner_core.errors import LabelError
from runner_core.util.plain_file import parse_plain_yaml, read_plain_text

log = logging.getLogger("runner")

_PBTXT = re.compile(r"(?:\s|#[^\n]*\n)*item\s*:?\s*[{<]")
_WORDNET = re.compile(r"n\d{8}\s+(?=\S)")  # before each name in ImageNet's own lists
_NUMBERED = re.compile(r"^(\d+)(?:\s*[:,]\s*|\s+)(\S.*)$")
_COUNTED = re.compile(r"\d+\s+(\S.*)$")
_OTHER_FORMATS = ("<!doctype", "<html", "<?xml", "version https://git-lfs")  # how other files begin
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f]")
_MAX_WORDS, _MAX_CHARACTERS = 8, 60  # of a name, between two commas
_HEADING = re.compile(r"#|//|---|===|```")
_ENDS = (".", "!", "?", ":")
_SENTENCE = re.compile(r"([^\s,]+\s+){3}[^,]*[.!?]$|:$")


@attrs.frozen
class ParsedLabels:
    """Labels as they were read: a map with its own numbers, or a list of names without numbers."""

    labels: LabelMap | Sequence[str]

    @property
    def is_numbered(self) -> bool:
        """Whether the labels have their own numbers, so that the number of the first class is not needed."""
        return isinstance(self.labels, LabelMap)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in their order in the file."""
        return self.labels.names if isinstance(self.labels, LabelMap) else tuple(self.labels)

    def to_map(self, first: int) -> LabelMap:
        """The label map; ``first`` is the number of the first name of a list."""
        return self.labels if isinstance(self.labels, LabelMap) else LabelMap.from_names(self.labels, first=first)


def read_labels(path: Path, *, first: int = 0) -> LabelMap:
    """Reads a label map; ``first`` is the number of a list's first name. Raises LabelError with the file's name."""
    return read_label_file(path).to_map(first)


def read_label_file(path: Path) -> ParsedLabels:
    """Reads a label file and logs a warning for lines that do not look like names.

    Raises LabelError with the file's name.
    """
    parsed, oddities = parse_label_file(path)
    for oddity in oddities:
        log.warning("%s: %s", path, oddity)
    return parsed


def parse_label_file(path: Path) -> tuple[ParsedLabels, tuple[str, ...]]:
    """The labels in a file, and what in its lines does not look like names. Raises LabelError with the file's name."""
    text, suffix = _read_text(path), path.suffix.lower()
    try:
        parsed = _parse(text, suffix)
    except LabelError as error:
        raise LabelError(f"{path}: {error.message}", remedy=error.remedy) from error
    except RecursionError:
        raise LabelError(f"{path}: not a label map (too deeply nested)") from None
    if not parsed.labels:
        raise LabelError(f"{path}: no labels in it", remedy="write one name a line, or a TF label map")
    return parsed, tuple(_find_oddities(text.splitlines())) if _is_plain_text(text, suffix) else ()


def _read_text(path: Path) -> str:
    try:
        return read_plain_text(path)
    except FileNotFoundError:
        raise LabelError(f"{path}: no such label file") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LabelError(f"{path}: not a readable label file ({reason})") from error


def parse_labels(text: str, *, suffix: str, first: int = 0) -> LabelMap:
    """Parses the text of a label file; a ``suffix`` without a format of its own is plain text. Raises LabelError."""
    return _parse(text, suffix).to_map(first)


def _parse(text: str, suffix: str) -> ParsedLabels:
    if _PBTXT.match(text):
        return ParsedLabels(_parse_pbtxt(text))
    return _PARSERS.get(suffix, _parse_lines)(text)


def _is_plain_text(text: str, suffix: str) -> bool:
    return suffix not in _PARSERS and not _PBTXT.match(text)


def _find_oddities(lines: Sequence[str]) -> Iterator[str]:
    """One message for each kind of line that a list of names should not have; none if all lines have numbers."""
    full_lines = [line.strip() for line in lines if line.strip()]
    if _count_in_names(full_lines):
        yield f"the numbers count as parts of the names, as in {full_lines[0][:_MAX_CHARACTERS]!r}"
        return
    if all(map(_NUMBERED.match, full_lines)):
        return
    odd = {
        "does not look like a name": [number for number, line in enumerate(lines, 1) if is_prose(line.strip())],
        "has no number, most others have one": _find_unnumbered(lines),
    }
    for what, numbers in odd.items():
        if numbers:
            more = f" (and {len(numbers) - 1} more)" if len(numbers) > 1 else ""
            line = lines[numbers[0] - 1].strip()[:_MAX_CHARACTERS]
            yield f"line {numbers[0]}{more} {what}, and counts as a class: {line!r}"
    full = [number for number, line in enumerate(lines, 1) if line.strip()]
    empty = sorted(set(range(1, full[-1])) - set(full))
    if empty:
        yield f"line {empty[0]} is empty and is not counted as a class: if it should, give each line its number"


def is_prose(line: str) -> bool:
    """Whether a line is too long for a name, or a heading, or a sentence."""
    if len(line) > 2 * _MAX_WORDS:  # what is shorter has fewer words
        parts = line.split(",")
        if any(len(part) > _MAX_CHARACTERS or len(part.split()) > _MAX_WORDS for part in parts):
            return True
    return bool(_HEADING.match(line)) or (line.endswith(_ENDS) and bool(_SENTENCE.search(line)))


def _find_unnumbered(lines: Sequence[str]) -> list[int]:
    """The numbers of the lines that have no label number, if most have one."""
    full = {number: bool(_NUMBERED.match(line.strip())) for number, line in enumerate(lines, 1) if line.strip()}
    without = [number for number, numbered in full.items() if not numbered]
    return without if 2 * len(without) < len(full) else []


def _parse_pbtxt(text: str) -> LabelMap:
    """The StringIntLabelMap of the TF Object Detection API; a display_name is preferred to a name.

    Format: object_detection/protos/string_int_label_map.proto
    """
    try:
        items = parse_textproto(text)
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


def _parse_lines(text: str) -> ParsedLabels:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if _CONTROL.search(text) or (lines and lines[0].lower().startswith(_OTHER_FORMATS)):
        raise LabelError("not a label file but something else", remedy="write one name a line, or a TF label map")
    numbered = [_NUMBERED.match(line) for line in lines]
    if lines and all(numbered) and not _count_in_names(lines):
        pairs = [(int(match[1]), match[2]) for match in numbered if match]
        return ParsedLabels(LabelMap(tuple(Label(number, number, name) for number, name in pairs)))
    if all(map(_WORDNET.match, lines)):
        lines = [_WORDNET.sub("", line) for line in lines]
    return _from_names(lines)


def _count_in_names(lines: Sequence[str]) -> bool:
    """Whether the numbers of lines belong to the names, which without them are mostly alike: ``1 euro``, ``2 euro``."""
    found = [_COUNTED.match(line) for line in lines]
    return len(lines) > 1 and all(found) and 2 * len({match[1] for match in found if match}) <= len(lines)


def _from_names(names: Sequence[str]) -> ParsedLabels:
    """Names without numbers, unless the first is the background's: it is class 0 in every model."""
    starts_at_0 = bool(names) and is_background(names[0])
    return ParsedLabels(LabelMap.from_names(names) if starts_at_0 else names)


def _parse_table(text: str) -> ParsedLabels:
    found = parse_label_table(text)
    return _parse_lines(text) if found is None else _wrap(found)


def _parse_json(text: str) -> ParsedLabels:
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise LabelError(f"not JSON ({error})") from error
    return _wrap(parse_label_data(data))


def _parse_yaml(text: str) -> ParsedLabels:
    """Every scalar is a text, so that a class may be called ``no``."""
    import yaml

    try:
        data: Any = parse_plain_yaml(text, texts=True)
    except yaml.YAMLError as error:
        raise LabelError(f"not YAML ({' '.join(str(error).split())})") from error
    return _wrap(parse_label_data(data))


def _wrap(found: LabelMap | list[str]) -> ParsedLabels:
    return ParsedLabels(found) if isinstance(found, LabelMap) else _from_names(found)


_PARSERS: Mapping[str, Callable[[str], ParsedLabels]] = {
    ".pbtxt": lambda text: ParsedLabels(_parse_pbtxt(text)),
    ".json": _parse_json,
    ".yaml": _parse_yaml,
    ".yml": _parse_yaml,
    ".csv": _parse_table,
    ".tsv": _parse_table,
}
