"""The weights of a TensorFlow.js model: files beside it, which its manifest cuts into tensors.

Source: tfjs-core/src/io/types.ts (``WeightsManifestConfig``), tfjs-core/src/io/io_utils.ts (``decodeWeights``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = {"float32": "<f4", "int32": "<i4", "bool": "?", "complex64": "<c8"}
_PACKED = {"float16": "<f2", "uint8": "u1", "uint16": "<u2"}  # in which others are stored


def read_weights(manifest: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, NDArray[Any]]:
    """Every weight by its name. Raises ValueError for what is not in the files, or not in the folder; OSError."""
    return {name: array for group in manifest for name, array in _cut(group, folder)}


def _cut(group: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """The weights of a group, which follow one another through its files as if these were one."""
    data = memoryview(b"".join(_find_file(path, folder).read_bytes() for path in group["paths"]))
    for weight in group["weights"]:
        packing = weight.get("quantization") or {}
        stored = np.dtype(_PACKED[packing["dtype"]] if packing else _DTYPES[weight["dtype"]])
        shape = [int(side) for side in weight["shape"]]
        size = math.prod(shape) * stored.itemsize
        if min(shape, default=0) < 0 or size > len(data):
            raise ValueError(f"its weight {weight['name']!r} is not in the files that should hold it")
        array = np.frombuffer(data[:size], stored).reshape(shape)
        yield weight["name"], _unpack(array, weight["dtype"], packing)
        data = data[size:]


def _unpack(array: NDArray[Any], dtype: str, packing: Mapping[str, Any]) -> NDArray[Any]:
    """The numbers that stored ones stand for: half precision, or steps of ``scale`` from ``min`` on."""
    if "scale" in packing:
        values = array * np.float32(packing["scale"]) + np.float32(packing["min"])
        return np.rint(values).astype(np.int32) if dtype == "int32" else values.astype(np.float32)
    return array.astype(_DTYPES[dtype])


def _find_file(path: str, folder: Path) -> Path:
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"its weights {path!r} lie outside its folder")
    return file
