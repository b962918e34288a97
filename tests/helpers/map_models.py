"""Small ONNX models that give a map: mattes, and anomalies with the outputs of Anomalib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STEEPNESS = 8.0  # of a matte: its logits are so many times what the mean colour has above a half


def write_matte(path: Path, names: Sequence[str] = ("plane",), *, side: int = 32, end: str = "Sigmoid") -> Path:
    """``names``, each 1 x 1 x side x side: the mean colour of ``image``, less a half, times 8, and ``end``.

    The second is half of that before its end, the third a third, as stages that are less sure.
    """
    nodes = [helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1], keepdims=1)]
    nodes.append(helper.make_node("Sub", ["mean", "half"], ["above"]))
    numbers = [numpy_helper.from_array(np.array(0.5, np.float32), "half")]
    for stage, name in enumerate(names, 1):
        numbers.append(numpy_helper.from_array(np.array(STEEPNESS / stage, np.float32), f"steep{stage}"))
        nodes.append(helper.make_node("Mul", ["above", f"steep{stage}"], [f"logits{stage}"]))
        nodes.append(helper.make_node(end, [f"logits{stage}"], [name]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, side, side])
    planes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, side, side]) for name in names]
    return _save(path, nodes, [image], planes, numbers)


def write_rvm(path: Path) -> Path:
    """The inputs and outputs of Robust Video Matting: ``pha`` is the mean colour of each pixel of ``src``, of any size,
    plus that of ``r1i``, times ``downsample_ratio``; the states are handed on.
    """
    states = [f"r{number}" for number in range(1, 5)]
    nodes = [
        helper.make_node("ReduceMean", ["src"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("ReduceMean", ["r1i"], ["state"], keepdims=0),
        helper.make_node("Add", ["mean", "state"], ["moved"]),
        helper.make_node("Mul", ["moved", "downsample_ratio"], ["shrunk"]),
        helper.make_node("Clip", ["shrunk", "nothing", "all"], ["pha"]),
        helper.make_node("Identity", ["src"], ["fgr"]),
        *[helper.make_node("Identity", [f"{state}i"], [f"{state}o"]) for state in states],
    ]
    ends = [numpy_helper.from_array(np.array(end, np.float32), name) for end, name in ((0, "nothing"), (1, "all"))]
    space, free = ["batch_size", 3, "height", "width"], ["batch_size", "channels", "height", "width"]
    inputs = {"src": space, **{f"{state}i": free for state in states}, "downsample_ratio": [1]}
    outputs = {"fgr": space, "pha": ["batch_size", 1, "height", "width"], **{f"{state}o": free for state in states}}
    infos = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
        for side in (inputs, outputs)
    ]
    return _save(path, nodes, infos[0], infos[1], ends)


def write_anomalib_2(path: Path, *, side: int | None = 32, told: bool = True) -> Path:
    """The outputs of Anomalib 2, all by the mean colour of each pixel: ``pred_score`` is the highest, ``pred_label``
    and ``pred_mask``, where ``told``, what is above 0.5. With no ``side`` the graph resizes any picture to 32 x 32.
    """
    resize = [helper.make_node("Resize", ["input", "", "", "sizes"], ["small"], mode="nearest")] if side is None else []
    nodes = [
        *resize,
        helper.make_node("ReduceMean", ["input" if side else "small"], ["anomaly_map"], axes=[1], keepdims=1),
        helper.make_node("ReduceMax", ["anomaly_map"], ["pred_score"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Greater", ["pred_score", "half"], ["pred_label"]),
        helper.make_node("Greater", ["anomaly_map", "half"], ["pred_mask"]),
    ]
    numbers = [numpy_helper.from_array(np.array(0.5, np.float32), "half")]
    numbers += [numpy_helper.from_array(np.array([1, 3, 32, 32], np.int64), "sizes")] if side is None else []
    cells = side or 32
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch_size", 3, side, side])
    shapes = {
        "pred_score": (TensorProto.FLOAT, ["batch_size"]),
        "pred_label": (TensorProto.BOOL, ["batch_size"]),
        "anomaly_map": (TensorProto.FLOAT, ["batch_size", 1, cells, cells]),
        "pred_mask": (TensorProto.BOOL, ["batch_size", 1, cells, cells]),
    }
    given = [name for name in shapes if told or name in ("pred_score", "anomaly_map")]
    outputs = [helper.make_tensor_value_info(name, *shapes[name]) for name in given]
    kept = [node for node in nodes if told or node.op_type != "Greater"]
    return _save(path, kept, [image], outputs, numbers if told or side is None else [])


def write_anomalib_1(path: Path, *, side: int = 32) -> Path:
    """``output``, 1 x 1 x side x side: forty times the mean colour of each pixel, as distances are."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "forty"], ["output"]),
    ]
    numbers = [numpy_helper.from_array(np.array(40, np.float32), "forty")]
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, side, side])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, side, side])
    return _save(path, nodes, [image], [output], numbers)


def _save(path: Path, nodes: list, images: list, outputs: list, numbers: list) -> Path:
    graph = helper.make_graph(nodes, "g", images, outputs, numbers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path
