"""What a hostile file could reach through the other engines: code in pickles, files outside the model's folder."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hostile_models import outside_weights, touching_pickle

from runner_core import open_brain
from runner_core.contracts import EngineOptions
from runner_core.discovery.registry import get_registry
from runner_core.errors import RunnerError

ZEROS = {"x": np.zeros(4, np.float32)}
SECRET = np.arange(4, dtype=np.float32) + 7


def load(engine, path):
    return get_registry().make("engines", engine).load(path, EngineOptions())


@pytest.fixture
def folder(tmp_path):
    """A model's folder; outside lies what nobody should read."""
    folder = tmp_path / "brain"
    (folder / "deep").mkdir(parents=True)
    for path in (tmp_path / "secret.bin", folder / "beside.bin"):
        path.write_bytes(SECRET.tobytes())
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "out").symlink_to(tmp_path)
    return folder


OUTSIDE = ("../secret.bin", "deep/../../secret.bin", "link.bin", "out/secret.bin", "{}/secret.bin", "/dev/zero")
SUFFIXES = (".pt", ".pth", ".pkl", ".npy", ".ckpt", ".h5", ".onnx", ".tflite", ".pb", ".keras", ".xml", ".json", "")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_pickle_is_opened_whatever_it_is_called(suffix, tmp_path):
    target = tmp_path / "touched"
    path = touching_pickle(tmp_path / f"model{suffix}", target)
    for choices in ({}, {"trust": True}, {"engine": "auto"}):
        with pytest.raises(RunnerError, match=path.name):
            open_brain(path, **choices)
    with pytest.raises(RunnerError):
        open_brain(tmp_path)
    assert not target.exists()


@pytest.mark.parametrize("suffix", [".txt", ".json", ".pbtxt", ".npy"])
def test_nor_as_labels(suffix, tmp_path, testdata):
    target = tmp_path / "touched"
    labels = touching_pickle(tmp_path / f"labels{suffix}", target)
    with pytest.raises(RunnerError, match=labels.name):
        open_brain(testdata / "models" / "fastestdet_coco.onnx", labels=labels)
    assert not target.exists()


@pytest.mark.parametrize("engine", ["onnx", "openvino"])
@pytest.mark.parametrize("constant", [False, True], ids=["initializer", "constant"])
class TestWeightsOfOnnxFiles:
    def test_beside_the_model_are_read(self, engine, constant, folder):
        path = outside_weights(folder / "model.onnx", "beside.bin", constant=constant)
        np.testing.assert_array_equal(load(engine, path).run(ZEROS, ("y",))["y"], SECRET)

    @pytest.mark.parametrize("location", OUTSIDE)
    def test_outside_of_its_folder_are_refused(self, engine, constant, location, folder):
        path = outside_weights(folder / "model.onnx", location.format(folder.parent), constant=constant)
        with pytest.raises(RunnerError, match=r"outside|escapes|absolute|not allowed"):
            load(engine, path)


@pytest.mark.parametrize("engine", ["litert", "openvino"])
def test_weights_of_a_tflite_file_outside_of_it_are_not_read(engine, folder):
    """Its schema knows buffers in other files."""
    path = folder / "model.tflite"
    path.write_bytes(_outside_tflite(str(folder.parent / "secret.bin")))
    with pytest.raises(RunnerError):
        load(engine, path).run(ZEROS, ("y",))


def _outside_tflite(group: str) -> bytes:
    """``y = x + w``, where ``w`` is said to lie in another file."""
    import flatbuffers

    model, graph, node, code = schema.ModelT(), schema.SubGraphT(), schema.OperatorT(), schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.ADD
    graph.tensors = [_tensor(name) for name in ("x", "w", "y")]
    graph.tensors[1].externalBuffer = 1
    graph.inputs, graph.outputs, node.inputs, node.outputs = [0], [2], [0, 1], [2]
    graph.operators, model.subgraphs, model.operatorCodes, model.version = [node], [graph], [code], 3
    outside, buffer = schema.ExternalBufferGroupT(), schema.ExternalBufferT()
    outside.name, buffer.id, buffer.length = group, 1, SECRET.nbytes
    model.buffers, model.externalBuffers, model.externalBufferGroups = [schema.BufferT()], [buffer], [outside]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _tensor(name: str) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type = name, [4], schema.TensorType.FLOAT32
    return tensor


@pytest.mark.parametrize("trick", ["PrintV2", "WriteFile", "SaveV2", "Save"])
def test_openvino_runs_no_op_that_writes(trick, tmp_path):
    """It refuses the graph, or computes without the op."""
    from runner_tensorflow.runtime import tf

    raw, target = tf.raw_ops, str(tmp_path / "written")
    saved = {"tensor_names": ["a"], "data": [np.ones(4)]}
    writing = {
        "PrintV2": lambda: raw.PrintV2(input="text", output_stream=f"file://{target}"),
        "WriteFile": lambda: raw.WriteFile(filename=target, contents="text"),
        "SaveV2": lambda: raw.SaveV2(prefix=target, tensor_names=["a"], shape_and_slices=[""], tensors=[np.ones(4)]),
        "Save": lambda: raw.Save(filename=target, **saved),
    }
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [4], name="x")
        with tf.control_dependencies([writing[trick]()]):
            tf.identity(x + 1, name="y")
    (tmp_path / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with suppress(RunnerError):
        session = load("openvino", tmp_path / "graph.pb")
        session.run({spec.name: ZEROS["x"] for spec in session.inputs}, [spec.name for spec in session.outputs])
    assert [path.name for path in tmp_path.iterdir()] == ["graph.pb"]
