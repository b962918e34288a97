"""Metadata: what exporters write into a model, or into a file beside it.

Ultralytics: ``task``, ``names``, ``imgsz``, ``kpt_shape``, ...; every value is text, mostly a Python literal. Source:
ultralytics/engine/exporter.py, ``self.metadata``. TensorFlow Lite: ``labels``, one a line. ``mean`` and ``std`` are in
pixel units; ``colour``, ``resize`` and ``pad`` as in a picture spec.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from runner_core.cards.label_files import parse_labels
from runner_core.cards.labels import Label, LabelMap

ASKED = "asked family"
"""The key under which metadata have the family that a person asked for, where several read the same tensors."""

# The keys that drafts are made of, in the order in which people read them.
UNDERSTOOD = (
    "task", "names", "labels", "imgsz", "stride", "kpt_shape", "end2end", "args",
    "mean", "std", "colour", "resize", "resample", "pad",
)  # fmt: skip


def read_literal(metadata: Mapping[str, str], key: str) -> Any:
    """The value under ``key``; None where there is none, or it is not a Python literal."""
    try:
        return ast.literal_eval(metadata[key])
    except (KeyError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def labels_from_metadata(metadata: Mapping[str, str], *, first: int = 0) -> LabelMap:
    """Labels from ``names``, such as ``{0: 'person', 1: 'bicycle'}`` or a list, else from ``labels``; else none.

    ``first`` is the number of the first of ``labels``, unless that is called background: then it is 0.
    """
    names = read_literal(metadata, "names")
    if isinstance(names, list | tuple):
        return LabelMap.from_names(str(name) for name in names)
    if isinstance(names, dict) and all(type(number) is int and number >= 0 for number in names):
        return LabelMap(tuple(Label(number, number, str(name)) for number, name in names.items()))
    return parse_labels(metadata.get("labels", ""), suffix=".txt", first=first)


def size_from_metadata(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """(width, height) from ``imgsz``, which is [height, width] or one number for both."""
    match read_literal(metadata, "imgsz"):
        case [int(height), int(width)] if height > 0 and width > 0:
            return width, height
        case int(side) if side > 0:
            return side, side
    return None
