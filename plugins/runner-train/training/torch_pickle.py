"""Reads the tensors of a file that torch wrote before its version 1.6, without torch, and nothing else of it.

Source: torch/serialization.py, `_legacy_save`: five pickles in a row (a magic number, a protocol, facts of the machine,
the object, the keys of its storages), then each storage as a 64-bit count and its numbers. A pickle can name any
function of Python to be called: this one knows the four that tensors need and refuses every other.
"""

import io
import pickle
from collections import OrderedDict
from typing import Any, BinaryIO

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64}


class _View:
    """A tensor as the pickle describes it: a part of a storage, whose numbers follow behind the pickles."""

    def __init__(self, storage: str, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> None:
        self.storage, self.offset, self.shape, self.stride = storage, offset, shape, stride


class TensorUnpickler(pickle.Unpickler):
    """Raises UnpicklingError for every name but those of tensors."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, encoding="utf-8")
        self.dtypes: dict[str, type] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _View
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a tensor")

    def persistent_load(self, pid: Any) -> str:
        kind, dtype, key, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"{kind!r} is no part of a tensor")
        self.dtypes[key] = dtype
        return str(key)


def read_tensors(data: bytes) -> dict[str, np.ndarray]:
    """The tensors of a state dict, by name. Raises UnpicklingError for a file that holds anything else."""
    file = io.BytesIO(data)
    readers = [TensorUnpickler(file) for _ in range(5)]
    magic, protocol, _, state, keys = (reader.load() for reader in readers)
    if (magic, protocol) != (MAGIC, PROTOCOL):
        raise pickle.UnpicklingError("not a file of torch before its version 1.6")
    storages = {}
    for key in keys:
        dtype = np.dtype(readers[3].dtypes[key])
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: _cut(storages[view.storage], view) for name, view in state.items()}


def _cut(storage: np.ndarray, view: _View) -> np.ndarray:
    last = view.offset + sum((side - 1) * step for side, step in zip(view.shape, view.stride, strict=True))
    if not 0 <= view.offset <= last < len(storage):
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    strides = tuple(step * storage.itemsize for step in view.stride)
    return np.lib.stride_tricks.as_strided(storage[view.offset :], view.shape, strides).copy()
