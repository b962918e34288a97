"""What is not a model, or not a whole one, gives an EngineError that names the file and says what to do."""

import shutil

import pytest

from runner_core.errors import EngineError


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"hello, this is a text\n", "not a TensorFlow graph"),
        (b"PK\x03\x04" + bytes(99), "not a TensorFlow graph"),
    ],
)
def test_what_is_not_a_graph(content, complaint, load, tmp_path):
    path = tmp_path / "model.pb"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=rf"model\.pb: .*{complaint}.*; "):
        load(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_a_graph_cut_short(share, load, testdata, tmp_path):
    whole = (testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb").read_bytes()
    (tmp_path / "cut.pb").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(EngineError, match=r"cut\.pb: .*; fetch it again"):
        load(tmp_path / "cut.pb")


def test_another_engines_model(load, testdata):
    with pytest.raises(EngineError, match=r"fastestdet_coco\.onnx: TensorFlow opens \.pb, saved-model, \.keras"):
        load(testdata / "models" / "fastestdet_coco.onnx")


def test_the_file_of_a_saved_model_alone(load, testdata):
    folder = testdata / "models" / "fastestdet_coco_savedmodel"
    with pytest.raises(EngineError, match=rf"part of a SavedModel, not a frozen graph; name its folder: {folder}$"):
        load(folder / "saved_model.pb")


def test_a_graph_that_is_not_frozen(load, frozen, tf):
    def build():
        v1 = tf.compat.v1
        tf.multiply(v1.placeholder(tf.float32, [], "x"), v1.get_variable("weight", [], use_resource=False))

    with pytest.raises(EngineError, match=r"graph\.pb: .*not frozen.*'weight'.*; freeze it"):
        load(frozen(build))


@pytest.mark.parametrize("hidden", [False, True], ids=["in the graph", "in a function"])
def test_an_op_that_tensorflow_does_not_have(hidden, load, frozen, tf):
    @tf.function
    def halved(x):
        return tf.divide(x, 2.0)

    def build():
        x = tf.compat.v1.placeholder(tf.float32, [], "x")
        tf.identity(halved(x) if hidden else tf.divide(x, 2.0), name="y")

    path = frozen(build)
    path.write_bytes(path.read_bytes().replace(b"RealDiv", b"MyOwnOp"))
    with pytest.raises(
        EngineError, match=r"graph\.pb: node '.*' needs the op 'MyOwnOp', which TensorFlow 2.* not have"
    ):
        load(path)


def test_a_graph_whose_nodes_do_not_hang_together(load, frozen, tf):
    path = frozen(lambda: tf.add(tf.compat.v1.placeholder(tf.float32, [], "here"), 1.0))
    path.write_bytes(path.read_bytes().replace(b"\x0a\x04here\x12\x0b", b"\x0a\x04gone\x12\x0b"))
    with pytest.raises(EngineError, match=r"graph\.pb: .*here.*; the model is damaged"):
        load(path)


def test_a_folder_without_a_saved_model(load, tmp_path):
    with pytest.raises(EngineError, match=r"no saved_model\.pb in this folder; "):
        load(tmp_path)


def test_a_path_where_nothing_is(load, tmp_path):
    with pytest.raises(EngineError, match=r"missing\.pb: no such file"):
        load(tmp_path / "missing.pb")


def test_a_saved_model_with_neither_signature_nor_function(load, tf, tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "bare"))
    with pytest.raises(
        EngineError, match=r"bare: it has no signature, and not one function to call \(none\); export it"
    ):
        load(tmp_path / "bare")


def test_a_saved_model_with_several_signatures_and_no_default(load, tf2_saved_model, tmp_path):
    folder = tmp_path / "several"
    shutil.copytree(tf2_saved_model, folder)
    graph = (folder / "saved_model.pb").read_bytes().replace(b"serving_default\x12", b"serving_defualt\x12")
    (folder / "saved_model.pb").write_bytes(graph)
    with pytest.raises(EngineError, match=r"there are: once, serving_defualt"):
        load(folder)


def test_a_saved_model_without_its_variables(load, tf2_saved_model, tmp_path):
    shutil.copytree(tf2_saved_model, tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "variables")
    with pytest.raises(EngineError, match=r"model: variables/variables\.index is missing; fetch the whole folder"):
        load(tmp_path / "model")


def test_a_saved_model_with_damaged_variables(load, tf2_saved_model, tmp_path):
    shutil.copytree(tf2_saved_model, tmp_path / "model")
    data = next((tmp_path / "model" / "variables").glob("variables.data*"))
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(EngineError, match=r"model: .*; the model is damaged"):
        load(tmp_path / "model")


def test_a_keras_file_cut_short(load, keras_file, tmp_path):
    (tmp_path / "cut.keras").write_bytes(keras_file.read_bytes()[:-100])
    with pytest.raises(
        EngineError, match=r"cut\.keras: neither a \.keras file nor HDF5, or one that was cut short; fetch it again"
    ):
        load(tmp_path / "cut.keras")


def test_a_zip_archive_that_is_not_a_keras_file(load, tmp_path):
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "text.txt").write_text("hello")
    archive = shutil.make_archive(str(tmp_path / "archive"), "zip", tmp_path / "some")
    path = tmp_path / "archive.keras"
    shutil.move(archive, path)
    with pytest.raises(EngineError, match=r"archive\.keras: .*config\.json"):
        load(path)
