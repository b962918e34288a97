"""SavedModels without a signature: by the saved object's function, or by what the graph takes and gives."""

import numpy as np
import pytest

from runner_core.errors import EngineError, UntrustedError

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def save(tf, tmp_path):
    """Saves an object without signatures."""

    def save(module):
        tf.saved_model.save(module, str(tmp_path / "model"), signatures={})
        return tmp_path / "model"

    return save


@pytest.fixture
def scaling(tf):
    """A module as hubs have them: variables, one of them in a module within, a constant, a trace that trains."""

    class Scaling(tf.Module):
        def __init__(self):
            self.inner = tf.Module()
            self.inner.factor = tf.Variable([1.0, 2.0, 3.0], name="factor")
            self.offset = tf.Variable(0.5, name="factor")
            self.unused = tf.Variable(7.0)
            self.table = tf.constant(np.arange(100, dtype=np.float32))

        @tf.function
        def __call__(self, picture, training=False):
            if training:
                return {"scores": picture * 0.0, "best": picture[:, 0]}
            scores = picture * self.inner.factor + self.offset + self.table[4]
            return {"scores": scores, "best": tf.reduce_max(scores, axis=1)}

    module = Scaling()
    for training in (True, False):
        module.__call__.get_concrete_function(tf.TensorSpec([None, 3], tf.float32, "picture"), training=training)
    return module


def run(session, x=X):
    outputs = [spec.name for spec in session.outputs]
    return session.run({session.inputs[0].name: x}, outputs)


def test_the_object_is_called_as_python_would(load, save, scaling):
    session = load(save(scaling))
    assert [str(spec) for spec in session.inputs] == ["picture: float32 [? x 3]"]
    assert [spec.name for spec in session.outputs] == ["best", "scores"]
    assert session.metadata["signature"] == "__call__"
    expected = X * [1, 2, 3] + 0.5 + 4
    np.testing.assert_allclose(run(session)["scores"], expected)
    np.testing.assert_allclose(run(session)["best"], expected.max(axis=1))


def test_another_method_if_it_is_the_only_one(load, save, tf):
    module = tf.Module()
    module.weights = [tf.Variable(2.0), tf.Variable(3.0)]
    module.f = tf.function(lambda x: (x * module.weights[0], x * module.weights[1]))
    module.f.get_concrete_function(tf.TensorSpec([None, 3], tf.float32))
    session = load(save(module))
    assert session.metadata["signature"] == "f"
    np.testing.assert_allclose(list(run(session).values()), [X * 2, X * 3])


def test_a_concrete_function(load, save, tf):
    module = tf.Module()
    module.infer = tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec([2, 3], tf.float32, "x"))
    np.testing.assert_allclose(list(run(load(save(module))).values()), [X + 1])


def test_of_several_methods_none_is_chosen(load, save, tf):
    module = tf.Module()
    for name in ("encode", "decode"):
        setattr(module, name, tf.function(lambda x: x + 1, input_signature=[tf.TensorSpec([], tf.float32)]))
    with pytest.raises(EngineError, match=r"not one function to call \(decode, encode\); export it with a signature"):
        load(save(module))


def test_a_table_is_not_rebuilt(load, save, tf):
    module = tf.Module()
    rows = tf.lookup.KeyValueTensorInitializer([1], [2])
    module.table = tf.lookup.StaticHashTable(rows, default_value=0)
    module.find = tf.function(module.table.lookup, input_signature=[tf.TensorSpec([], tf.int32)])
    with pytest.raises(EngineError, match="its function needs a resource; export it with a signature"):
        load(save(module))


def test_what_is_not_pure_is_refused(load, save, tf, tmp_path):
    module = tf.Module()
    path = str(tmp_path / "written")

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def write(x):
        tf.io.write_file(path, "text")
        return x

    module.write = write
    with pytest.raises(UntrustedError, match="runs the op 'WriteFile'"):
        load(save(module))
    assert not (tmp_path / "written").exists()


def test_a_variable_that_the_checkpoint_lacks(load, save, scaling, tf):
    path = save(scaling)
    scaling.inner.factor = tf.Variable(1.0)
    other = tf.Module()
    other.offset = tf.Variable(1.0)
    tf.train.Checkpoint(other).write(str(path / "variables" / "variables"))
    with pytest.raises(EngineError, match="its checkpoint lacks factor"):
        load(path)


def test_a_graph_of_tensorflow_1(load, tf, tmp_path):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], "x")
        weight = v1.get_variable("weight", initializer=2.0, use_resource=False)
        v1.assign(v1.get_variable("mean", initializer=0.0, use_resource=False), tf.reduce_mean(x))  # as batch norm does
        tf.identity(x * weight, name="y")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(tmp_path / "old"))
        builder.add_meta_graph_and_variables(session, ["serve"])
        builder.save()
    opened = load(tmp_path / "old")
    assert [str(spec) for spec in (*opened.inputs, *opened.outputs)] == ["x:0: float32 [? x 3]", "y:0: float32 [? x 3]"]
    np.testing.assert_allclose(run(opened)["y:0"], X * 2)
