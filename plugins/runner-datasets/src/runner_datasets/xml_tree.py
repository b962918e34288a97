"""XML as a tree whose elements know their lines. Entities and document types, with which a few lines grow to gigabytes
or name other files, are refused.

Source: https://docs.python.org/3/library/pyexpat.html; the dangers: https://docs.python.org/3/library/xml.html#xml-vulnerabilities
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

import attrs

from runner_core.errors import DatasetError
from runner_datasets.files import MOST_LABELS, read_bytes

_MOST_DEPTH = 64


@attrs.define(eq=False)
class Element:
    """``text`` is that before its first child, without white space around it."""

    tag: str
    line: int
    attributes: Mapping[str, str]
    text: str = ""
    children: list[Element] = attrs.field(factory=list)

    def find(self, *tags: str) -> Element | None:
        """The first child of that tag, its first child of the next tag, and so on."""
        found: Element | None = self
        for tag in tags:
            found = next((child for child in found.children if child.tag == tag), None) if found else None
        return found

    def find_all(self, tag: str) -> list[Element]:
        return [child for child in self.children if child.tag == tag]

    def text_of(self, *tags: str) -> str:
        """The text of ``find``; empty where there is none."""
        found = self.find(*tags)
        return found.text if found else ""


def read_xml(path: Path, most: int = MOST_LABELS) -> Element:
    """The outermost element. Raises DatasetError with the file and the line."""
    data = read_bytes(path, most)
    parser = expat.ParserCreate()
    root = Element("", 0, {})
    stack = [root]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(stack) > _MOST_DEPTH:
            raise ValueError(f"more than {_MOST_DEPTH} elements within each other")
        element = Element(tag, parser.CurrentLineNumber, attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        element = stack.pop()
        element.text = element.text.strip()

    def add_text(data: str) -> None:
        if not stack[-1].children:
            stack[-1].text += data

    def refuse(*_: Any) -> NoReturn:
        raise ValueError("a document type or an entity, which labels do not have")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = add_text
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DatasetError(f"{path}:{parser.ErrorLineNumber}: not XML that is read here ({error})") from error
    return root.children[0]
