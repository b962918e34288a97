"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_trainers() -> Iterator[Plugin]:
    yield Plugin(
        name="detector",
        target="runner_train.trainer:DetectorTrainer",
        summary="objects, classes, pixels from a few pictures: a small head on a frozen EfficientNet-Lite0",
        claims=("object-detection", "tf-detection", "classification", "semantic-segmentation"),
    )
