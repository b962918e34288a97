"""Docstrings as this project writes them, made reStructuredText: names with their meanings become lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import runner_core
from runner_core.testing import Check

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_ITEM = re.compile(r"(``[^`]+``(?:, ``[^`]+``)*)(\s+)")
_TREE = re.compile(r"[├└]── ")


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("autodoc-process-docstring", lay_out)
    app.connect("autodoc-skip-member", skip_member)
    return {"parallel_read_safe": True}


def skip_member(_app: Sphinx, what: str, name: str, _value: Any, skip: bool, _options: Any) -> bool | None:
    """A door shows its values too, which have no docstring; what ``runner_core`` itself offers is described there."""
    if what != "module":
        return None
    return name in runner_core.__all__ or (skip and name.startswith("_"))


def lay_out(_app: Sphinx, kind: str, _name: str, value: Any, _options: Any, lines: list[str]) -> None:
    """Changes the lines of a docstring in place. Of a value it is that of its type, which says nothing of it."""
    if kind == "data" and not isinstance(value, Check):
        lines.clear()
    blocks = [list(block) for filled, block in groupby(lines, key=lambda line: bool(line.strip())) if filled]
    laid: list[str] = []
    for block in blocks:
        announced = bool(laid) and laid[-2].endswith("::")
        laid += [*lay_out_block(block, announced=announced), ""]
    lines[:] = laid


def lay_out_block(block: Sequence[str], *, announced: bool = False) -> Iterator[str]:
    """A list of names, an example or a tree in the form of each; prose as it is.

    ``announced``: two colons before it say that it is an example, which a docstring of one margin does not indent.
    """
    if is_list(block):
        yield from map(_lay_out_item, block)
    elif announced or any(map(_TREE.match, block)) or all(line.startswith("    ") for line in block):
        yield from (*([] if announced else ["::", ""]), *(f"    {line}" for line in block))
    else:
        yield from block


def is_list(block: Sequence[str]) -> bool:
    """Whether each line begins with a name, or goes on with what was said of one."""
    items = [match for line in block if (match := _ITEM.match(line))]
    others = [line for line in block if not _ITEM.match(line)]
    aligned = len(items) > 1 or any(len(match[2]) > 1 for match in items)
    return aligned and bool(_ITEM.match(block[0])) and all(line.startswith("   ") for line in others)


def _lay_out_item(line: str) -> str:
    match = _ITEM.match(line)
    return f"* {match[1]}: {line[match.end() :]}" if match else f"  {line.strip()}"
