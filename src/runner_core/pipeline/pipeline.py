"""Many brains over one source: every frame is read once, however many brains look at it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Self

import attrs

from runner_core.brain import Brain, demand_brain, list_stages
from runner_core.contracts import HasDraws, HasFiles, HasGaps, HasSkipped, Sink, Source, Writer
from runner_core.errors import SourceError
from runner_core.frames.frame import Frame
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.failures import FailureLog
from runner_core.pipeline.live import read_in_thread, run_newest
from runner_core.pipeline.mailbox import close_frames
from runner_core.pipeline.ordered import run_every
from runner_core.pipeline.profile import Profile
from runner_core.pipeline.sources_sinks import Readable, Writable, locations_of, open_sinks, sink_names_of, to_source
from runner_core.pipeline.summary import INTERRUPTED, Summary
from runner_core.pipeline.threads import ThreadSplit, get_thread_budget
from runner_core.results.result import Result
from runner_core.util.tracebacks import shorten_traceback

log = logging.getLogger("runner")

PATIENCE = 15.0  # seconds that sinks wait for a camera's first frame, or for what is wrong with it


@shorten_traceback
def run(
    source: Readable,
    brains: Sequence[Brain],
    sinks: Sequence[Writable] | Mapping[str, Sink] = (),
    *,
    threads: int | None = None,
    exact: bool = False,
    explain: bool = False,
    on_result: Callable[[Result], None] | None = None,
) -> Summary:
    """Runs every brain over every frame and writes each result to every sink, in order; a mapping gives sinks names.

    Of several sources, cameras are run side by side, files one after the other.

    ``threads`` bounds the frames in work at once; None is the cores. ``exact`` decodes every picture in full, even if
    no brain needs all of its pixels; a sink that draws has the same effect. With ``explain`` the summary says where
    the time went and what was shared.

    What fails for one frame or one brain is a Failure in the results, and the run goes on. A source that breaks off
    midway ends the run: the summary's ``broken`` says where. Sinks are opened once a camera gives its first frame, so
    that one which gives none empties no file and announces no page. A camera has no end of its own: a KeyboardInterrupt
    ends the run properly, and ``broken`` says so; sinks may lack the current frame, or a part of it. Raises UsageError
    if sinks would write over each other or over what is read, SourceError if nothing can be read at all, SinkError
    if a sink cannot take more; what was finished by then is written. However it ends, sinks are closed first; then
    the run waits for what was in work.
    """
    reading = to_source(source)
    names, outlets = _open_outlets(sinks, reading, inputs=locations_of(source))
    exact = exact or _must_draw(names, outlets, reading)
    flow = _Flow.of(reading, brains, threads, exact=exact)
    skipped = reading.skipped if isinstance(reading, HasSkipped) else {}
    summary = Summary(skipped=skipped, explain=explain, profile=flow.start_profile())
    summary.expect(flow.executor.brains)
    with ExitStack() as stack:
        writers: list[tuple[str, Writer]] = []
        try:
            results = stack.enter_context(flow.results())
            opened = [stack.enter_context(outlet.open()) for outlet in outlets]
            writers = list(zip(names, opened, strict=True))
            for result in results:
                _write_result(result, writers, summary)
                if on_result:
                    on_result(result)
                result.frame.forget()
        except KeyboardInterrupt:
            if not flow.source.live:
                raise
            summary.broken = INTERRUPTED
        except SourceError as error:
            if not summary.frames:
                raise
            summary.broken = str(error)
        flow.complete_profile(summary.profile)
        for _, writer in writers:
            writer.finish(summary.to_json())
    return summary


def _open_outlets(
    sinks: Sequence[Writable] | Mapping[str, Sink], reading: Source, inputs: Sequence[str]
) -> tuple[list[str], list[Sink]]:
    if isinstance(sinks, Mapping):
        return list(sinks), list(sinks.values())
    return sink_names_of(sinks), open_sinks(sinks, reading=reading, inputs=inputs)


def _must_draw(names: Sequence[str], outlets: Sequence[Sink], reading: Source) -> bool:
    """Whether a sink draws; says once what that changes, if there are JPEGs, which are decoded smaller without it."""
    drawing = [name for name, sink in zip(names, outlets, strict=True) if isinstance(sink, HasDraws) and sink.draws]
    files = reading.files if isinstance(reading, HasFiles) else ()
    if drawing and any(file.lower().endswith((".jpg", ".jpeg")) for file in files):
        log.info("%s draws: JPEGs are decoded whole, as with --exact, which changes answers a little", drawing[0])
    return bool(drawing)


@shorten_traceback
def stream(
    source: Readable, brains: Sequence[Brain], *, threads: int | None = None, exact: bool = False
) -> Generator[Result]:
    """The results of a source's frames: of every frame in order, of a live source the newest. Raises SourceError.

    A Result unpacks into its frame and the inferences that succeeded: ``for frame, inferences in stream("clip.mp4",
    brains)``; ``failures`` has the rest, and each new one is logged as a warning.
    """
    failures = FailureLog()
    with _Flow.of(to_source(source), brains, threads, exact=exact).results() as results:
        for result in results:
            for line in failures.lines_of(result):
                log.warning(line)
            yield result


def _write_result(result: Result, writers: Sequence[tuple[str, Writer]], summary: Summary) -> None:
    summary.add(result)
    for name, writer in writers:
        with summary.profile.time_sink(name):
            writer.write(result)
    summary.profile.add_frame(result.frame)


@attrs.frozen
class _Flow:
    """A source, the brains that look at it, and the threads for that."""

    source: Source
    executor: FrameExecutor
    threads: ThreadSplit

    @classmethod
    def of(cls, source: Source, brains: Sequence[Brain], threads: int | None, *, exact: bool) -> Self:
        checked = _check_brains(brains)
        firsts = [list_stages(brain)[0] for brain in checked]
        split = ThreadSplit.split(get_thread_budget(threads), live=source.live, firsts=firsts)
        return cls(source, FrameExecutor(checked, exact=exact), split)

    @contextmanager
    def results(self) -> Iterator[Iterator[Result]]:
        """Closes the source at the end and waits for what is in work, after all that is opened inside is closed.

        Waits for the first frame of a live source. Raises SourceError if none comes.
        """
        frames, stack = self.source.frames(), ExitStack()
        with ThreadPoolExecutor(self.threads.workers, thread_name_prefix="runner") as pool:
            try:
                if self.source.live:
                    results = self._run_newest(frames, pool, stack)
                else:
                    results = run_every(frames, self.executor.run_frame, pool, self.threads.frames)
                stack.callback(results.close)
                yield results
            finally:
                stack.close()
                close_frames(frames)

    def _run_newest(self, frames: Iterator[Frame], pool: ThreadPoolExecutor, stack: ExitStack) -> Generator[Result]:
        newest = read_in_thread(frames)
        stack.callback(newest.close)
        newest.wait_for_first(PATIENCE)
        return run_newest(newest, self.executor, pool)

    def start_profile(self) -> Profile:
        return Profile(self.threads, {brain.name: brain.threads for brain in self.executor.brains})

    def complete_profile(self, profile: Profile) -> None:
        """Adds what is known only at the end."""
        profile.specs = self.executor.specs
        profile.gaps = self.source.gaps if isinstance(self.source, HasGaps) else 0


def _check_brains(given: Sequence[Brain] | Brain) -> Sequence[Brain]:
    """One brain counts as a sequence of one. Raises UsageError for what is not a brain."""
    brains = [given] if isinstance(given, Brain) else list(given)
    for brain in brains:
        demand_brain(brain)
    return brains
