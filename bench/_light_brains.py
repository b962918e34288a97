"""Brains as a small trainer makes them: light heads on one frozen EfficientNet-Lite0, and the same brains whole.

The weights are random and the same each time: what is measured is time, and that two forms of a brain answer alike.
Source of the backbone: Tan and Le, EfficientNet, 2019, table 1, without squeeze-and-excitation, with ReLU6 (the Lite
variants); normalisation is folded into the convolutions.
"""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, utils

from runner_core.cards import describe_files

SIDE, CLASSES, WIDE, STRIDE = 320, 3, 64, 16
STAGES = (  # expansion, kernel, stride, blocks, channels
    (1, 3, 1, 1, 16), (6, 3, 2, 2, 24), (6, 5, 2, 2, 40), (6, 3, 2, 3, 80), (6, 5, 1, 3, 112), (6, 5, 2, 4, 192),
    (6, 3, 1, 1, 320),
)  # fmt: skip
TAPS = {"stride8": 40, "stride16": 112, "stride32": 320}
KEPT = 0.01  # the share of cells whose best class passes the threshold


class _Graph:
    """Nodes and weights as they are added, and the multiply-adds of one picture and the parameters."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []
        self.madds = self.parameters = 0
        self._random = np.random.default_rng(seed)
        self._count = 0

    def add(self, kind: str, *inputs: str, name: str = "", **settings: object) -> str:
        self._count += 1
        name = name or f"{kind}{self._count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **settings))
        return name

    def keep(self, name: str, values: object, dtype: type = np.float32) -> str:
        self.stored.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def convolve(
        self, x: str, kernel: int, side: int, before: int, after: int, *, stride: int = 1, depthwise: bool = False,
        gain: float = 2.0, end: str = "Clip", bias: float = 0.0,
    ) -> str:  # fmt: skip
        """``side`` is that of the result. ``end`` is what follows: Clip is ReLU6, the empty text nothing."""
        self._count += 1
        inner = 1 if depthwise else before
        spread = (gain / (inner * kernel * kernel)) ** 0.5
        weights = self._random.normal(0, spread, (after, inner, kernel, kernel))
        kept = self.keep(f"w{self._count}", weights), self.keep(f"b{self._count}", np.full(after, bias))
        self.madds += side * side * after * inner * kernel * kernel
        self.parameters += weights.size + after
        pads = [(kernel - 1) // 2] * 4
        group = before if depthwise else 1
        found = self.add("Conv", x, *kept, strides=[stride] * 2, pads=pads, group=group)
        if end == "Clip":
            return self.add("Clip", found, "zero", "six")
        return self.add(end, found) if end else found


def _build_trunk(seed: int) -> _Graph:
    graph = _Graph(seed)
    graph.keep("zero", 0)
    graph.keep("six", 6)
    side, before = SIDE // 2, 32
    x = graph.convolve("image", 3, side, 3, before, stride=2)
    for expansion, kernel, stride, blocks, after in STAGES:
        for block in range(blocks):
            step, wide, skipped = stride if block == 0 else 1, before * expansion, x
            if expansion > 1:
                x = graph.convolve(x, 1, side, before, wide)
            side //= step
            x = graph.convolve(x, kernel, side, wide, wide, stride=step, depthwise=True)
            x = graph.convolve(x, 1, side, wide, after, gain=1.0, end="")
            if step == 1 and before == after:
                x = graph.add("Add", x, skipped)
            before = after
        tap = next((name for name, channels in TAPS.items() if channels == after), "")
        x = graph.add("Identity", x, name=tap) if tap else x
    return graph


def _build_head(seed: int) -> _Graph:
    """A pyramid that is summed at stride 16, two residual blocks, classes and four distances of each cell."""
    graph, side = _Graph(seed), SIDE // STRIDE
    near, middle, far = (
        graph.convolve(tap, 1, SIDE // int(tap.removeprefix("stride")), channels, WIDE, end="")
        for tap, channels in TAPS.items()
    )
    near = graph.add("MaxPool", near, kernel_shape=[2, 2], strides=[2, 2])
    graph.keep("twice", [1, 1, 2, 2])
    nearest = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    far = graph.add("Resize", far, "", "twice", **nearest)
    x = graph.add("Relu", graph.add("Add", graph.add("Add", near, middle), far))
    for _ in range(2):
        inner = graph.convolve(x, 3, side, WIDE, WIDE, end="Relu")
        x = graph.add("Relu", graph.add("Add", x, graph.convolve(inner, 3, side, WIDE, WIDE, end="")))
    for name, count in (("classes", CLASSES), ("distances", 4)):
        cells = graph.add("Transpose", graph.convolve(x, 1, side, WIDE, count, gain=0.02, end=""), perm=[0, 2, 3, 1])
        graph.add("Reshape", cells, graph.keep(f"{name}-line", [0, -1, count], np.int64), name=name)
    graph.add("Sigmoid", "classes", name="scores")
    _add_boxes(graph, side)
    return graph


def _add_boxes(graph: _Graph, side: int) -> None:
    """Corners, normalised: the middle of each cell less and plus the distances, each about three cells."""
    centres = (np.stack(np.meshgrid(*[np.arange(side)] * 2), axis=-1).reshape(1, -1, 2) + 0.5) / side
    graph.keep("centres", np.concatenate([centres, centres], axis=-1))
    graph.keep("sides", np.array([-1, -1, 1, 1]) * 3 / side)
    distances = graph.add("Softplus", "distances")
    graph.add("Add", graph.add("Mul", distances, "sides"), "centres", name="boxes")


def count_work() -> tuple[int, int, int]:
    """Multiply-adds of the trunk and of a head for one picture, and the head's parameters."""
    trunk, head = _build_trunk(0), _build_head(1)
    return trunk.madds, head.madds, head.parameters


def write_brain(folder: Path, seed: int) -> Path:
    """A brain that is ``head.onnx`` on ``trunk.onnx``, and ``whole.onnx``."""
    folder.mkdir()
    trunk, head = _build_trunk(0), _build_head(seed)
    cells = (SIDE // STRIDE) ** 2
    sides = {"image": [1, 3, SIDE, SIDE]}
    outputs = {"boxes": [1, cells, 4], "scores": [1, cells, CLASSES]}
    for node in head.nodes:  # names of one graph
        _rename(node)
    for tensor in head.stored:
        tensor.name = f"head-{tensor.name}"
    graph = helper.make_graph(
        [*trunk.nodes, *head.nodes], "brain",
        *([helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
          for side in (sides, outputs)),
        [*trunk.stored, *head.stored],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    whole = onnx.shape_inference.infer_shapes(model)
    cut = utils.Extractor(whole)
    onnx.save(whole, folder / "whole.onnx")
    onnx.save(cut.extract_model(["image"], list(TAPS)), folder / "trunk.onnx")
    onnx.save(cut.extract_model(list(TAPS), list(outputs)), folder / "head.onnx")
    _write_card(folder)
    return folder


def _rename(node: onnx.NodeProto) -> None:
    """The head's own tensors, but for the taps and the outputs of the network."""
    public = {*TAPS, "boxes", "scores", ""}
    for side in (node.input, node.output):
        for place, name in enumerate(side):
            side[place] = name if name in public else f"head-{name}"


def _write_card(folder: Path) -> None:
    whole, trunk = ({"path": f"{name}.onnx", "format": ".onnx"} for name in ("whole", "trunk"))
    (file,) = describe_files(folder, folder / "trunk.onnx")
    trunk |= {"taps": {tap: tap for tap in TAPS}, "files": [attrs.asdict(file)]}
    card = {
        "name": folder.name, "task": "boxes-scores", "threshold": 0.5, "options": {"boxes": "normalised"},
        "artifacts": [{"path": "head.onnx", "format": ".onnx", "trunk": trunk}, whole],
        "roles": {"image": "image", "boxes": "boxes", "scores": "scores"},
        "labels": [{"model_id": n, "file_id": n + 1, "name": f"class {n}"} for n in range(CLASSES)],
        "picture": {"size": [SIDE, SIDE], "layout": "nchw", "dtype": "float32", "mean": [127] * 3, "std": [128] * 3},
    }  # fmt: skip
    (folder / "brain.json").write_text(json.dumps(card))
