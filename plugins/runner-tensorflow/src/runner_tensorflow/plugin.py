"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_engines() -> Iterator[Plugin]:
    yield Plugin(
        name="tensorflow",
        target="runner_tensorflow.engine:TensorFlowEngine",
        summary="TensorFlow: frozen graphs, SavedModels of TF1 and TF2, Keras, TensorFlow.js",
        claims=(".pb", "saved-model", ".keras", ".h5", ".hdf5", "tfjs"),
    )
