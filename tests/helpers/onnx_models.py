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


def write_landmarks(path: Path, side: int, lines: Sequence[int]) -> Path:
    """Landmarks as MediaPipe's networks give them, in ``lines`` of so many numbers, for an ``image`` of 0 to 1.

    The first point is the middle of what is red in ``image``, 1 x side x side x 3; the second the middle of its upper
    edge, the third that of its right one, all others its own.
    """
    x, y = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
    points = np.tile(np.array([side / 2, side / 2, 0], np.float32), (lines[0] // 3, 1))
    points[:3] = (0, 0, 0), (side / 2, 0, 0), (side, side / 2, 0)
    spread = np.zeros((2, lines[0]), np.float32)
    spread[0, 0] = spread[1, 1] = 1
    constants = {
        "redness": np.array([[1], [-1], [-1]], np.float32), "least": np.float32(0.7),
        "line": np.array([1, side * side]),
        "grid": np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3).astype(np.float32), "split": np.array([2, 1]),
        "some": np.float32(1e-6), "spread": spread, "points": points.reshape(1, -1),
        **{f"told{place}": np.full((1, length), 0.9, np.float32) for place, length in enumerate(lines) if place},
    }  # fmt: skip
    nodes = [
        helper.make_node("MatMul", ["image", "redness"], ["red"]),
        helper.make_node("Sub", ["red", "least"], ["above"]),
        helper.make_node("Relu", ["above"], ["weights"]),
        helper.make_node("Reshape", ["weights", "line"], ["flat"]),
        helper.make_node("MatMul", ["flat", "grid"], ["sums"]),
        helper.make_node("Split", ["sums", "split"], ["places", "total"], axis=1),
        helper.make_node("Add", ["total", "some"], ["divisor"]),
        helper.make_node("Div", ["places", "divisor"], ["spot"]),
        helper.make_node("MatMul", ["spot", "spread"], ["moved"]),
        helper.make_node("Add", ["moved", "points"], ["out0"]),
        *(helper.make_node("Identity", [f"told{place}"], [f"out{place}"]) for place in range(1, len(lines))),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, side, side, 3])
    outputs = [
        helper.make_tensor_value_info(f"out{place}", TensorProto.FLOAT, [1, length])
        for place, length in enumerate(lines)
    ]
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", [image], outputs, stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path
