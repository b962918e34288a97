"""The part of a tensor that a slicing node takes, as an index of numpy, whatever the format writes it as."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any

from numpy.typing import NDArray

from runner_core.graphs import Node

Part = slice | int | EllipsisType | None  # None is a new axis
_END = 2**31 - 1  # a format's word for the end, or beyond it

Given = Sequence[NDArray[Any] | None]
Numbers = list[int]


def read_index(node: Node, given: Given, rank: int, form: str) -> tuple[Part, ...] | None:
    """The index of a slicing node; None where it is not constant.

    ``given`` are the node's inputs behind the tensor, where they are constants; ``rank`` is the tensor's, ``form`` the
    format of the graph.
    """
    told = [None if each is None else [int(number) for number in each.ravel()] for each in given]
    if node.kind == "GetItem":
        return _read_keras_key(node)
    if node.kind in ("StridedSlice", "STRIDED_SLICE"):
        return _read_strided(node, told)
    if form == ".onnx" and "starts" in node.attributes:  # before version 10
        told = [list(node.attributes[key]) for key in ("starts", "ends", "axes") if key in node.attributes]
    if form == ".xml" and len(told) > 3:
        told = [told[0], told[1], told[3], told[2]]
    return _read_axes(told, rank) if form in (".onnx", ".xml") else _read_sizes(told)


def _read_axes(told: Sequence[Numbers | None], rank: int) -> tuple[Part, ...] | None:
    """Starts, ends, axes and steps, as ONNX has them."""
    starts, ends, axes, steps = (*told, *[None] * 4)[:4]
    if starts is None or ends is None:
        return None
    parts: list[Part] = [slice(None)] * rank
    for place, (start, end) in enumerate(zip(starts, ends, strict=False)):
        axis = axes[place] if axes else place
        parts[axis] = _make_slice(start, end, steps[place] if steps else 1)
    return tuple(parts)


def _read_sizes(told: Sequence[Numbers | None]) -> tuple[Part, ...] | None:
    """Starts and sizes, as TensorFlow's ``Slice`` has them; a size of -1 goes to the end."""
    starts, sizes = told
    if starts is None or sizes is None:
        return None
    pairs = zip(starts, sizes, strict=False)
    return tuple(slice(start, None if size < 0 else start + size) for start, size in pairs)


def _read_strided(node: Node, told: Sequence[Numbers | None]) -> tuple[Part, ...] | None:
    """Starts, ends, steps, and masks: a bit, or a number in a list, for each part."""
    starts, ends, steps = (*told, *[None] * 3)[:3]
    if starts is None or ends is None:
        return None
    begin, end, ellipsis, new, shrink = (
        _read_mask(node, name, len(starts)) for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    )
    parts: list[Part] = []
    for place, (start, stop) in enumerate(zip(starts, ends, strict=False)):
        if ellipsis[place]:
            parts.append(...)
        elif new[place]:
            parts.append(None)
        elif shrink[place]:
            parts.append(start)
        else:
            step = steps[place] if steps else 1
            parts.append(slice(None if begin[place] else start, None if end[place] else stop, step))
    return tuple(parts)


def _read_mask(node: Node, name: str, count: int) -> list[bool]:
    """TensorFlow writes a number whose bits count, OpenVINO a text of numbers."""
    mask = node.attributes.get(f"{name}_mask", 0)
    if isinstance(mask, str):
        bits = [part.strip() == "1" for part in mask.split(",")]
        return (bits + [False] * count)[:count]
    return [bool(mask >> place & 1) for place in range(count)]


def _read_keras_key(node: Node) -> tuple[Part, ...] | None:
    """What Keras writes of ``x[..., ::-1]``: a list of its slices, numbers and ellipses."""
    (key,) = node.attributes.get("args") or [None]
    parts: list[Part] = []
    for part in key if isinstance(key, list) else [key]:
        if isinstance(part, int) or part is None:
            parts.append(part)
        elif part.get("class_name") == "__ellipsis__":
            parts.append(...)
        else:
            parts.append(slice(*(part["config"].get(name) for name in ("start", "stop", "step"))))
    return tuple(parts)


def _make_slice(start: int, end: int, step: int) -> slice:
    """ONNX counts down to a large negative end where Python has none."""
    return slice(start if abs(start) < _END else None, end if abs(end) < _END else None, step)
