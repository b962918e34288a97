"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_engines() -> Iterator[Plugin]:
    yield Plugin(
        name="openvino",
        target="runner_openvino.engine:OpenVINOEngine",
        summary="OpenVINO: its IR, ONNX, TensorFlow Lite, SavedModels, frozen graphs, on processors and Intel graphics",
        claims=(".xml", ".onnx", ".tflite", "saved-model", ".pb"),
    )
