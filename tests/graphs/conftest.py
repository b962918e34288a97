"""One small network, written in every format by the formats' own converters."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import exported_models
import numpy as np
import pytest

from runner_core.graphs import Graph
from runner_core.graphs.formats import read_graph


@attrs.frozen(eq=False)
class Exported:
    """``kernel`` is that of its convolution, height x width x 3 x 8; each format has its own order of axes."""

    paths: Mapping[str, Path]
    kernel: np.ndarray[Any, Any]

    def read(self, form: str) -> Graph:
        graph = read_graph(self.paths[form])
        assert graph is not None
        return graph


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Exported:
    keras = exported_models.import_keras()
    layers = keras.layers
    convolution = layers.Conv2D(8, 3, strides=2, padding="same")
    model = keras.Sequential(
        [
            keras.Input((32, 48, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            convolution,
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    kernel, bias = convolution.get_weights()
    convolution.set_weights([kernel, bias + 1])  # converters leave out what adds nothing
    return Exported(exported_models.export(model, tmp_path_factory.mktemp("exported")), kernel)
