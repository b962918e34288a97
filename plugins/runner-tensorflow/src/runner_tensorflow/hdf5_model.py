"""Keras models in HDF5 files: their description is an attribute, their weights are data sets.

Keras 2 wrote such files as ``.h5`` and ``.hdf5``; Keras 3 still does. Only plain data is read: no Python, and nothing
that lies in another file. Source of the form: tf_keras/src/saving/legacy/hdf5_format.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import h5py

from runner_core.errors import EngineError
from runner_tensorflow.keras_2_model import build_described
from runner_tensorflow.keras_weights import SavedWeight, assign_weights

_WEIGHTS_ALONE = "build its model in Keras, then `model.load_weights(FILE)` and `model.save('model.keras')`"


def build(path: Path, *, trusted: bool) -> Any:
    """The Keras model, its weights in it.

    Raises UntrustedError as ``keras_config`` says, EngineError for a file without a model, ValueError for what Keras 3
    cannot build.
    """
    with h5py.File(path, "r") as file:
        described = _read_description(file, path)
        model = build_described(described, _read_text(file, "keras_version", "1"), path, trusted=trusted)
        _fill(model, _follow(file, "model_weights"))
    return model


def _read_description(file: Any, path: Path) -> dict[str, Any]:
    if "model_config" not in file.attrs:
        if "layer_names" in file.attrs or "layers" in file or "_layer_checkpoint_dependencies" in file:
            raise EngineError(f"{path}: the weights of a Keras model without the model", remedy=_WEIGHTS_ALONE)
        raise EngineError(f"{path}: an HDF5 file, but no model of Keras", remedy="see what it is")
    if _read_text(file, "backend", "tensorflow") == "theano":
        raise EngineError(f"{path}: its weights are laid out for Theano", remedy="save it again under TensorFlow")
    described = json.loads(_read_text(file, "model_config"))
    if not isinstance(described, dict):
        raise ValueError("its model_config describes no model")
    return described


def _read_text(file: Any, name: str, default: str = "") -> str:
    value = file.attrs.get(name, default)
    return value.decode() if isinstance(value, bytes) else str(value)


def _fill(model: Any, group: Any) -> None:
    """Fills the model's layers from the groups of their names. Raises ValueError where these are not its layers."""
    saved = {
        name.replace("/", "_"): list(_list_weights(_follow(group, name))) for name in _read_names(group, "layer_names")
    }
    layers = {layer.name: layer for layer in model.layers}
    strange = sorted(name for name, weights in saved.items() if weights and name not in layers)
    if strange:
        raise ValueError(f"it holds weights of a layer {strange[0]!r} that its model does not have")
    for name, layer in layers.items():
        assign_weights(layer, saved.get(name, []))


def _list_weights(group: Any) -> Iterator[SavedWeight]:
    for name in _read_names(group, "weight_names"):
        dataset = _follow(group, name)
        yield SavedWeight(name, dataset.shape, dataset.__array__)


def _read_names(group: Any, attribute: str) -> list[str]:
    """A list of names; a long one lies in several attributes, numbered from 0."""
    numbered = takewhile(group.attrs.__contains__, (f"{attribute}{number}" for number in count()))
    keys = [attribute] if attribute in group.attrs else list(numbered)
    return [name.decode() if isinstance(name, bytes) else str(name) for key in keys for name in group.attrs[key]]


def _follow(group: Any, path: str) -> Any:
    """The group or data set at a path. Raises ValueError for one that lies in another file, or is not there."""
    for part in path.strip("/").split("/"):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"its {path!r} is not in the file itself, or missing")
        group = group[part]
    if isinstance(group, h5py.Dataset) and (group.is_virtual or group.external):
        raise ValueError(f"its {path!r} is not in the file itself")
    return group
