"""Small models, made as they are asked for."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import onnx_models
import pytest


@pytest.fixture
def write_onnx(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model of one node, as ``onnx_models.write`` does."""
    return partial(onnx_models.write, tmp_path / "model.onnx")


@pytest.fixture
def write_ir(tmp_path: Path) -> Callable[..., Path]:
    """Writes OpenVINO's own form, two files, of a model that it can read; ``info`` becomes its model_info."""

    def write(source: Path, **info: Any) -> Path:
        openvino = runtime()
        model = openvino.Core().read_model(source)
        for key, value in info.items():
            model.set_rt_info(value, ["model_info", key])
        path = tmp_path / "model.xml"
        openvino.save_model(model, path, compress_to_fp16=False)
        return path

    return write


def runtime() -> Any:
    from runner_openvino.runtime import import_runtime as quiet

    return quiet()
