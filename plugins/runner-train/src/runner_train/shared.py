"""Writes the head alone, on a trunk that is the same file in every brain of this base: a run computes it once.

The trunk is the base behind the means of 2 x 2 pixels, as the whole network takes them, with all taps. Made of the same
base it is the same to the byte, which is how brains know that they share it.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards import Artifact, Trunk, describe_files
from runner_core.util import write_bytes
from runner_train.base import CHANNELS, STRIDES, find_base
from runner_train.runtime import tf
from runner_train.voting import answer_cells

TRUNK, HEAD, FORM = "trunk.onnx", "head.onnx", ".onnx"
OPSET = 17


def write_shared(detector: Any, folder: Path, whole: Artifact) -> Artifact:
    """The head in ONNX and its trunk beside it; it is read as ``whole`` is, the same network in one file.

    ``detector`` is a ``write.Detector``. Raises OSError.
    """
    trunk, head = folder / TRUNK, folder / HEAD
    write_bytes(trunk, make_trunk())
    write_bytes(head, _make_head(detector))
    taps = {tap: tap for tap in detector.head.input}
    return attrs.evolve(
        whole,
        path=head.name,
        files=describe_files(folder, head),
        roles={"image": "image", "boxes": "boxes", "scores": "scores"},
        trunk=Trunk(trunk.name, FORM, taps, describe_files(folder, trunk)),
    )


def make_trunk() -> bytes:
    """ONNX from ``image``, N x 2H x 2W x 3 uint8, to the taps, N x H/stride x W/stride x C float32."""
    onnx: Any = importlib.import_module("onnx")
    model = onnx.load(find_base())
    graph = model.graph
    renamed = {"pixels": "image", "planes": "means"}
    for node in graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = renamed.get(name, name)
    nodes = list(graph.node)
    after = next(at for at, node in enumerate(nodes) if "planes" in node.output) + 1
    nodes.insert(
        after, onnx.helper.make_node("AveragePool", ["planes"], ["means"], kernel_shape=[2, 2], strides=[2, 2])
    )
    kept = [each for each in graph.output if each.name in STRIDES]
    wanted = onnx.helper.make_graph(
        nodes, "trunk",
        [onnx.helper.make_tensor_value_info("image", onnx.TensorProto.UINT8, ["N", "H", "W", 3])],
        kept, list(graph.initializer),
    )  # fmt: skip
    made = onnx.helper.make_model(wanted, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.checker.check_model(made)
    data: bytes = made.SerializeToString(deterministic=True)
    return data


def _make_head(detector: Any) -> bytes:
    """ONNX from the taps to ``boxes`` and ``scores``, as the whole network gives them."""
    wide, high = detector.size
    signature = [
        {
            tap: tf.TensorSpec((None, high // STRIDES[tap], wide // STRIDES[tap], CHANNELS[tap]), tf.float32, name=tap)
            for tap in detector.head.input
        }
    ]

    def answer(features: Any) -> dict[str, Any]:
        answers = detector.head(features, training=False)
        scores, corners = answer_cells(answers, detector.grid)
        return {"boxes": tf.gather(corners, [1, 0, 3, 2], axis=-1), "scores": scores}

    convert: Any = importlib.import_module("tf2onnx.convert")
    function = tf.function(answer, autograph=False)
    model, _ = convert.from_function(function, input_signature=signature, opset=OPSET)
    data: bytes = model.SerializeToString(deterministic=True)
    return data
