"""The layers of a TensorFlow.js model, which are described as Keras 2 describes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from runner_tensorflow.keras_2_config import translate_model
from runner_tensorflow.keras_config import demand_listed
from runner_tensorflow.keras_weights import SavedWeight, assign_weights
from runner_tensorflow.tensorflow_functions import OBJECTS


def build(topology: Mapping[str, Any], weights: Mapping[str, NDArray[Any]], path: Path, *, trusted: bool) -> Any:
    """The Keras model, its weights in it. Raises as ``hdf5_model.build``."""
    described = topology.get("model_config", topology)
    config = translate_model({key: described[key] for key in ("class_name", "config")}, "2.")
    if not trusted:
        demand_listed(config, path)
    with keras.saving.custom_object_scope(OBJECTS):
        model = keras.saving.deserialize_keras_object(config, safe_mode=not trusted)
    assign_weights(model, [SavedWeight(name, array.shape, array.copy) for name, array in weights.items()])
    return model
