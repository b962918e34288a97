"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_tasks() -> Iterator[Plugin]:
    yield Plugin(
        name="classification",
        target="runner_classification.classification:Classification",
        summary="one score a class for the whole picture: the best few",
        claims=("C",),
    )
    yield Plugin(
        name="vector",
        target="runner_classification.vector:Vector",
        summary="numbers of the whole picture that are no classes: embeddings, measures",
        claims=("D",),
    )
