"""Small models, made as they are asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper


@pytest.fixture
def write_onnx(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model of one node, ``x`` to ``y``; ``settings`` are the node's own."""

    def write(
        operator: str = "Relu",
        shape: Sequence[int | str] | None = (1, 4),
        dtype: int = TensorProto.FLOAT,
        *,
        domain: str = "",
        metadata: dict[str, str] | None = None,
        **settings: Any,
    ) -> Path:
        node = helper.make_node(operator, ["x"], ["y"], domain=domain, **settings)
        x, y = (helper.make_tensor_value_info(name, dtype, shape) for name in ("x", "y"))
        versions = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
        model = helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=versions, ir_version=8)
        helper.set_model_props(model, metadata or {})
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        return path

    return write


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
    from runner_openvino.runtime import runtime as quiet

    return quiet()
