"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_engines() -> Iterator[Plugin]:
    yield Plugin(
        name="litert",
        target="runner_litert.engine:LiteRTEngine",
        summary="LiteRT: TensorFlow Lite files, float and quantised, on the processor by XNNPACK",
        claims=(".tflite",),
    )
