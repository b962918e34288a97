"""Graphs of real files: each is read whole, and so are all its constants."""

import pytest

from runner_core.graphs.formats import read_graph

# File, number of nodes, and the operation that first meets the input.
GRAPHS = [
    ("fastestdet_coco.onnx", 211, "Conv"),
    ("deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb", 614, "Shape"),
    ("fastestdet_coco_tf1_image_tensor.pb", 864, "StridedSlice"),
    ("fastestdet_coco_savedmodel", 875, "Identity"),
    ("mobilenet_v2_1.0_224_quant.tflite", 66, "CONV_2D"),
    ("movenet_single_pose_lightning_ptq.tflite", 157, "CAST"),
]


@pytest.mark.parametrize(("name", "nodes", "first"), GRAPHS)
def test_it_is_read_whole(testdata, name, nodes, first):
    graph = read_graph(testdata / "models" / name)
    assert graph is not None
    assert len(graph.nodes) == nodes
    assert graph.users[graph.inputs[0].name][0].kind == first
    assert all(constant.read() is not None for constant in graph.constants.values())


def test_a_quantised_input_tells_its_scale(testdata):
    graph = read_graph(testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite")
    assert graph is not None
    assert (graph.inputs[0].scale, graph.inputs[0].zero) == (pytest.approx(1 / 128), 128)
