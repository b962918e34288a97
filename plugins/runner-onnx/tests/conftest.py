"""Small ONNX models, made as they are asked for."""

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
        opset: int = 17,
        ir: int = 8,
        domain: str = "",
        metadata: dict[str, str] | None = None,
        gives: Sequence[int | str] | None = (),
        **settings: Any,
    ) -> Path:
        node = helper.make_node(operator, ["x"], ["y"], domain=domain, **settings)
        x = helper.make_tensor_value_info("x", dtype, shape)
        y = helper.make_tensor_value_info("y", dtype, shape if gives == () else gives)
        versions = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
        model = helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=versions, ir_version=ir)
        helper.set_model_props(model, metadata or {})
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        return path

    return write
