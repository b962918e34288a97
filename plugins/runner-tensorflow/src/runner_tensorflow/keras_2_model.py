"""Models as Keras 2 described them, built by Keras 3: the one way for all files that hold such a description."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from runner_tensorflow.keras_2_config import Described, translate_model
from runner_tensorflow.keras_config import demand_listed
from runner_tensorflow.tensorflow_functions import OBJECTS


def build_described(described: Described, version: str, path: Path, *, trusted: bool) -> Any:
    """The model that Keras of this version described, without its weights.

    Raises UntrustedError as ``keras_config`` says, ValueError for what Keras 3 cannot build.
    """
    config = translate_model(described, version)
    if not trusted:
        demand_listed(config, path)
    with keras.saving.custom_object_scope(OBJECTS):
        return keras.saving.deserialize_keras_object(config, safe_mode=not trusted)
