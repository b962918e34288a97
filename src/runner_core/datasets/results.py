"""A data set as the results of a run, which sinks write: to look at it, and to convert it to another format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Example
from runner_core.errors import DatasetError
from runner_core.results.result import Failure, Result

BRAIN = "labels"  # what sinks call the one who has said it


def to_results(dataset: Dataset | Iterable[Example]) -> Iterator[Result]:
    """A Result for each example: its truth as the answer of a brain named ``labels``, or why it cannot be read."""
    for index, example in enumerate(dataset):
        frame = example.make_frame()
        frame.index, frame.file_name = index, example.key
        try:
            truth = example.read()
        except DatasetError as error:
            yield Result(frame, error=Failure.from_error(error))
        else:
            answer = attrs.evolve(truth.answer, brain=BRAIN)
            yield Result(frame, (answer,), ignored=truth.ignored)
