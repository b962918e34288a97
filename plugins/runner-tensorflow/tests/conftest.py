"""Models of every format, made by TensorFlow itself: small, with weights that tests can compute with by hand."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runner_tensorflow.engine import TensorFlowEngine

from runner_core.contracts import EngineOptions
from runner_core.errors import UntrustedError


@pytest.fixture(scope="session")
def tf() -> Any:
    """TensorFlow, imported as the engine does it."""
    from runner_tensorflow.runtime import tf

    return tf


@pytest.fixture(scope="session")
def keras(tf) -> Any:
    """Keras, which imports TensorFlow: so not before ``tf``."""
    import keras

    return keras


@pytest.fixture
def load():
    """Loads a model; every session is closed at the end of the test."""
    opened = []

    def load(path, **options):
        opened.append(TensorFlowEngine().load(Path(path), EngineOptions(**options)))
        return opened[-1]

    yield load
    for session in opened:
        session.close()


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
def frozen(tf, tmp_path) -> Callable[..., Path]:
    """Writes the graph that a function builds as a frozen graph."""

    def write(build: Callable[[], object], name: str = "graph.pb") -> Path:
        with tf.Graph().as_default() as graph:
            build()
        path = tmp_path / name
        path.write_bytes(graph.as_graph_def().SerializeToString())
        return path

    return write


@pytest.fixture(scope="session")
def tf1_saved_model(tf, tmp_path_factory) -> Path:
    """``y = x * 3 + 1`` as TensorFlow 1 exports it: a reference variable, a resource variable, a table, a main op."""
    v1 = tf.compat.v1
    folder = tmp_path_factory.mktemp("saved") / "tf1"
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], name="given")
        weight = v1.get_variable("weight", initializer=3.0, use_resource=False)
        bias = v1.get_variable("bias", initializer=1.0, use_resource=True)
        names = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["cat"], [7]), default_value=-1)
        y = tf.add(x * weight, bias, name="computed")
        ids = names.lookup(tf.constant(["cat", "dog"]))
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(
            session, str(folder), {"x": x}, {"y": y, "ids": ids}, legacy_init_op=v1.tables_initializer()
        )
    return folder


@pytest.fixture(scope="session")
def tf2_saved_model(tf, tmp_path_factory) -> Path:
    """A variable in a loop, a table, and two signatures, as TensorFlow 2 exports them."""

    class Doubling(tf.Module):
        def __init__(self):
            self.factor = tf.Variable(2.0)
            self.unused = tf.Variable(tf.zeros(1000))
            self.names = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["cat"], [7]), default_value=-1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def thrice(self, x):
            for _ in tf.range(3):
                x *= self.factor
            return {"z": x, "a": x + 1, "ids": self.names.lookup(tf.constant(["cat", "dog"]))}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def once(self, x):
            return {"y": x * self.factor}

    module, folder = Doubling(), tmp_path_factory.mktemp("saved") / "tf2"
    signatures = {"serving_default": module.thrice, "once": module.once}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


@pytest.fixture(scope="session")
def keras_file(keras, tmp_path_factory) -> Path:
    """A small classifier with two outputs and batch normalisation."""
    layers = keras.layers
    image = keras.Input((8, 8, 3), name="image")
    features = layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(1 / 255)(image))
    pooled = layers.GlobalAveragePooling2D(name="pooled")(layers.BatchNormalization()(features))
    return _saved(keras.Model(image, [layers.Dense(3, name="scores")(pooled), pooled]), tmp_path_factory)


@pytest.fixture(scope="session")
def save_keras(tmp_path_factory) -> Callable[[Any], Path]:
    """Saves a Keras model as a ``.keras`` file."""
    return lambda model: _saved(model, tmp_path_factory)


def _saved(model, folders) -> Path:
    path = folders.mktemp("keras") / "model.keras"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation")  # Keras 3.15 under numpy 2.4
        model.save(path)
    return path
