"""Models that do more than compute, harmless in effect: what they write tells that they ran."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

ONE = np.ones(4, np.float32)


def writing_graph(path: Path, target: Path) -> Path:
    """A frozen detection graph, whole and right, that writes a file on the way to its boxes."""
    from runner_tensorflow.runtime import tf

    with tf.Graph().as_default() as graph:
        tf.compat.v1.placeholder(tf.string, [None], name="encoded_image_string_tensor")
        with tf.control_dependencies([tf.raw_ops.WriteFile(filename=str(target), contents="text")]):
            tf.constant([[[0.1, 0.1, 0.5, 0.5]]], name="detection_boxes")
        tf.constant([[0.9]], name="detection_scores")
        tf.constant([[1.0]], name="detection_classes")
        tf.constant([1.0], name="num_detections")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


class _Touching:
    """Unpickled, it makes a file."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self._target,)


def touching_pickle(path: Path, target: Path) -> Path:
    """A pickle; of ``.npy``, an array of objects, which numpy pickles."""
    touching = _Touching(target)
    if path.suffix == ".npy":
        np.save(path, np.array([touching], dtype=object), allow_pickle=True)
    else:
        path.write_bytes(pickle.dumps(touching))
    return path


def outside_weights(path: Path, location: str, *, constant: bool = False) -> Path:
    """An ONNX model ``y = x + w`` whose four numbers ``w`` lie in the file ``location``."""
    weights = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL
    )  # the model checker of onnx refuses to write what we need
    for key, value in {"location": location, "offset": "0", "length": "16"}.items():
        weights.external_data.add(key=key, value=value)
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    if constant:
        attribute = onnx.AttributeProto(name="value", type=onnx.AttributeProto.TENSOR, t=weights)
        nodes.insert(0, onnx.NodeProto(op_type="Constant", output=["w"], attribute=[attribute]))
    ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, [4])] for name in "xy"]
    graph = helper.make_graph(nodes, "g", *ends, [] if constant else [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path
