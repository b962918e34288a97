"""SavedModels of both generations, and Keras files: names, values, variables, tables."""

import numpy as np
import pytest

from runner_core.contracts import TensorSpec


def test_a_saved_model_of_tensorflow_1(load, tf1_saved_model):
    session = load(tf1_saved_model)
    assert session.inputs == (TensorSpec("x", (None, 2), "float32"),)
    assert session.outputs == (TensorSpec("ids", None, "int32"), TensorSpec("y", (None, 2), "float32"))
    answer = session.run({"x": np.array([[1, 2]], np.float32)}, ("y", "ids"))
    assert answer["y"].tolist() == [[4, 7]]
    assert answer["ids"].tolist() == [7, -1]


def test_a_saved_model_of_tensorflow_2(load, tf2_saved_model):
    session = load(tf2_saved_model)
    assert session.inputs == (TensorSpec("x", (None,), "float32"),)
    assert [spec.name for spec in session.outputs] == ["a", "ids", "z"]
    answer = session.run({"x": np.array([1, 2], np.float32)}, ("z", "a", "ids"))
    assert {name: values.tolist() for name, values in answer.items()} == {"z": [8, 16], "a": [9, 17], "ids": [7, -1]}
    assert session.metadata["signature"] == "serving_default"


@pytest.mark.parametrize("model", ["tf1_saved_model", "tf2_saved_model"])
def test_their_variables_have_become_constants(model, load, request):
    from runner_tensorflow.graph_defs import list_ops

    graph = load(request.getfixturevalue(model))._open[0].graph
    assert not {op for op in list_ops(graph.as_graph_def()) if "Variable" in op or "VarHandle" in op}


def test_a_model_that_changes_its_variables_keeps_them(load, tf, tmp_path):
    class Counter(tf.Module):
        def __init__(self):
            self.count = tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec([], tf.float32, "by")])
        def counted(self, by):
            return {"count": self.count.assign_add(by)}

    module = Counter()
    tf.saved_model.save(module, str(tmp_path / "counter"), signatures=module.counted)
    session, other = load(tmp_path / "counter"), load(tmp_path / "counter")
    counts = [session.run({"by": np.array(2, np.float32)}, ("count",))["count"].item() for _ in range(3)]
    assert counts == [2, 4, 6]
    assert other.run({"by": np.array(1, np.float32)}, ("count",))["count"] == 1


def test_the_only_signature_serves_where_none_is_the_default(load, tf, tmp_path):
    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, "x")])
    def half(x):
        return {"y": x / 2}

    module = tf.Module()
    module.half = half
    tf.saved_model.save(module, str(tmp_path / "model"), signatures={"half": half})
    session = load(tmp_path / "model")
    assert session.metadata["signature"] == "half"
    assert session.run({"x": np.array(3, np.float32)}, ("y",))["y"] == 1.5


def test_a_keras_file(load, keras_file, keras):
    session = load(keras_file)
    assert session.inputs == (TensorSpec("image", (None, 8, 8, 3), "float32"),)
    assert session.outputs == (TensorSpec("scores", (None, 3), "float32"), TensorSpec("pooled", (None, 4), "float32"))
    pixels = np.random.default_rng(0).integers(0, 255, (2, 8, 8, 3)).astype(np.float32)
    scores, pooled = keras.models.load_model(keras_file, compile=False)(pixels)
    answer = session.run({"image": pixels}, ("scores", "pooled"))
    np.testing.assert_allclose(answer["scores"], scores, atol=1e-5)
    np.testing.assert_allclose(answer["pooled"], pooled, atol=1e-5)


def test_a_sequential_and_a_dictionary(load, keras, save_keras):
    layers = keras.layers
    sequential = load(save_keras(keras.Sequential([keras.Input((4,), name="x"), layers.Dense(2, name="last")])))
    assert [spec.name for spec in (*sequential.inputs, *sequential.outputs)] == ["x", "last"]

    x = keras.Input((4,), name="x")
    model = keras.Model({"x": x}, {"second": layers.Softmax()(x), "first": layers.ReLU()(x)})
    session = load(save_keras(model))
    assert [spec.name for spec in session.outputs] == ["first", "second"]
    answer = session.run({"x": np.array([[-1, 0, 0, 1]], np.float32)}, ("second", "first"))
    assert answer["first"].tolist() == [[0, 0, 0, 1]]
    assert answer["second"].sum() == pytest.approx(1)


def test_feeds_are_left_as_they_were(load, keras, save_keras):
    """TensorFlow reads fed memory in place: an op that works in place must not get it."""
    x = keras.Input((4096,), name="x")
    session = load(save_keras(keras.Model(x, keras.layers.ReLU(name="y")(x))))
    fed = np.full((64, 4096), -1, np.float32)
    answer = session.run({"x": fed}, ("y",))["y"]
    assert answer.max() == 0
    assert fed.max() == -1
