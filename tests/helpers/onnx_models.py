"""Small ONNX models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def write(
    path: Path,
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
    """A model of one node, ``x`` to ``y``; ``settings`` are the node's own."""
    node = helper.make_node(operator, ["x"], ["y"], domain=domain, **settings)
    x = helper.make_tensor_value_info("x", dtype, shape)
    y = helper.make_tensor_value_info("y", dtype, shape if gives == () else gives)
    versions = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    model = helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=versions, ir_version=ir)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path


def write_product(path: Path, rows: int, columns: int, *, weights: str = "") -> Path:
    """``y``, 1 x columns, is ``x``, 1 x rows, times a matrix of ones, which lies in the file ``weights`` if named."""
    matrix = numpy_helper.from_array(np.ones((rows, columns), np.float32), "w")
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, side])
        for name, side in (("x", rows), ("y", columns))
    )
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [matrix])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    beside = {"save_as_external_data": True, "location": weights, "size_threshold": 0} if weights else {}
    onnx.save(model, path, **beside)
    return path


def write_classifier(path: Path, classes: int = 5, *, end: str = "", side: int = 32) -> Path:
    """``scores``, 1 x classes: the mean of each colour of ``image``, 1 x 3 x side x side, times small weights.

    ``end`` is an operation on the scores: Softmax, Sigmoid.
    """
    weights = numpy_helper.from_array(np.linspace(-1, 1, 3 * classes, dtype=np.float32).reshape(3, classes), "w")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, side, side])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, classes])
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("MatMul", ["means", "w"], ["numbers" if end else "scores"]),
        *([helper.make_node(end, ["numbers"], ["scores"])] if end else []),
    ]
    graph = helper.make_graph(nodes, "g", [image], [scores], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def write_detector(folder: Path) -> Path:
    """A brain of two boxes, each a page or a graph: scores and sizes follow the mean of each colour."""
    weights = numpy_helper.from_array(np.array([[3, -2, 1, 2], [-2, 3, 2, -1], [1, 1, -2, 2]], np.float32), "w")
    corners = numpy_helper.from_array(np.array([[[0, 0, 0.6, 0.5], [0.4, 0.3, 1, 1]]], np.float32), "corners")
    shapes = [
        numpy_helper.from_array(np.array(shape, np.int64), name) for name, shape in (("s", (1, 2, 2)), ("b", (1, 1, 1)))
    ]
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("MatMul", ["means", "w"], ["numbers"]),
        helper.make_node("Reshape", ["numbers", "s"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "b"], ["scale"]),
        helper.make_node("Sqrt", ["scale"], ["root"]),
        helper.make_node("Mul", ["corners", "root"], ["boxes"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 16])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2, side])
        for name, side in (("boxes", 4), ("scores", 2))
    ]
    graph = helper.make_graph(nodes, "g", [image], outputs, [weights, corners, *shapes])
    folder.mkdir(parents=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), folder / "two.onnx")
    labels = [
        {"model_id": number, "file_id": number + 1, "name": name} for number, name in enumerate(("page", "graph"))
    ]
    card = {
        "name": "two", "task": "boxes-scores", "threshold": 0.6, "options": {"boxes": "normalised", "nms": False},
        "artifacts": [{"path": "two.onnx", "format": ".onnx"}], "labels": labels,
        "roles": {"image": "image", "boxes": "boxes", "scores": "scores"},
        "picture": {"size": [16, 16], "layout": "nchw", "dtype": "float32", "std": [255, 255, 255]},
    }  # fmt: skip
    (folder / "brain.json").write_text(json.dumps(card))
    return folder
