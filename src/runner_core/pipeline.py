"""Many brains over one source: every frame is read once, whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing

from runner_core.brain import Brain
from runner_core.contracts import Sink, Source
from runner_core.errors import SourceError
from runner_core.flow import every, thread_budget
from runner_core.live import newest
from runner_core.locations import open_sink, open_source
from runner_core.panel import Panel
from runner_core.result import Result
from runner_core.summary import Summary


def run(
    source: str | Source,
    brains: Sequence[Brain],
    sinks: Sequence[str | Sink] = (),
    *,
    threads: int | None = None,
    exact: bool = False,
    on_result: Callable[[Result], None] | None = None,
) -> Summary:
    """Runs every brain over every frame and hands each result to every sink, in order.

    ``threads`` bounds the frames in work at once; None is the cores. ``exact`` decodes every picture whole, even where
    no brain needs more than a part of its pixels; a sink that draws has the same effect.

    What fails for one frame or one brain is a Failure in the results, and the run goes on. A source that breaks off
    midway ends the run: the summary's ``broken`` says where. Raises SourceError where nothing can be read at all,
    SinkError where a sink cannot take more; what was finished by then is written.
    """
    outlets = [open_sink(sink) if isinstance(sink, str) else sink for sink in sinks]
    exact = exact or any(getattr(outlet, "draws", False) for outlet in outlets)
    summary = Summary()
    with ExitStack() as stack:
        results = stack.enter_context(closing(stream(source, brains, threads=threads, exact=exact)))
        writers = [stack.enter_context(outlet.open()) for outlet in outlets]
        try:
            for result in results:
                summary.take(result)
                for writer in writers:
                    writer.write(result)
                if on_result:
                    on_result(result)
                result.frame.forget()
        except SourceError as error:
            if not summary.frames:
                raise
            summary.broken = str(error)
        for writer in writers:
            writer.finish(summary.to_json())
    return summary


def stream(
    source: str | Source, brains: Sequence[Brain], *, threads: int | None = None, exact: bool = False
) -> Generator[Result]:
    """The results of a source's frames: of every frame in order, of a live source the newest. Raises SourceError.

    A Result unpacks into its frame and its inferences: ``for frame, inferences in stream("clip.mp4", brains)``.
    """
    panel = Panel(brains, exact=exact)
    opened = open_source(source) if isinstance(source, str) else source
    budget = thread_budget(threads)
    return newest(opened.frames(), panel, budget) if opened.live else every(opened.frames(), panel.look, budget)
