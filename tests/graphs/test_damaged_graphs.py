"""Damaged and hostile files: they have no graph, or one that is read within bounds."""

import shutil
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from exported_models import FORMATS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from runner_core.graphs import Graph, keras_file
from runner_core.graphs.formats import read_graph
from runner_core.graphs.graph import MOST_NODES, collect_nodes
from runner_core.graphs.node import Node
from runner_core.graphs.wire import Message

MB = 1 << 20
# Not of HDF5: at some damage its own library loops for ever, in the engine that opens the model before it is read here.
FILES = (*(form for form in FORMATS if form not in ("saved-model", ".h5")), "saved_model.pb", "variables.index")
many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_all(graph: Graph | None) -> None:
    """All that a file says: none of it may raise, whatever the file."""
    if graph is None:
        return
    for node in graph.nodes:
        assert isinstance(node.kind, str)
        assert node.attributes is not None
    for constant in graph.constants.values():
        values = constant.read()
        assert values is None or values.shape == constant.shape
    assert graph.users is not None
    assert graph.makers is not None


@pytest.fixture(autouse=True, scope="module")
def no_hdf5():
    """The weights within ``.keras`` are HDF5 too."""

    def refuse(source: object) -> None:
        raise ImportError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras_file, "open_hdf5", refuse)
        yield


@pytest.fixture(scope="module", params=FILES)
def victim(request, exported, tmp_path_factory) -> tuple[Path, Path, bytes]:
    """(what is read, which of its files is damaged, that file's bytes)."""
    place = tmp_path_factory.mktemp("victim")
    if request.param in FORMATS:
        model = damaged = Path(shutil.copy(exported.paths[request.param], place))
    else:
        model = Path(shutil.copytree(exported.paths["saved-model"], place / "model"))
        (damaged,) = model.rglob(request.param)
    return model, damaged, damaged.read_bytes()


@many
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut(victim, where):
    model, damaged, data = victim
    damaged.write_bytes(data[: int(where * len(data))])
    read_all(read_graph(model))


@many
@given(where=st.floats(0, 1, exclude_max=True), value=st.binary(min_size=1, max_size=8))
def test_a_file_with_other_bytes(victim, where, value):
    model, damaged, data = victim
    place = int(where * len(data))
    damaged.write_bytes(data[:place] + value + data[place + len(value) :])
    read_all(read_graph(model))


@given(st.binary(max_size=64))
def test_any_bytes_are_a_message_or_a_value_error(data):
    try:
        for number, value in Message(data).fields():
            assert number >= 0
            assert isinstance(value, int) or 0 <= value.start <= value.end <= len(data)
    except ValueError:
        pass


def write_onnx(path: Path, tensor: TensorProto) -> Path:
    node = helper.make_node("Add", ["x", tensor.name], ["y"])
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    path.write_bytes(helper.make_model(helper.make_graph([node], "g", [x], [y], [tensor])).SerializeToString())
    return path


def test_a_constant_that_claims_more_than_there_is(tmp_path):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 40], raw_data=bytes(4))
    graph = read_graph(write_onnx(tmp_path / "m.onnx", tensor))
    assert graph is not None
    assert graph.constants["w"].read() is None


def test_weights_beside_the_model_are_read_and_no_other_file(tmp_path):
    values = np.arange(6, dtype=np.float32)
    (tmp_path / "m").mkdir()
    for place in (tmp_path / "m" / "w.bin", tmp_path / "w.bin"):
        place.write_bytes(bytes(8) + values.tobytes())
    for location, found in (("w.bin", True), ("../w.bin", False), (str(tmp_path / "w.bin"), False), ("", False)):
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 3], data_location=TensorProto.EXTERNAL)
        for key, value in {"location": location, "offset": "8", "length": "24"}.items():
            tensor.external_data.add(key=key, value=value)
        graph = read_graph(write_onnx(tmp_path / "m" / "m.onnx", tensor))
        assert graph is not None
        read = graph.constants["w"].read()
        assert (read is not None) == found
        assert read is None or read.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "int8", "uint8", "int32", "int64", "bool", "bfloat16"]
)
@pytest.mark.parametrize("raw", [True, False])
def test_each_dtype_of_onnx_is_read(tmp_path, dtype, raw):
    number = getattr(TensorProto, {"float32": "FLOAT", "float64": "DOUBLE"}.get(dtype, dtype.upper()))
    tensor = helper.make_tensor("w", number, [3], [0, 1, 1])
    if raw:
        tensor = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), "w")
    graph = read_graph(write_onnx(tmp_path / "m.onnx", tensor))
    assert graph is not None
    values = graph.constants["w"].read()
    assert values is not None
    assert values.tolist() == [0, 1, 1]


def test_an_entity_in_xml_is_refused(tmp_path):
    path = tmp_path / "m.xml"
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    layer = '<layers><layer id="0" name="&e8;" type="Parameter"><data shape="1"/></layer></layers>'
    path.write_text(f'<!DOCTYPE net [<!ENTITY e0 "x">{entities}]><net version="11">{layer}</net>')
    assert read_graph(path) is None
    path.write_text(f'<net version="11">{layer}</net>'.replace("&e8;", "x"))
    assert read_graph(path) is not None


def test_a_configuration_that_unpacks_without_end_is_refused(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (65 * MB))
        archive.writestr("metadata.json", "{}")
    tracemalloc.start()
    try:
        assert read_graph(path) is None
        assert tracemalloc.get_traced_memory()[1] < 8 * MB
    finally:
        tracemalloc.stop()


def test_functions_that_call_each_other_without_end_are_refused(tmp_path):
    pytest.importorskip("tensorflow")
    from tensorflow.core.framework import graph_pb2

    for called in ("f", "g"):  # f calls itself; f calls g twice, g calls f twice
        graph = graph_pb2.GraphDef()
        graph.node.add(name="x", op="Placeholder")
        graph.node.add(name="y", op="f", input=["x"])
        for name, inner in (("f", called), ("g", "f")):
            function = graph.library.function.add()
            function.signature.name = name
            function.signature.input_arg.add(name="a")
            for place in range(2):
                function.node_def.add(name=f"call{place}", op=inner, input=["a"])
        path = tmp_path / "m.pb"
        path.write_bytes(graph.SerializeToString())
        assert read_graph(path) is None


def test_nodes_without_end_are_refused():
    with pytest.raises(ValueError, match="more than"):
        collect_nodes(Node("", "", (), ()) for _ in range(MOST_NODES + 1))
