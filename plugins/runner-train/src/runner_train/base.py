"""The base: EfficientNet-Lite0 as it learnt ImageNet, whose features brains are trained on.

`base/detector-base.onnx` is the network up to its last block, the batch normalisations folded into the convolutions;
how it was made is `training/make_base.py` in this plugin's folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import EngineOptions, Session
from runner_core.discovery import get_registry

Features = Mapping[str, NDArray[np.float32]]
FILE = "detector-base.onnx"
CHANNELS = {"s8": 40, "s16": 112, "s32": 320}
STRIDES = {"s8": 8, "s16": 16, "s32": 32}
_ENGINES = ("onnx", "openvino")  # the quicker first: 18 and 25 ms a picture where TensorFlow takes 43


def find_base() -> Path:
    with as_file(files("runner_train") / "base" / FILE) as path:
        return path


class Front:
    """The frozen base in an engine. ``compute`` may run in several threads at once, each on one core."""

    def __init__(self, taps: Sequence[str], threads: int = 1) -> None:
        self.taps = tuple(taps)
        self._session = _open_session(threads)

    def compute(self, pixels: NDArray[np.uint8]) -> Features:
        """The features of N x H x W x 3 pixels, by tap: N x H/stride x W/stride x C float32."""
        return self._session.run({"pixels": pixels}, self.taps)

    def close(self) -> None:
        self._session.close()


def _open_session(threads: int) -> Session:
    registry = get_registry()
    installed = registry.all("engines")
    for name in _ENGINES:
        if name in installed:
            session: Session = registry.make("engines", name).load(find_base(), EngineOptions(threads=threads))
            return session
    from runner_train.backbone import KerasFront

    return KerasFront()


def read_weights(path: Path | None = None) -> dict[str, NDArray[np.float32]]:
    """The base's kernels and biases, by name."""
    import onnx

    graph = onnx.load(path or find_base()).graph
    arrays: dict[str, Any] = {
        each.name.removesuffix("/half"): onnx.numpy_helper.to_array(each) for each in graph.initializer
    }
    return {name: np.asarray(values, np.float32) for name, values in arrays.items() if "/" in name}


@attrs.frozen
class Scale:
    """What brings a tap's channels to mean 0 and deviation 1."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
