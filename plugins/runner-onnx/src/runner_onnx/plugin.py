"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_engines() -> Iterator[Plugin]:
    yield Plugin(
        name="onnx",
        target="runner_onnx.engine:OnnxEngine",
        summary="ONNX Runtime: .onnx files, on the processor or whatever its build supports",
        claims=(".onnx",),
    )
