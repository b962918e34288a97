"""A graph that could do more than compute is refused before any of it runs, wherever the op is hidden.

Each trick is tried twice: trusted, to show that it works, and untrusted, to show that it does not.
"""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from runner_core.errors import EngineError, UntrustedError

X = np.ones((), np.float32)


@pytest.fixture
def raw(tf):
    return tf.raw_ops


@pytest.fixture
def refused(tf, load, monkeypatch):
    """Checks that a model is refused before TensorFlow sees its graph: importing one runs parts of it."""

    def check(path, complaint):
        with monkeypatch.context() as patched:
            patched.setattr(tf, "import_graph_def", lambda *_, **__: pytest.fail("TensorFlow got the graph"))
            with pytest.raises(UntrustedError, match=rf"{path}: {complaint}.*; .*trust"):
                load(path)

    return check


@pytest.fixture
def attack(tf, frozen, load, refused):
    """Checks that a graph with ``trick`` on the way to its output is refused, naming ``op``, and works when trusted.

    ``trick`` builds ops in the current graph and gives the one that the output waits for; ``target`` is a file that
    they write.
    """

    def check(trick, op, target=None):
        def build():
            x = tf.compat.v1.placeholder(tf.float32, [], "x")
            with tf.control_dependencies([trick()]):
                tf.identity(x, name="y")

        path = frozen(build)
        refused(path, f"node '.*' runs the op '{op}'")
        assert target is None or not target.exists()
        load(path, trusted=True).run({"x:0": X}, ("y:0",))
        assert target is None or target.exists()

    return check


def test_a_print_to_a_file(attack, raw, tmp_path):
    target = tmp_path / "printed"
    attack(lambda: raw.PrintV2(input="text", output_stream=f"file://{target}"), "PrintV2", target)


def test_a_write_to_a_file(attack, raw, tmp_path):
    target = tmp_path / "written"
    attack(lambda: raw.WriteFile(filename=str(target), contents="text"), "WriteFile", target)


def test_a_checkpoint_saved(attack, raw, tmp_path):
    saved = {"tensor_names": ["a"], "shape_and_slices": [""], "tensors": [X]}
    target = tmp_path / "saved.index"
    attack(lambda: raw.SaveV2(prefix=str(tmp_path / "saved"), **saved), "SaveV2", target)


def test_a_checkpoint_of_the_first_kind_saved(attack, raw, tmp_path):
    target = tmp_path / "saved"
    attack(lambda: raw.Save(filename=str(target), tensor_names=["a"], data=[X]), "Save", target)


def test_files_listed(attack, raw, tmp_path):
    attack(lambda: raw.MatchingFiles(pattern=f"{tmp_path}/*"), "MatchingFiles")


def test_a_file_read(attack, raw, tmp_path):
    (tmp_path / "secret").write_text("secret")
    attack(lambda: raw.ReadFile(filename=str(tmp_path / "secret")), "ReadFile")


def test_a_file_read_by_a_reader(attack, raw, tf, tmp_path):
    (tmp_path / "secret").write_text("secret")

    def trick():
        queue = raw.FIFOQueueV2(component_types=[tf.string])
        with tf.control_dependencies([raw.QueueEnqueueV2(handle=queue, components=[str(tmp_path / "secret")])]):
            return raw.ReaderReadV2(reader_handle=raw.WholeFileReaderV2(), queue_handle=queue).value

    attack(trick, ".*(Queue|Reader).*")


def test_a_table_filled_from_a_file(attack, raw, tf, tmp_path):
    (tmp_path / "names.txt").write_text("cat\n")

    def trick():
        table = raw.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)
        lines = {"filename": str(tmp_path / "names.txt"), "key_index": -2, "value_index": -1}
        return raw.InitializeTableFromTextFileV2(table_handle=table, **lines)

    attack(trick, "InitializeTableFromTextFileV2")


@pytest.mark.parametrize("op", ["PyFunc", "EagerPyFunc"])
def test_python(op, attack, tf, tmp_path):
    def touch():
        (tmp_path / "touched").touch()
        return np.float32(0)

    call = tf.numpy_function if op == "PyFunc" else tf.py_function
    attack(lambda: call(touch, [], tf.float32), op, tmp_path / "touched")


@pytest.mark.parametrize("caller", ["PartitionedCall", "If", "Case", "While", "a function as an op"])
def test_an_op_in_a_function(caller, attack, raw, tf, tmp_path):
    """However the function is called: by one attribute, by a list of them, as if it were an op, from another one."""
    target = tmp_path / "written"

    @tf.function
    def write():
        raw.WriteFile(filename=str(target), contents="text")
        return tf.constant(1.0)

    @tf.function
    def outer():
        return write() + 1

    def trick():
        if caller == "If":
            return tf.cond(tf.identity(True), outer, lambda: 0.0)
        if caller == "Case":
            return tf.switch_case(tf.identity(1), [lambda: 0.0, outer])
        if caller == "While":
            return tf.while_loop(lambda i: i < 1, lambda i: [i + outer()], [tf.identity(0.0)])[0]
        return outer()

    attack(trick, "WriteFile", target)


def test_an_op_that_tensorflow_runs_while_it_infers_shapes(frozen, load, raw, tf, tmp_path):
    """ReadFile is stateless, so TensorFlow folds it on import: the shape below comes out of the file."""
    (tmp_path / "shape").write_bytes(np.array([2, 3], np.int32).tobytes())

    def build():
        shape = tf.io.decode_raw(raw.ReadFile(filename=str(tmp_path / "shape")), tf.int32)
        tf.reshape(tf.compat.v1.placeholder(tf.float32, [6], "x"), tf.ensure_shape(shape, [2]), name="y")

    path = frozen(build)
    with pytest.raises(UntrustedError, match="ReadFile"):
        load(path)
    assert load(path, trusted=True).outputs[0].shape == (2, 3)


def test_an_op_that_no_output_needs(frozen, load, raw, tf, tmp_path):
    """It could be fetched by name."""

    def build():
        tf.identity(tf.compat.v1.placeholder(tf.float32, [], "x"), name="y")
        raw.ReadFile(filename=str(tmp_path), name="aside")

    with pytest.raises(UntrustedError, match="node 'aside' runs the op 'ReadFile'"):
        load(frozen(build))


def test_a_function_that_hides_behind_the_name_of_an_op(frozen, load, tf):
    @tf.function
    def inner(x):
        return x + 1

    path = frozen(lambda: tf.identity(inner(tf.compat.v1.placeholder(tf.float32, [], "x")), name="y"))
    graph = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    (function,) = graph.library.function
    function.signature.name = "Relu"
    next(node for node in graph.node if node.op.endswith("PartitionedCall")).attr["f"].func.name = "Relu"
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(EngineError, match="function named as the op 'Relu'"):
        load(path)


def test_a_function_that_is_not_there(frozen, load, tf):
    @tf.function
    def inner(x):
        return x + 1

    path = frozen(lambda: tf.identity(inner(tf.compat.v1.placeholder(tf.float32, [], "x")), name="y"))
    graph = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    del graph.library.function[:]
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(EngineError, match=r"node '.*' calls '.*inner.*', which is not there"):
        load(path)


def test_an_init_op(load, refused, raw, tf, tmp_path):
    """It runs on loading: nobody need ask for anything."""
    model = _with_init_op(raw, tf, tmp_path)
    refused(model, "node '.*' runs the op 'WriteFile'")
    assert not (tmp_path / "written").exists()
    load(model, trusted=True)
    assert (tmp_path / "written").exists()


def _with_init_op(raw, tf, tmp_path) -> Path:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [], "x")
        write = raw.WriteFile(filename=str(tmp_path / "written"), contents="text")
        v1.saved_model.simple_save(session, str(tmp_path / "saved"), {"x": x}, {"y": x + 1}, legacy_init_op=write)
    return tmp_path / "saved"


def test_a_table_filled_from_an_asset(load, refused, tf, tmp_path):
    (tmp_path / "names.txt").write_text("cat\ndog\n")

    class Named(tf.Module):
        def __init__(self):
            lines = tf.lookup.TextFileInitializer(
                str(tmp_path / "names.txt"), tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
                tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
            )  # fmt: skip
            self.names = tf.lookup.StaticHashTable(lines, default_value="")

        @tf.function(input_signature=[tf.TensorSpec([], tf.int64, "x")])
        def named(self, x):
            return {"name": self.names.lookup(x)}

    module = Named()
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=module.named)
    with pytest.raises(UntrustedError, match="InitializeTableFromTextFileV2"):
        load(tmp_path / "saved")


def test_assets_of_a_trusted_model_are_found(load, tf, tmp_path): ...


def test_a_control_input_of_the_restore_op(load, refused, tf, tf2_saved_model, tmp_path):
    model = _edited(tf2_saved_model, tmp_path / "model", lambda meta: _write_before_restore(tf, meta, tmp_path))
    refused(model, "node 'aside' runs the op 'WriteFile'")
    assert not (tmp_path / "written").exists()
    load(model, trusted=True)
    assert (tmp_path / "written").exists()


def _write_before_restore(tf, meta, tmp_path):
    with tf.Graph().as_default() as graph:
        tf.raw_ops.WriteFile(filename=str(tmp_path / "written"), contents="text", name="aside")
    meta.graph_def.node.extend(graph.as_graph_def().node)
    next(node for node in meta.graph_def.node if node.name == meta.saver_def.restore_op_name).input.append("^aside")


def test_restoring_reads_the_models_own_variables_whatever_it_names(load, tf, tf2_saved_model, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tf2_saved_model / "variables", elsewhere)

    def redirect(meta):
        for function in meta.graph_def.library.function:
            for node in function.node_def:
                if node.op == "RestoreV2":
                    _add_constant(tf, function.node_def, str(elsewhere / "variables"))
                    node.input[0] = "path:output:0"

    model = _edited(tf2_saved_model, tmp_path / "model", redirect)
    shutil.rmtree(elsewhere)
    assert load(model).run({"x": np.ones(1, np.float32)}, ("z",))["z"] == [8]


def _add_constant(tf, nodes, text):
    with tf.Graph().as_default() as graph:
        tf.constant(text, name="path")
    nodes.extend(graph.as_graph_def().node)


def test_a_text_graph_beside_the_binary_one(load, refused, tf2_saved_model, tmp_path):
    shutil.copytree(tf2_saved_model, tmp_path / "model")
    (tmp_path / "model" / "saved_model.pbtxt").write_text("saved_model_schema_version: 1")
    refused(tmp_path / "model", r"it holds a second model, saved_model\.pbtxt")
    load(tmp_path / "model", trusted=True)


def test_what_nobody_calls_is_left_behind(load, tf2_saved_model):
    """The saver's own save function writes files, and comes with every SavedModel."""
    from runner_tensorflow.graph_defs import ops
    from runner_tensorflow.runtime import SavedModel

    (meta,) = SavedModel.FromString((tf2_saved_model / "saved_model.pb").read_bytes()).meta_graphs
    assert {"SaveV2", "MergeV2Checkpoints"} <= set(ops(meta.graph_def))
    assert not {"SaveV2", "MergeV2Checkpoints"} & set(ops(load(tf2_saved_model)._open[0].graph.as_graph_def()))


@pytest.mark.parametrize("name", ["pure_ops", "keras_objects"])
def test_the_lists_are_what_their_script_writes(name):
    from runner_tensorflow.runtime import tf
    from runner_tensorflow.safety import listed

    tool = Path(__file__).parents[1] / "tools" / "allow_lists.py"
    spec = importlib.util.spec_from_file_location("allow_lists", tool)
    allow_lists = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(allow_lists)
    version = tf.__version__ if name == "pure_ops" else tf.keras.__version__
    text = (allow_lists.PACKAGE / f"{name}.txt").read_text()
    if version not in text.splitlines()[0]:
        pytest.skip(f"written for another version than {version}")
    assert sorted(listed(f"{name}.txt")) == getattr(allow_lists, name)()


def _edited(model: Path, copy: Path, edit) -> Path:
    """A copy of a SavedModel with its graph changed."""
    from runner_tensorflow.runtime import SavedModel

    shutil.copytree(model, copy)
    saved = SavedModel.FromString((copy / "saved_model.pb").read_bytes())
    edit(saved.meta_graphs[0])
    (copy / "saved_model.pb").write_bytes(saved.SerializeToString())
    return copy
