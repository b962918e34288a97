"""Sibling: the same model beside it, in bytes, whose quantisation says which values it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from runner_core.cards.clue import Clue
from runner_core.clues.model_file import ModelFile
from runner_core.clues.quantised_input import read_quantised_range
from runner_core.graphs import Graph, Value, read_graph

_BY_NAME, _BY_TENSORS = 0.95, 0.75
_MOST_OTHERS = 2  # files of other names that are looked at: a folder of many is a collection
_SUFFIX = ".tflite"  # the one format whose inputs are bytes with a scale
_PRECISIONS = frozenset({
    "dynamic", "edgetpu", "f16", "f32", "float", "float16", "float32", "fp16", "fp32", "full", "half", "int", "int8",
    "integer", "io", "nonq", "ptq", "q", "qat", "quant", "quantised", "quantized", "range", "uint8",
})  # fmt: skip


def find_sibling(model: ModelFile) -> Iterator[Clue]:
    """The range that the bytes of a sibling stand for: of a file whose name differs in the precision alone, else of the
    only file with the same tensors.
    """
    others = [path for path in sorted(model.path.parent.glob(f"*{_SUFFIX}")) if path != model.path]
    named = [path for path in others if _name_network(path) == _name_network(model.path)]
    for path in named or (others if len(others) <= _MOST_OTHERS else ()):
        graph = read_graph(path)
        normalization = read_quantised_range(graph) if graph else None
        if graph is None or normalization is None or not _has_same_tensors(model.graph, graph):
            continue
        says = f"the bytes that {path.name} beside it takes stand for that"
        yield Clue("range", normalization, says, _BY_NAME if named else _BY_TENSORS)
        return


def _name_network(path: Path) -> tuple[str, ...]:
    """The words of a file's name without those for its precision."""
    words = re.split(r"[^a-z0-9.]+|(?<!\d)\.|\.(?!\d)", path.stem.lower())
    return tuple(word for word in words if word and word not in _PRECISIONS)


def _has_same_tensors(one: Graph | None, other: Graph) -> bool:
    if one is None:
        return False
    sides = ((one.inputs, other.inputs), (one.outputs, other.outputs))
    return all(sorted(map(_sides, mine)) == sorted(map(_sides, its)) for mine, its in sides)


def _sides(value: Value) -> tuple[int, ...]:
    """The lengths of a tensor's axes in any order, without its batch: formats differ in where they put the channels."""
    return tuple(sorted(side for side in (value.shape or ())[1:] if side is not None))
