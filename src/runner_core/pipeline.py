"""Many brains over one source: every frame is read once, whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from runner_core.brain import Brain
from runner_core.contracts import Sink, Source
from runner_core.errors import EngineError, ImageError, UsageError
from runner_core.frame import Frame
from runner_core.inference import Inference
from runner_core.locations import open_sink, open_source
from runner_core.result import Failure, Result
from runner_core.summary import Summary


def run(
    source: str | Source,
    brains: Sequence[Brain],
    sinks: Sequence[str | Sink] = (),
    *,
    on_result: Callable[[Result], None] | None = None,
) -> Summary:
    """Runs every brain over every frame and hands each result to every sink.

    What fails for one frame or one brain is a Failure in the results, and the run goes on. Raises SourceError where the
    source cannot be read, SinkError where a sink cannot take more; what was finished by then is written.
    """
    writers = [open_sink(sink) if isinstance(sink, str) else sink for sink in sinks]
    summary = Summary()
    with ExitStack() as stack:
        results = stream(source, brains)
        opened = [stack.enter_context(sink.open()) for sink in writers]
        for result in results:
            summary.take(result)
            for writer in opened:
                writer.write(result)
            if on_result:
                on_result(result)
            result.frame.forget()
        for writer in opened:
            writer.finish(summary.to_json())
    return summary


def stream(source: str | Source, brains: Sequence[Brain]) -> Iterator[Result]:
    """The results of a source's frames, in order, each computed when it is asked for. Raises SourceError."""
    names = [brain.name for brain in brains]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"two brains are named {', '.join(twice)}",
            remedy="open one with another name; on the command line BRAIN?name=OTHER",
        )
    opened = open_source(source) if isinstance(source, str) else source
    return (look(frame, brains) for frame in opened.frames())


def look(frame: Frame, brains: Sequence[Brain]) -> Result:
    """What the brains say of one frame."""
    try:
        _ = frame.size  # a file that is no picture fails once, not once a brain
        return Result(frame, tuple(_infer(brain, frame) for brain in brains))
    except ImageError as error:
        return Result(frame, error=Failure.of(error))


def _infer(brain: Brain, frame: Frame) -> Inference | Failure:
    try:
        return brain.infer(frame)
    except ImageError:
        raise
    except EngineError as error:
        _ = frame.pixels  # a graph that decodes by itself cannot tell a damaged picture from its own fault: this can
        return Failure.of(error, brain=brain.name)
    except Exception as error:  # noqa: BLE001  # whatever a plugin raises costs this one answer
        return Failure.of(error, brain=brain.name)
