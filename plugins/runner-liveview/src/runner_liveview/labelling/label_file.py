"""LabelFile: a COCO file that is written while a person draws, with all that it said before.

Only pictures that are done are among its ``images``: to whoever reads COCO, a picture without annotations shows
nothing, and one with some shows nothing else. What is begun waits in a field of our own, ``unfinished``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from runner_core.errors import DatasetError
from runner_core.util import write_text
from runner_liveview.labelling.sheet import Box, Entry, Sheet, read_box, write_box, write_entry

UNFINISHED = "unfinished"


class LabelFile:
    """The sheets of a file by the names of their pictures.

    ``path``    the file, which need not be there yet.
    ``sheets``  file_name -> Sheet.
    """

    def __init__(self, path: Path, document: Entry | None = None) -> None:
        """``document``: what the file says. Raises DatasetError for what is no COCO."""
        self.path = path
        self._document: Entry = {} if document is None else document
        self._categories = _read_list(self._document, "categories", path)
        self.sheets: dict[str, Sheet] = {}
        self._strays: tuple[list[Entry], list[Entry]] = ([], [])
        for place, done in ((self._document, True), (self._document.get(UNFINISHED) or {}, False)):
            self._take(_read_list(place, "images", path), _read_list(place, "annotations", path), done=done)
        self._known = {entry["id"]: entry for sheet in self.sheets.values() for entry in sheet.annotations}
        self._next = [1 + max((each["id"] for each in entries), default=0) for entries in self._all_entries()]

    @classmethod
    def read(cls, path: Path) -> LabelFile:
        """Raises DatasetError for a file that is there and cannot be read as COCO."""
        try:
            document = json.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError) as error:
            raise _make_error(path, str(error)) from error
        if not isinstance(document, dict):
            raise _make_error(path, "no object")
        return cls(path, document)

    @property
    def classes(self) -> list[str]:
        """Their names, in the order of the file."""
        return [entry["name"] for entry in self._categories]

    def add_class(self, name: str) -> None:
        """One that is there already stays as it is."""
        if name not in self.classes:
            number = 1 + max((entry["id"] for entry in self._categories), default=0)
            self._categories.append({"id": number, "name": name})

    def boxes_of(self, name: str) -> list[Box]:
        """Of a picture; those that cannot be shown stay in the file."""
        sheet = self.sheets.get(name)
        return [box for entry in sheet.annotations if (box := self._read_box(entry))] if sheet else []

    def put(self, name: str, size: tuple[int, int], boxes: Sequence[Box], *, done: bool) -> list[int]:
        """What a picture of that (width, height) shows from now on; the numbers of the boxes."""
        sheet = self.sheets.get(name)
        if sheet is None:
            sheet = self.sheets[name] = Sheet({"id": self._count(0), "file_name": name}, [], done)
        hidden = [entry for entry in sheet.annotations if self._read_box(entry) is None]
        shown = [self._write_box(box, sheet) for box in boxes]
        sheet.replace(hidden + shown, size, done=done)
        return [entry["id"] for entry in shown]

    def write(self, text: str) -> None:
        """Writes the file, whole or not at all. Raises OSError."""
        write_text(self.path, text)

    def to_text(self) -> str:
        """The file: fields in the order that they had, an entry a line."""
        done, begun = ([sheet for sheet in self.sheets.values() if sheet.done is wanted] for wanted in (True, False))
        images, annotations = (list(map(write_entry, entries)) for entries in self._strays)
        fields = {name: write_entry(value) for name, value in self._document.items() if name != UNFINISHED}
        fields |= {
            "images": _write_list([sheet.lines[0] for sheet in done] + images),
            "annotations": _write_list([sheet.lines[1] for sheet in done] + annotations),
            "categories": _write_list(map(write_entry, self._categories)),
        }
        if begun:
            parts = (_write_list(sheet.lines[at] for sheet in begun) for at in (0, 1))
            fields[UNFINISHED] = '{{"images": {}, "annotations": {}}}'.format(*parts)
        return "{\n" + ",\n".join(f"{json.dumps(name)}: {text}" for name, text in fields.items()) + "\n}\n"

    def _take(self, images: Iterable[Entry], annotations: Iterable[Entry], *, done: bool) -> None:
        """Gives each picture its annotations. What belongs to none that can be told apart is kept as it is."""
        sheets: dict[int, Sheet] = {}
        for image in images:
            name = str(PurePosixPath(str(image.get("file_name", "")).replace("\\", "/")))
            if name in self.sheets or image["id"] in sheets:
                self._strays[0].append(image)
            else:
                sheets[image["id"]] = self.sheets[name] = Sheet(image, [], done)
        for annotation in annotations:
            number = annotation.get("image_id")
            sheet = sheets.get(number) if isinstance(number, int) else None
            (sheet.annotations if sheet else self._strays[1]).append(annotation)

    def _all_entries(self) -> tuple[Iterable[Entry], Iterable[Entry]]:
        sheets = self.sheets.values()
        images = chain(self._strays[0], (sheet.image for sheet in sheets))
        return images, chain(self._strays[1], chain.from_iterable(sheet.annotations for sheet in sheets))

    def _count(self, kind: int) -> int:
        """The next number of an image (0) or an annotation (1)."""
        self._next[kind] += 1
        return self._next[kind] - 1

    def _read_box(self, annotation: Entry) -> Box | None:
        names = {entry["id"]: entry["name"] for entry in self._categories}
        number = annotation.get("category_id")
        return read_box(annotation, names.get(number) if isinstance(number, int) else None)

    def _write_box(self, box: Box, sheet: Sheet) -> Entry:
        """One that was taken away and is back again has its old number and all that it said."""
        self.add_class(box.label)
        category = next(entry["id"] for entry in self._categories if entry["name"] == box.label)
        before = self._known.get(box.id) if box.id is not None else None
        if before is None or before["image_id"] != sheet.image["id"]:
            before = {"id": self._count(1), "image_id": sheet.image["id"]}
        entry = self._known[before["id"]] = write_box(box, before, category)
        return entry


def _read_list(place: Any, name: str, path: Path) -> list[Entry]:
    """A list of entries, each with a whole number as its ``id``."""
    entries = place.get(name, []) if isinstance(place, dict) else None
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise _make_error(path, f"{name} is no list of objects")
    if not all(type(each.get("id")) is int for each in entries):
        raise _make_error(path, f"{name} without a whole number as id")
    if name == "categories" and not all(isinstance(each.get("name"), str) for each in entries):
        raise _make_error(path, "categories without a name")
    return entries


def _write_list(lines: Iterable[str]) -> str:
    return "[\n" + ",\n".join(filter(None, lines)) + "\n]"


def _make_error(path: Path, fault: str) -> DatasetError:
    return DatasetError(f"{path}: not a COCO file: {fault}", remedy="name another one by --labels, or move it away")
