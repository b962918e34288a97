"""The layers of a TensorFlow.js model, which are described as Keras 2 describes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from runner_tensorflow.keras_2_model import build_described
from runner_tensorflow.keras_weights import SavedWeight, assign_weights


def build(topology: Mapping[str, Any], weights: Mapping[str, NDArray[Any]], path: Path, *, trusted: bool) -> Any:
    """The Keras model, its weights in it. Raises as ``hdf5_model.build``."""
    described = topology.get("model_config", topology)
    model = build_described({key: described[key] for key in ("class_name", "config")}, "2.", path, trusted=trusted)
    assign_weights(model, [SavedWeight(name, array.shape, array.copy) for name, array in weights.items()])
    return model
