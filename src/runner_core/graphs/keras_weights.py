"""The first weights of a Keras model. They lie in HDF5, for which another library is needed.

Whoever opens such models has it: Keras requires ``h5py``. Without it there are no weights. Source:
keras/src/saving/saving_lib.py, keras/src/legacy/saving/legacy_h5_format.py.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.graphs.constant import Constant

_ROOTS = ("", "_layer_checkpoint_dependencies/")  # where layers are kept: by Keras 3, by Keras 2
_NUMBERED = re.compile(r":\d+$")
_MOST_LAYERS = 4  # whose weights are read: those that meet the picture
_LARGEST = 1 << 20  # numbers of a weight of theirs
# What each kind of layer has, in order, and the setting without which it has none.
_ROLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Conv2D": (("kernel", ""), ("bias", "use_bias")),
    "DepthwiseConv2D": (("kernel", ""), ("bias", "use_bias")),
    "BatchNormalization": (("gamma", "scale"), ("beta", "center"), ("moving_mean", ""), ("moving_variance", "")),
    "Normalization": (("mean", ""), ("variance", "")),
}
_NEUTRAL = {"gamma": 1.0, "beta": 0.0, "bias": 0.0}  # what stands for a weight that is left out


def open_hdf5(source: Any) -> Any:
    """An HDF5 file, by its path or as an open stream, to read. Raises ImportError, OSError."""
    return importlib.import_module("h5py").File(source, "r")


class KerasWeights:
    """Those in an open HDF5 file; none without one."""

    def __init__(self, file: Any = None) -> None:
        self._file, self._read = file, 0
        self._names = dict(_list_by_name(file["model_weights"])) if file is not None and "model_weights" in file else {}

    def list_of(self, kind: str, config: Mapping[str, Any], place: str) -> list[Constant]:
        """All that a layer has, in order; none of other kinds of layers, and where one of them is missing.

        ``place`` is where Keras 3 keeps them, ``layers/conv2d``. In models of HDF5 they go by the layer's name.
        """
        roles = _ROLES.get(kind, ())
        if self._file is None or not roles or self._read == _MOST_LAYERS:
            return []
        self._read += 1
        kept = [role for role, setting in roles if not setting or config.get(setting, True)]
        found = {role: self._find(place, str(config["name"]), role, at) for at, role in enumerate(kept)}
        if any(values is None for values in found.values()):
            return []
        return [_make_constant(found.get(role), role) for role, _ in roles]

    def _find(self, place: str, layer: str, role: str, at: int) -> NDArray[Any] | None:
        paths = [self._names.get((layer, role), ""), *(f"{root}{place}/vars/{at}" for root in _ROOTS)]
        dataset = next((found for path in paths if path and (found := _follow(self._file, path)) is not None), None)
        if dataset is None or dataset.size > _LARGEST or dataset.dtype.kind != "f":
            return None
        return np.asarray(dataset[()])


def _list_by_name(group: Any) -> list[tuple[tuple[str, str], str]]:
    """Whose each data set may be, a layer or a model that holds it, its role and its path.

    Links to other files are not followed.
    """
    found: list[tuple[tuple[str, str], str]] = []

    def note(name: str, item: Any) -> None:
        parts = name.split("/")
        if hasattr(item, "shape"):
            role = _NUMBERED.sub("", parts[-1])
            found.extend(((owner, role), f"model_weights/{name}") for owner in parts[:-1])

    group.visititems(note)
    return found


def _follow(file: Any, path: str) -> Any:
    """The data set at a path; None where there is none, and where it or a group on the way lies in another file."""
    item = file
    for part in path.split("/"):
        if not hasattr(item, "keys") or type(item.get(part, getlink=True)).__name__ != "HardLink":
            return None
        item = item[part]
    outside = not hasattr(item, "shape") or item.external or item.is_virtual
    return None if outside else item


def _make_constant(values: NDArray[Any] | None, role: str) -> Constant:
    made = np.asarray(_NEUTRAL.get(role, 0.0) if values is None else values)
    return Constant(made.shape, made.dtype.name, made.ravel)
