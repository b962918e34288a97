"""Files that a model names: they lie with it, or no engine sees the model."""

import os

import onnx
import pytest
from onnx import TensorProto, helper

from runner_core.engines import check_files_beside, find_file
from runner_core.errors import EngineError

LENGTH = 64
FLOATS = TensorProto.FLOAT


def external(location: str, **more: str) -> TensorProto:
    tensor = TensorProto(name="w", data_type=FLOATS, dims=[LENGTH // 4], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def graph(nodes=(), initializer=(), sparse=()):
    nodes = list(nodes) or [helper.make_node("Identity", ["x"], ["y"])]
    ends = [helper.make_tensor_value_info(name, FLOATS, [1]) for name in ("x", "y")]
    return helper.make_graph(nodes, "g", ends[:1], ends[1:], initializer=initializer, sparse_initializer=sparse)


def constant(tensor):
    return helper.make_node("Constant", [], ["c"], value=tensor)


def in_branch(tensor):
    """A tensor of a branch of a branch."""
    inner = helper.make_node("If", ["b"], ["o"], then_branch=graph(initializer=[tensor]), else_branch=graph())
    return helper.make_node("If", ["b"], ["o"], then_branch=graph([inner]), else_branch=graph())


def sparse_of(tensor):
    return onnx.SparseTensorProto(values=tensor, dims=[9])


def function_of(tensor):
    return helper.make_function("d", "f", [], ["c"], [constant(tensor)], [helper.make_opsetid("", 17)])


PLACES = {
    "initializer": lambda tensor: helper.make_model(graph(initializer=[tensor])),
    "attribute": lambda tensor: helper.make_model(graph([constant(tensor)])),
    "branch": lambda tensor: helper.make_model(graph([in_branch(tensor)])),
    "sparse": lambda tensor: helper.make_model(graph(sparse=[sparse_of(tensor)])),
    "function": lambda tensor: helper.make_model(graph(), functions=[function_of(tensor)]),
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(bytes(LENGTH))
    (tmp_path / "secret").write_bytes(bytes(LENGTH))
    (folder / "link").symlink_to("../secret")
    (folder / "within").symlink_to("weights.bin")
    return folder


def save(model, folder):
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    return folder / "m.onnx"


@pytest.mark.parametrize("place", PLACES)
def test_weights_are_found_wherever_they_are_named(place, folder):
    check_files_beside(save(PLACES[place](external("weights.bin")), folder))
    with pytest.raises(EngineError, match="names the file '/etc/passwd', which is not in its folder"):
        check_files_beside(save(PLACES[place](external("/etc/passwd")), folder))


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("*/_ORT_MEM_ADDR_/*", "which is no file beside it"),
        ("../secret", "not in its folder"),
        ("a/../../secret", "not in its folder"),
        ("..\\secret", "not in its folder"),
        ("C:weights.bin", "not in its folder"),
        ("", "not in its folder"),
        (".", "which is no file beside it"),
        ("link", "leads out of its folder"),
        ("missing.bin", "which is no file beside it"),
    ],
)
def test_what_lies_elsewhere_is_refused(location, said, folder):
    with pytest.raises(EngineError, match=said):
        check_files_beside(save(PLACES["initializer"](external(location)), folder))


def test_a_link_within_the_folder_is_followed(folder):
    check_files_beside(save(PLACES["initializer"](external("within", offset="4", length="60")), folder))


@pytest.mark.parametrize(
    "more", [{"length": "65"}, {"offset": "60", "length": "5"}, {"offset": "-1"}, {"length": "-1"}]
)
def test_more_than_the_file_has_is_refused(more, folder):
    with pytest.raises(EngineError, match="is shorter than it says"):
        check_files_beside(save(PLACES["initializer"](external("weights.bin", **more)), folder))


def test_what_cannot_be_followed_is_refused(folder):
    """Protobuf's libraries pass over a group, an old kind of field, and read on."""
    path = save(PLACES["initializer"](external("/etc/passwd")), folder)
    begin, end = ((99 << 3 | kind) for kind in (3, 4))
    group = bytes([begin & 127 | 128, begin >> 7, end & 127 | 128, end >> 7])
    path.write_bytes(group + path.read_bytes())
    assert onnx.load(path, load_external_data=False).graph.initializer
    with pytest.raises(EngineError, match="the files that it names cannot be told"):
        check_files_beside(path)
    with pytest.raises(EngineError, match="cannot be told"):
        check_files_beside(save(PLACES["initializer"](external("weights.bin", offset="none")), folder))


def test_a_model_whose_files_are_links_into_a_store_is_as_its_store_has_it(folder, tmp_path):
    """As huggingface_hub's cache keeps models."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshot"
    snapshot.mkdir()
    save(PLACES["initializer"](external("weights.bin")), folder)
    folder.rename(blobs)
    for name in ("m.onnx", "weights.bin"):
        (snapshot / name).symlink_to(f"../blobs/{name}")
    check_files_beside(snapshot / "m.onnx")


def test_weights_of_openvino_lie_beside_it(folder):
    path = folder / "m.xml"
    path.write_text("<net/>")
    check_files_beside(path)
    (folder / "m.bin").symlink_to("weights.bin")
    check_files_beside(path)
    (folder / "m.bin").unlink()
    (folder / "m.bin").symlink_to("link")
    with pytest.raises(EngineError, match="leads out"):
        check_files_beside(path)


def test_a_folder_holds_its_own_files(folder):
    with pytest.raises(EngineError, match="leads out"):
        check_files_beside(folder)
    (folder / "link").unlink()
    check_files_beside(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_no_file(folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(EngineError, match="which is no file beside it"):
        find_file("pipe", folder, folder / "m.onnx")
