"""Node: one operation of a graph."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import attrs


@attrs.frozen(eq=False)
class Node:
    """An operation, from the tensors named ``inputs`` to those named ``outputs``.

    ``kind``  as the format spells it: ``Conv``, ``CONV_2D``, ``Conv2D``, ``Convolution``; a layer's class in Keras.
    ``name``  as the file has it; several may have the same one, or none.
    An input that is left out has the name "".
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    load: Callable[[], Mapping[str, Any]] = dict

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Its settings by the format's names, those that are numbers, texts or tuples of them; empty if damaged."""
        try:
            return self.load()
        except (ValueError, KeyError, TypeError, IndexError, struct.error):
            return {}


def simplify_kind(kind: str) -> str:
    """As formats and versions agree on it: ``BATCH_TO_SPACE`` and ``BatchToSpace`` are both ``batchtospace``."""
    return kind.replace("_", "").lower()
