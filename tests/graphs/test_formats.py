"""What each format's file says of one network: its input, its operations in order, its weights."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from exported_models import FORMATS

from runner_core.graphs import Graph, Node
from runner_core.graphs.formats import read_graph

# Each format's words for scaling, moving, convolving and clipping; what only moves tensors is left out.
WORDS = {
    ".keras": ["Rescaling", "Conv2D", "ReLU"],
    ".h5": ["Rescaling", "Conv2D", "ReLU"],
    "saved-model": ["Mul", "AddV2", "Conv2D", "BiasAdd", "Relu"],
    ".pb": ["Mul", "AddV2", "Conv2D", "BiasAdd", "Relu"],
    ".tflite": ["MUL", "ADD", "CONV_2D"],
    ".onnx": ["Mul", "Add", "Conv", "Relu"],
    ".xml": ["Multiply", "Add", "Convolution", "Add", "ReLU"],
}
MOVES = {"Identity", "Reshape", "Transpose", "Squeeze"}
TO_HEIGHT_WIDTH_IN_OUT = {
    ".tflite": (1, 2, 3, 0), ".onnx": (2, 3, 1, 0), ".xml": (2, 3, 1, 0),
    ".pb": (0, 1, 2, 3), "saved-model": (0, 1, 2, 3), ".keras": (0, 1, 2, 3), ".h5": (0, 1, 2, 3),
}  # fmt: skip


def follow(graph: Graph) -> Iterator[Node]:
    """From the input on, as long as one node follows another."""
    name = graph.inputs[0].name
    while len(graph.users.get(name, ())) == 1:
        (node,) = graph.users[name]
        yield node
        name = node.outputs[0]


@pytest.mark.parametrize("form", FORMATS)
def test_the_input_is_told(exported, form):
    graph = exported.read(form)
    (image,) = graph.inputs
    assert graph.format == form
    assert image.shape is not None
    assert image.shape[1:] == (32, 48, 3)
    assert image.dtype == "float32"
    assert len(graph.outputs) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_operations_follow_from_the_input(exported, form):
    kinds = [node.kind for node in follow(exported.read(form)) if node.kind not in MOVES]
    assert kinds[: len(WORDS[form])] == WORDS[form]


@pytest.mark.parametrize("form", sorted(TO_HEIGHT_WIDTH_IN_OUT))
def test_weights_are_read(exported, form):
    graph = exported.read(form)
    read = [constant.read() for constant in graph.constants.values()]
    assert all(values is not None for values in read)
    kernels = [values for values in read if values.ndim == 4 and values.size == exported.kernel.size]
    (kernel,) = (each.transpose(TO_HEIGHT_WIDTH_IN_OUT[form]) for each in kernels)
    np.testing.assert_allclose(kernel, exported.kernel, atol=1e-3)  # OpenVINO stores half floats


@pytest.mark.parametrize("form", FORMATS)
def test_the_producer_is_told(exported, form):
    names = {".keras": "keras 3", ".h5": "keras 3", ".tflite": "MLIR", ".onnx": "tf2onnx", ".xml": "openvino 20"}
    assert exported.read(form).producer.startswith(names.get(form, "tensorflow"))


def test_a_layer_tells_its_settings(exported):
    rescaling, convolution, *_ = follow(exported.read(".keras"))
    assert (rescaling.attributes["scale"], rescaling.attributes["offset"]) == (1 / 127.5, -1)
    assert convolution.attributes["strides"] == [2, 2]


def test_attributes_are_those_of_the_format(exported):
    told = {node.kind: node.attributes for form in FORMATS for node in exported.read(form).nodes}
    assert told["CONV_2D"] | {"padding": 0, "stride_w": 2, "stride_h": 2, "dilation_w": 1} == told["CONV_2D"]
    assert told["Conv"]["strides"] == (2, 2)
    assert told["Conv2D"]["strides"] in ((1, 2, 2, 1), [2, 2])
    assert told["Convolution"]["strides"].replace(" ", "") == "2,2"


@pytest.mark.parametrize(
    "name", [f"model{suffix}" for suffix in (".onnx", ".tflite", ".pb", ".xml", ".keras", ".h5", ".pt")]
)
def test_other_files_have_no_graph(tmp_path: Path, name):
    path = tmp_path / name
    assert read_graph(path) is None
    for data in (
        b"",
        b"text that is no model at all",
        b"\x00" * 64,
        b"\xff" * 64,
        b"<net version='11'/>",
        b"PK\x05\x06",
    ):
        path.write_bytes(data)
        assert read_graph(path) is None


def test_a_folder_without_a_saved_model_has_no_graph(tmp_path: Path):
    assert read_graph(tmp_path) is None
