"""What names, files beside a model and converters tell, and how sure of it each rule is."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from runner_core.cards import Clue
from runner_core.clues import find_clues, rules
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames import IMAGENET, RAW, SIGNED, UNIT, Normalization
from runner_core.frames.normalization import CAFFE
from runner_core.graphs import Graph, Node, Value

NHWC, NCHW = (1, 224, 224, 3), (1, 3, 224, 224)
Told = dict[str, tuple[Normalization | str, bool]]


def make_graph(form: str = ".tflite", producer: str = "", names: tuple[str, ...] = (), **metadata: str) -> Graph:
    """A graph without operations that tell anything, but their names."""
    nodes = tuple(Node("Relu", name, (), (name,)) for name in names)
    return Graph(form, producer, nodes, {}, (Value("image", NHWC, "float32"),), (Value("answer", (1, 1000)),), metadata)


def find(
    graph: Graph | None,
    path: str = "model.tflite",
    shape: tuple[int, ...] = NHWC,
    answer: tuple[int, ...] = (1, 1000),
    dtype: str = "float32",
    **metadata: str,
) -> tuple[Clue, ...]:
    inputs, outputs = (TensorSpec("image", shape, dtype),), (TensorSpec("answer", answer, "float32"),)
    return find_clues(Path(path), Signature(inputs, outputs, metadata), graph)


def tell(clues: tuple[Clue, ...]) -> Told:
    """The surest of each, and whether it is knowledge."""
    return {clue.about: (clue.value, clue.is_sure) for clue in reversed(clues)}


BACKBONES = [
    ("mobilenetv2_1.00_224/Conv1/Conv2D", SIGNED, "rgb"),
    ("InceptionV3/InceptionV3/Conv2d_1a_3x3/Relu", SIGNED, "rgb"),
    ("model/xception/block1_conv1_bn/FusedBatchNormV3", SIGNED, "rgb"),
    ("model/resnet50v2/conv1_conv/Conv2D", SIGNED, "rgb"),
    ("model/densenet121/conv2_block1_1_conv/Conv2D", IMAGENET, "rgb"),
    ("model/resnet50/conv2_block1_1_conv/Conv2D", CAFFE.reversed(), "bgr"),
    ("model/vgg16/block1_conv1/Conv2D", CAFFE.reversed(), "bgr"),
]


@pytest.mark.parametrize(("name", "taken", "colour"), BACKBONES)
@pytest.mark.parametrize("classes", [1000, 1001, 5])
def test_a_backbone_as_published_is_sure_and_one_trained_further_a_guess(name, taken, colour, classes):
    told = tell(find(make_graph(names=(name,)), answer=(1, classes)))
    assert told["range"] == (taken, classes > 5)
    assert told["colour"][0] == colour


EXPORTERS = [
    (make_graph(names=("model/tf_conv/Conv2D",)), "m.tflite", UNIT, "rgb", True),
    (make_graph(".onnx", "pytorch 2.1", ("/model.0/conv/Conv",)), "m.onnx", UNIT, "rgb", True),
    (make_graph(".onnx", "", ("000_convolutional",)), "m.onnx", UNIT, "rgb", True),
    (make_graph(".tflite", "keras2tflite_facedetector-front.tflite.generated"), "m.tflite", SIGNED, "rgb", True),
    (make_graph(".tflite", "keras2tflite_selfiesegmentation.tflite.generated"), "m.tflite", UNIT, "rgb", False),
    (make_graph(".onnx", "onnx-caffe2"), "m.onnx", CAFFE.reversed(), "bgr", False),
    (make_graph(".onnx", "CNTK 2.5.1"), "m.onnx", RAW, "bgr", False),
    (make_graph(".onnx", "pytorch 1.9", ("dets", "labels")), "m.onnx", IMAGENET, "rgb", False),
    (make_graph(".onnx", "PaddlePaddle"), "m.onnx", IMAGENET, "rgb", False),
    (make_graph(".xml", "openvino"), "person-detection-retail-0013.xml", RAW, "bgr", False),
]


FITS = [
    (".tflite", 513, (21,), "stretch"),
    (".tflite", 257, (21,), "stretch"),
    (".tflite", 512, (21,), None),
    (".tflite", 513, (), None),
    (".tflite", 513, (1,), None),
    (".pb", 513, (21,), None),
]


@pytest.mark.parametrize(("form", "side", "classes", "told"), FITS)
def test_deeplabs_scores_are_read_by_a_library_that_stretches(form, side, classes, told):
    """Its sides are 16 k + 1; its own graphs pad the picture, and give a map of classes."""
    clues = find(make_graph(form), f"m{form}", shape=(1, side, side, 3), answer=(1, side, side, *classes))
    assert tell(clues).get("resize") == ((told, False) if told else None)


@pytest.mark.parametrize(
    ("path", "channels", "told"),
    [("m.h5", 3, "antialias"), ("m.keras", 3, "antialias"), ("m.hdf5", 1, None), ("m.tflite", 3, None)],
)
def test_pictures_in_colour_are_shrunk_by_pillow_for_keras(path, channels, told):
    clues = find(make_graph(".keras"), path, shape=(1, 32, 32, channels), answer=(1, 5))
    assert tell(clues).get("resample") == ((told, False) if told else None)


@pytest.mark.parametrize(("graph", "path", "taken", "colour", "sure"), EXPORTERS)
def test_an_exporter_is_known_by_the_names_that_it_leaves(graph, path, taken, colour, sure):
    told = tell(find(graph, path, answer=(1, 5)))
    assert told["range"] == (taken, sure)
    assert told["colour"][0] == colour


def test_the_options_of_openvinos_converter_are_sure():
    graph = make_graph(".xml", "openvino", scale_values="data[255.0]", reverse_input_channels="True")
    assert tell(find(graph, "m.xml")) | {"range": (RAW, True), "colour": ("bgr", True)} == tell(find(graph, "m.xml"))
    without = make_graph(".xml", "openvino", scale_values="()", mean_values="()", reverse_input_channels="False")
    assert not [clue for clue in find(without, "m.xml") if clue.is_sure]


def test_the_author_in_the_metadata_is_sure():
    assert tell(find(None, author="Ultralytics")) == {"range": (UNIT, True), "colour": ("rgb", True)}


SIZES = [
    ((1, 28, 28, 1), 10, UNIT), ((1, 32, 32, 3), 10, UNIT), ((1, 96, 96, 3), 2, UNIT), (NHWC, 1001, SIGNED),
    (NCHW, 1000, IMAGENET), (NHWC, 7, None), ((1, 28, 28, 1), 11, None),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "classes", "taken"), SIZES)
def test_size_and_classes_are_no_more_than_a_guess(shape, classes, taken):
    told = tell(find(make_graph(".onnx"), "m.onnx", shape, (1, classes)))
    assert told.get("range") == ((taken, False) if taken else None)


def test_tensorflow_reads_rgb_unless_the_model_came_from_elsewhere():
    assert tell(find(make_graph()))["colour"] == ("rgb", True)
    assert tell(find(make_graph(names=("model/tf.math.add/Add",))))["colour"] == ("rgb", False)
    assert tell(find(make_graph(".onnx", "pytorch 2.1")))["colour"] == ("rgb", False)


def test_bytes_have_no_range():
    clues = find(make_graph(names=("MobilenetV1/Conv2d_0",)), dtype="uint8")
    assert {clue.about for clue in clues} == {"colour"}


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_network_of_eight_bits_is_one_whether_its_input_comes_as_bytes_or_as_numbers(dtype):
    stored = Value("image", NHWC, "uint8", scale=1 / 255, zero=0)
    clues = find(attrs.evolve(make_graph(), inputs=(stored,)), dtype=dtype)
    assert tell(clues)["resample"] == ("opencv", True)
    assert "resample" not in tell(find(make_graph(), dtype=dtype)), "bytes alone say nothing of how it computes"


@pytest.mark.parametrize(
    ("shape", "dtype"), [((1, 10), "float32"), ((), "string"), ((4, 8, 8, 3), "float32"), ((1, 0, 8, 3), "float32")]
)
def test_other_inputs_have_no_clues(shape, dtype):
    assert find(make_graph(), shape=shape, dtype=dtype) == ()


def test_a_rule_that_stumbles_costs_no_other(monkeypatch):
    def stumble(model: object) -> list[Clue]:
        raise ZeroDivisionError

    monkeypatch.setattr(rules, "RULES", (stumble, *rules.RULES))
    assert find(make_graph(names=("MobilenetV1/Conv2d_0",)))
