"""What a graph does with its picture first says what it takes, however it is written."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from runner_core.cards import Clue
from runner_core.clues import find_clues
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames import IMAGENET, RAW, SIGNED, UNIT
from runner_core.graphs import read_graph

MEAN, STD = np.array(IMAGENET.mean, np.float32), np.array(IMAGENET.std, np.float32)
Step = tuple[str, list[Any], dict[str, Any]]  # operator, what it takes besides the picture, settings


def write(path: Path, *steps: Step, channels: int = 3) -> Path:
    """A picture, N x C x H x W, through the steps into a convolution."""
    nodes, constants, name = [], [], "image"
    for number, (kind, others, settings) in enumerate(steps):
        names = [f"c{number}_{place}" for place in range(len(others))]
        constants += [numpy_helper.from_array(np.asarray(each), names[place]) for place, each in enumerate(others)]
        nodes.append(helper.make_node(kind, [name, *names], [f"t{number}"], **settings))
        name = f"t{number}"
    weights = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)  # too few to tell a range
    constants.append(numpy_helper.from_array(weights, "w"))
    nodes.append(helper.make_node("Conv", [name, "w"], ["y"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, channels, 32, 32])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [image], [answer], constants)), path)
    return path


def clues_of(path: Path, channels: int = 3) -> tuple[Clue, ...]:
    image = TensorSpec("image", (1, channels, 32, 32), "float32")
    return find_clues(path, Signature((image,), (TensorSpec("y", None, "float32"),)), read_graph(path))


def number(value: float) -> np.ndarray[Any, Any]:
    return np.float32(value)  # type: ignore[return-value]


def each(values: Any) -> np.ndarray[Any, Any]:
    return np.asarray(values, np.float32).reshape(1, 3, 1, 1)


REVERSE: dict[str, Step] = {
    "gather": ("Gather", [np.array([2, 1, 0])], {"axis": 1}),
    "slice": ("Slice", [np.array([-1]), np.array([-(2**63) + 1]), np.array([1]), np.array([-1])], {}),
}
BY_255, TO_SIGNED = ("Mul", [number(1 / 255)], {}), ("Add", [number(-1)], {})
SCALED = [
    ([BY_255], RAW),
    ([("Div", [number(255)], {})], RAW),
    ([("Mul", [number(1 / 127.5)], {}), TO_SIGNED], RAW),
    ([("Sub", [number(127.5)], {}), ("Div", [number(127.5)], {})], RAW),
    ([("Sub", [each(MEAN)], {}), ("Div", [each(STD)], {})], RAW),
    ([BY_255, ("Sub", [each(MEAN / 255)], {}), ("Div", [each(STD / 255)], {})], RAW),
    ([("Mul", [number(2)], {}), TO_SIGNED], UNIT),
    ([("Sub", [each(MEAN / 255)], {}), ("Div", [each(STD / 255)], {})], UNIT),
    ([("Mul", [number(255)], {})], UNIT),
    ([("Mul", [number(0.5)], {}), ("Add", [number(0.5)], {})], SIGNED),
    ([("Mul", [each(STD / 127.5)], {}), ("Add", [each(MEAN / 127.5 - 1)], {})], IMAGENET),
    ([("Transpose", [], {"perm": [0, 2, 3, 1]}), BY_255, ("Transpose", [], {"perm": [0, 3, 1, 2]})], RAW),
    ([("Pad", [np.array([0, 0, 1, 1, 0, 0, 1, 1])], {}), BY_255], RAW),
    ([("Cast", [], {"to": TensorProto.FLOAT}), BY_255, ("Identity", [], {})], RAW),
    ([("BatchNormalization", [each(v).ravel() for v in ([1] * 3, [0] * 3, MEAN, STD**2)], {"epsilon": 0.0})], RAW),
    ([("Mul", [each([1 / 70] * 3)], {}), ("Add", [each([-1.9, -1.6, -1.5])], {})], RAW),  # learned
    ([("Mul", [each([3.9, 4.1, 4])], {}), ("Add", [each([-1.9, -1.9, -1.7])], {})], UNIT),
]


@pytest.mark.parametrize(("steps", "taken"), SCALED)
def test_the_range_is_what_the_graph_scales(tmp_path, steps, taken):
    best = next(clue for clue in clues_of(write(tmp_path / "m.onnx", *steps)) if clue.about == "range")
    assert best.is_sure
    assert best.value == taken


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [("Mul", [number(1.7)], {}), ("Add", [number(40)], {})],  # of no range that is known
        [("Sub", [number(0.5)], {})],  # of 0 to 255 it leaves about that
        [("Relu", [], {}), BY_255],
        [("Mul", [np.random.default_rng(0).normal(size=(1, 3, 32, 32)).astype(np.float32)], {})],
    ],
)
def test_other_graphs_say_nothing_of_it(tmp_path, steps):
    assert not [clue for clue in clues_of(write(tmp_path / "m.onnx", *steps)) if clue.about == "range"]


@pytest.mark.parametrize("reverse", [(), ("gather",), ("slice",), ("gather", "slice")])
@pytest.mark.parametrize("bgr", [False, True])
def test_channels_that_are_scaled_apart_tell_their_order(tmp_path, reverse, bgr):
    order = slice(None, None, -1 if bgr else 1)
    scaling: list[Step] = [("Sub", [each(MEAN[order])], {}), ("Div", [each(STD[order])], {})]
    steps = [*(REVERSE[name] for name in reverse), *scaling]
    told = {
        clue.value for clue in clues_of(write(tmp_path / "m.onnx", *steps)) if clue.about == "colour" and clue.is_sure
    }
    assert told == {"bgr" if bgr != (len(reverse) == 1) else "rgb"}


def test_channels_that_are_split_and_joined_again(tmp_path):
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])
    scaled = [helper.make_node("Sub", [f"s{place}", f"m{place}"], [f"t{place}"]) for place in range(3)]
    nodes = [
        helper.make_node("Split", ["image"], ["s0", "s1", "s2"], axis=1),
        *scaled,
        helper.make_node("Concat", ["t2", "t1", "t0"], ["joined"], axis=1),
        helper.make_node("Conv", ["joined", "w"], ["y"]),
    ]
    constants = [
        numpy_helper.from_array(number(mean), f"m{place}") for place, mean in enumerate([123.68, 116.779, 103.939])
    ]
    constants.append(numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w"))
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [image], [answer], constants)), tmp_path / "m.onnx")
    sure = {clue.about: clue.value for clue in clues_of(tmp_path / "m.onnx") if clue.is_sure}
    assert sure == {"range": RAW, "colour": "rgb"}


@pytest.mark.parametrize(("scale", "zero", "dtype", "taken"), [
    (1 / 255, 0, np.uint8, UNIT), (1.0, -128, np.int8, RAW), (2 / 255, 127, np.uint8, SIGNED),
    (0.01863, 114, np.uint8, IMAGENET), (0.3, 0, np.uint8, None),
])  # fmt: skip
def test_the_first_quantisation_tells_the_range(tmp_path, scale, zero, dtype, taken):
    quantise: list[Step] = [
        ("QuantizeLinear", [number(scale), dtype(zero)], {}),
        ("DequantizeLinear", [number(scale), dtype(zero)], {}),
    ]
    found = [clue for clue in clues_of(write(tmp_path / "m.onnx", *quantise)) if clue.about == "range"]
    assert [clue.value for clue in found if clue.is_sure] == ([taken] if taken else [])


def test_a_grey_picture_is_followed_too(tmp_path):
    path = tmp_path / "m.onnx"
    write(path, BY_255, channels=1)
    found = clues_of(path, channels=1)
    assert [(clue.about, clue.value) for clue in found if clue.is_sure] == [("range", RAW)]


def join_with_itself(times: int) -> list[onnx.NodeProto]:
    names = ["image", *(f"j{number}" for number in range(times))]
    nodes = [helper.make_node("Concat", [one, one], [two], axis=1) for one, two in pairwise(names)]
    return [*nodes, helper.make_node("Conv", [names[-1], "w"], ["y"])]


def grow_constant() -> list[onnx.NodeProto]:
    return [helper.make_node("Mul", ["column", "row"], ["square"]), helper.make_node("Add", ["image", "square"], ["y"])]


HOSTILE = {
    "a picture joined with itself without end": (join_with_itself(60), {"w": (4, 3, 3, 3)}),
    "more filters than any network has": (join_with_itself(0), {"w": (100_000, 3, 1, 1)}),
    "a kernel as large as a picture": (join_with_itself(0), {"w": (1, 3, 500, 500)}),
    "constants that grow": (grow_constant(), {"column": (200_000, 1), "row": (1, 200_000)}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_graph_is_followed_within_bounds(tmp_path, name):
    nodes, shapes = HOSTILE[name]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    constants = [numpy_helper.from_array(np.ones(shape, np.float32), each) for each, shape in shapes.items()]
    path = tmp_path / "m.onnx"
    path.write_bytes(helper.make_model(helper.make_graph(nodes, "g", [image], [answer], constants)).SerializeToString())
    tracemalloc.start()
    try:
        clues_of(path)
        assert tracemalloc.get_traced_memory()[1] < 300 << 20
    finally:
        tracemalloc.stop()
