"""A graph that could read and write files or run code is refused before any of it runs, wherever the op is hidden.

Each trick is tried twice: trusted, to show that it works, and untrusted, to show that it does not.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from runner_core.errors import EngineError, UntrustedError

X = np.ones((), np.float32)


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
    with pytest.raises(EngineError, match=r"node '.*' calls '.*inner.*', which is missing"):
        load(path)


@pytest.mark.parametrize(
    "op",
    [
        "Abort", "CollectiveBcastSend", "DecodeProtoV2", "EagerPyFunc", "EncodeProto", "FixedLengthRecordReaderV2",
        "GenerateVocabRemapping", "IdentityReaderV2", "ImmutableConst", "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2", "LMDBDataset", "LMDBReader", "LoadAndRemapMatrix", "MatchingFiles",
        "MergeV2Checkpoints", "Print", "PrintV2", "PyFunc", "PyFuncStateless", "ReadFile", "RemoteCall", "Restore",
        "RestoreSlice", "RestoreV2", "RpcServerStart", "Save", "SaveDatasetV2", "SaveSlices", "SaveV2",
        "SymbolicGradient", "TFRecordDataset", "TextLineDataset", "TextLineReaderV2", "WholeFileReaderV2", "WriteFile",
        "WriteSummary", "XlaLaunch", "_Send", "_Recv",
    ],
)  # fmt: skip
def test_no_op_that_reaches_out_is_listed(op):
    """Whatever a later version of TensorFlow says of it."""
    from runner_tensorflow.safety import read_list

    assert op not in read_list("pure_ops.txt")


@pytest.mark.parametrize("name", ["pure_ops", "keras_objects"])
def test_the_lists_are_what_their_script_writes(name):
    from runner_tensorflow.runtime import tf
    from runner_tensorflow.safety import read_list

    tool = Path(__file__).parents[1] / "tools" / "allow_lists.py"
    spec = importlib.util.spec_from_file_location("allow_lists", tool)
    allow_lists = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(allow_lists)
    version = tf.__version__ if name == "pure_ops" else tf.keras.__version__
    text = (allow_lists.PACKAGE / f"{name}.txt").read_text()
    if version not in text.splitlines()[0]:
        pytest.skip(f"written for another version than {version}")
    assert sorted(read_list(f"{name}.txt")) == getattr(allow_lists, name)()
