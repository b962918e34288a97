"""TensorFlow.js models: layers as it saves them, graphs as its converter writes them."""

import base64
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from runner_core import open_brain
from runner_core.cards import format_of
from runner_core.errors import EngineError, UntrustedError

FOLDER = Path(__file__).parent / "tfjs"  # written by TensorFlow.js itself: tools/tfjs_files.js
PIXELS = np.linspace(-1, 1, 12 * 12 * 3, dtype=np.float32).reshape(1, 12, 12, 3)
FLOAT = {"type": "DT_FLOAT"}
X = np.linspace(-1, 1, 32, dtype=np.float32).reshape(1, 4, 4, 2)


def node(name, op, *inputs, **attributes):
    return {"name": name, "op": op, "input": list(inputs), "attr": {"T": FLOAT, **attributes}}


def constant(name, dtype="DT_FLOAT"):
    return {"name": name, "op": "Const", "attr": {"dtype": {"type": dtype}}}


def placeholder(*shape):
    sides = [{"size": str(side)} for side in shape]
    return {"name": "x", "op": "Placeholder", "attr": {"dtype": FLOAT, "shape": {"shape": {"dim": sides}}}}


def texts(*values):
    return {"list": {"s": [base64.b64encode(value.encode()).decode() for value in values]}}


CONV = {
    "strides": {"list": {"i": ["1", "1", "1", "1"]}},
    "padding": {"s": base64.b64encode(b"SAME").decode()},
    "data_format": {"s": base64.b64encode(b"NHWC").decode()},
}


@pytest.fixture
def write(tmp_path):
    """Writes a graph with its weights, ``stored`` as its converter packs them."""

    def write(nodes, weights, stored=None, **more):
        manifest, data = [], b""
        for name, array in weights.items():
            packing = (stored or {}).get(name)
            dtype = {"f": "float32", "i": "int32", "b": "bool"}[array.dtype.kind]
            manifest.append({"name": name, "shape": list(array.shape), "dtype": dtype})
            if packing:
                manifest[-1]["quantization"] = packing[0]
            data += (packing[1] if packing else array).tobytes()
        half = len(data) // 2
        (tmp_path / "shard1").write_bytes(data[:half])
        (tmp_path / "shard2").write_bytes(data[half:])
        model = {
            "format": "graph-model",
            "modelTopology": {"node": nodes, "versions": {"producer": 440}},
            "weightsManifest": [{"paths": ["shard1", "shard2"], "weights": manifest}],
        }
        (tmp_path / "model.json").write_text(json.dumps(model | more))
        return tmp_path / "model.json"

    return write


def run(session, x=X):
    return session.run({session.inputs[0].name: x}, [spec.name for spec in session.outputs])


def test_layers_compute_what_tensorflow_js_computes(load):
    session = load(FOLDER / "model.json")
    (given,) = run(session, PIXELS).values()
    np.testing.assert_allclose(given, json.loads((FOLDER / "expected.json").read_text()), atol=1e-6)


@pytest.mark.parametrize("way", ["model.json", "."])
def test_it_is_known_by_its_contents(way, tmp_path):
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path)
    assert format_of(tmp_path / "model.json") == "tfjs"
    assert format_of(tmp_path / "expected.json") == ".json"
    with open_brain(tmp_path / way) as brain:
        assert brain.engine == "tensorflow"


ALPHA = np.array([0.5, -2, 0], np.float32)
STEPS = {
    "": lambda y: y,
    "Relu": lambda y: np.maximum(y, 0),
    "Relu6": lambda y: np.clip(y, 0, 6),
    "LeakyRelu": lambda y: np.where(y > 0, y, y * np.float32(0.3)),
    "Prelu": lambda y: np.where(y > 0, y, y * ALPHA[: y.shape[-1]]),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("op", "shape"),
    [("_FusedConv2D", (3, 3, 2, 3)), ("FusedDepthwiseConv2dNative", (3, 3, 2, 1)), ("_FusedMatMul", (2, 3))],
)
def test_what_the_converter_fused_is_taken_apart(op, shape, step, load, write, tf):
    kernel = np.linspace(-1, 2, np.prod(shape), dtype=np.float32).reshape(shape)
    x = X.reshape(-1, 2) if op == "_FusedMatMul" else X
    plain = {
        "_FusedConv2D": lambda: tf.nn.conv2d(x, kernel, 1, "SAME"),
        "FusedDepthwiseConv2dNative": lambda: tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "SAME"),
        "_FusedMatMul": lambda: tf.matmul(x, kernel),
    }[op]().numpy()
    weights = {"kernel": kernel, "bias": np.arange(plain.shape[-1], dtype=np.float32)}
    if step == "Prelu":
        weights["alpha"] = ALPHA[: plain.shape[-1]]
    attributes = {"fused_ops": texts("BiasAdd", *filter(None, [step])), "leakyrelu_alpha": {"f": 0.3}}
    attributes |= {} if op == "_FusedMatMul" else CONV
    nodes = [placeholder(*x.shape), *map(constant, weights), node("y", op, "x", *weights, **attributes)]
    np.testing.assert_allclose(
        run(load(write(nodes, weights)), x)["y:0"], STEPS[step](plain + weights["bias"]), atol=1e-5
    )


def test_packed_weights_are_unpacked(load, write):
    given = {
        "half": np.array([0.5, 1.5], np.float32),
        "byte": np.array([-1.0, 1.0], np.float32),
        "word": np.array([3, 7], np.int32),
    }
    stored = {
        "half": ({"dtype": "float16"}, given["half"].astype(np.float16)),
        "byte": ({"dtype": "uint8", "scale": 2 / 255, "min": -1.0}, np.array([0, 255], np.uint8)),
        "word": ({"dtype": "uint16", "scale": 4 / 65535, "min": 3}, np.array([0, 65535], np.uint16)),
    }
    nodes = [
        placeholder(2), constant("half"), constant("byte"), constant("word", "DT_INT32"),
        {"name": "number", "op": "Cast", "input": ["word"], "attr": {"SrcT": {"type": "DT_INT32"}, "DstT": FLOAT}},
        node("a", "AddV2", "x", "half"), node("b", "Mul", "a", "byte"), node("y", "AddV2", "b", "number"),
    ]  # fmt: skip
    x = np.array([1.0, 2.0], np.float32)
    np.testing.assert_allclose(run(load(write(nodes, given, stored)), x)["y:0"], [-1.5 + 3, 3.5 + 7], atol=1e-5)


@pytest.mark.parametrize("place", ["signature", "userDefinedMetadata"])
def test_tensors_are_called_as_its_signature_calls_them(place, load, write):
    signature = {"inputs": {"picture": {"name": "x:0"}}, "outputs": {"scores": {"name": "y"}}}
    nodes = [placeholder(2), node("y", "Relu", "x"), node("unused", "Neg", "x")]
    session = load(write(nodes, {}, **{place: signature if place == "signature" else {"signature": signature}}))
    assert [spec.name for spec in (*session.inputs, *session.outputs)] == ["picture", "scores"]


def test_a_graph_that_does_more_than_compute_is_refused(load, write, tmp_path):
    kind = {"dtype": {"type": "DT_STRING"}}
    name = {**kind, "value": {"tensor": {"dtype": "DT_STRING", "tensorShape": {}, "stringVal": ["eA=="]}}}
    nodes = [placeholder(2), {"name": "file", "op": "Const", "attr": name}]
    nodes += [{"name": "y", "op": "ReadFile", "input": ["file"], "attr": {}}]
    with pytest.raises(UntrustedError, match="runs the op 'ReadFile'"):
        load(write(nodes, {}))


def test_layers_that_do_are_refused(load, tmp_path):
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path)
    text = (tmp_path / "model.json").read_text()
    (tmp_path / "model.json").write_text(text.replace('"class_name":"LeakyReLU"', '"class_name":"TFSMLayer"'))
    with pytest.raises((UntrustedError, EngineError), match="TFSMLayer"):
        load(tmp_path / "model.json")


@pytest.mark.parametrize("where", ["../secret", "/etc/passwd"])
def test_weights_outside_of_its_folder_are_not_read(where, load, write, tmp_path):
    path = write([placeholder(2), constant("w"), node("y", "AddV2", "x", "w")], {"w": np.zeros(2, np.float32)})
    (tmp_path.parent / "secret").write_bytes(bytes(8))
    path.write_text(path.read_text().replace('"shard1"', json.dumps(where)))
    with pytest.raises(EngineError, match=r"model\.json: its weights .* lie outside its folder"):
        load(path)


def test_weights_that_are_missing_or_cut(load, write, tmp_path):
    path = write([placeholder(2), constant("w"), node("y", "AddV2", "x", "w")], {"w": np.zeros(2, np.float32)})
    (tmp_path / "shard2").write_bytes(b"")
    with pytest.raises(EngineError, match="its weight 'w' is not in the files"):
        load(path)
    (tmp_path / "shard2").unlink()
    with pytest.raises(EngineError, match=r"model\.json: .*shard2.*; fetch model\.json again"):
        load(path)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"modelTopology": 7}', '{"modelTopology": {"node": [{"name": 7}]}}', '{"modelTopology": {}}']
)
def test_a_description_that_is_none(text, load, tmp_path):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(EngineError, match=r"model\.json: "):
        load(tmp_path / "model.json")
