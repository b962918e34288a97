"""A page on which a training shows what it gets most wrong, while it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from runner_core.contracts import Writer
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.pipeline.summary import Summary
from runner_core.results.result import Result
from runner_core.training.trainer import TrainingStep, Watch

PAGE = "view"  # the sink that shows results on a page
MOST, LEAST_SECONDS = 4, 3.0  # pictures; from one look at them to the next
SHARE = 0.02  # of the time, that looking may take


@contextmanager
def open_training_page(place: str) -> Iterator[Watch]:
    """What is told of a training is shown at a location of the view, such as ``8000``.

    Raises NotInstalled where there is no view, and as the view does for a place that is none.
    """
    summary = Summary()
    with open_sink(f"{PAGE}:{place}").open() as writer:
        yield WorstPictures(writer, summary)
        writer.finish(summary.to_json())


class WorstPictures:
    """Asks a training for its worst pictures now and then, and shows each at its rank."""

    def __init__(self, writer: Writer, summary: Summary) -> None:
        self._writer, self._summary = writer, summary
        self._due, self._round = 0.0, 0

    def __call__(self, step: TrainingStep) -> None:
        begun = monotonic()
        if step.worst is None or begun < self._due:
            return
        self._show(step.worst()[:MOST])
        ended = monotonic()
        self._due = ended + max(LEAST_SECONDS, (ended - begun) / SHARE)

    def _show(self, results: Sequence[Result]) -> None:
        for rank, result in enumerate(results, 1):
            frame = result.frame
            frame.file_name, frame.source = frame.source, f"worst {rank}"
            frame.index, frame.taken = self._round, monotonic()  # it is of now, and waits for no viewer
            self._summary.count(result)
            self._writer.write(result)
        self._round += 1
