"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_tasks() -> Iterator[Plugin]:
    yield Plugin(
        name="tf-detection",
        target="runner_detection.tf_detection:TfDetection",
        summary="object detection as the TF Object Detection API exports it",
    )
