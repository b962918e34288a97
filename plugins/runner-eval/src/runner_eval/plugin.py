"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_evaluators() -> Iterator[Plugin]:
    yield Plugin(
        name="coco",
        target="runner_eval.evaluator:CocoEvaluator",
        summary="COCO's figures, mIoU, accuracy; with their uncertainty",
        claims=(
            "object-detection",
            "instance-segmentation",
            "keypoints",
            "semantic-segmentation",
            "classification",
        ),
    )


@hookimpl
def runner_commands() -> Iterator[Plugin]:
    yield Plugin("eval", "runner_eval.command:command", "Measure how good brains are, on labelled pictures.")
