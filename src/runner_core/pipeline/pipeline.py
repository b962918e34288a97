"""Many brains over one source: every frame is read once, however many brains look at it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Self

import attrs

from runner_core.brain import Brain, demand_brain, list_stages
from runner_core.contracts import HasGaps, HasSkipped, HasWatch, Sink, Source
from runner_core.errors import SourceError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.conditions import describe_conditions
from runner_core.pipeline.done_frames import DoneFrames
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.failures import FailureLog
from runner_core.pipeline.journal import Journal
from runner_core.pipeline.live import read_in_thread, run_newest
from runner_core.pipeline.mailbox import close_frames
from runner_core.pipeline.ordered import run_every, run_watched
from runner_core.pipeline.outlets import OpenOutlets, Outlets
from runner_core.pipeline.profile import Profile
from runner_core.pipeline.resume import keep_journal
from runner_core.pipeline.sources_sinks import Readable, Writable, locations_of, to_source
from runner_core.pipeline.summary import INTERRUPTED, Summary
from runner_core.pipeline.threads import ThreadSplit, get_thread_budget
from runner_core.results.result import Result
from runner_core.util.interrupts import check_interrupt, settle_interrupt
from runner_core.util.tracebacks import shorten_traceback

log = logging.getLogger("runner")

PATIENCE = 15.0  # seconds that sinks wait for a camera's first frame, or for what is wrong with it


def _do_nothing() -> None:
    """A frame that is skipped is nobody's business."""


@shorten_traceback
def run(
    source: Readable,
    brains: Sequence[Brain],
    sinks: Sequence[Writable] | Mapping[str, Sink] = (),
    *,
    threads: int | None = None,
    exact: bool = False,
    explain: bool = False,
    resume: bool | str = False,
    on_result: Callable[[Result], None] | None = None,
) -> Summary:
    """Runs every brain over every frame and writes each result to every sink, in order; a mapping gives sinks names.

    Of several sources, cameras are run side by side, files one after the other.

    ``threads`` bounds the frames in work at once; None is the cores. ``exact`` decodes every picture in full, even if
    no brain needs all of its pixels; a sink that draws has the same effect. With ``explain`` the summary says where
    the time went and what was shared.

    With ``resume`` it goes on where an earlier run into the same sinks was stopped, however that was: the pictures that
    are in the answers are skipped, known by their names, sizes and times of change (True), or by their contents
    (``"hash"``). Raises UsageError if that run had other brains, options or sinks.

    What fails for one frame or one brain is a Failure in the results, and the run goes on. A source that breaks off
    midway ends the run: the summary's ``broken`` says where. Sinks are opened once a camera gives its first frame, so
    that one which gives none empties no file and announces no page. A KeyboardInterrupt ends the run properly, all
    sinks at the same frame; a camera has no end of its own, so ``broken`` says so; over files it is raised again then.
    Raises UsageError if sinks would write over each other or over what is read, SourceError if nothing can be read at
    all, SinkError if a sink cannot take more; what was finished by then is written. However it ends, sinks are closed
    first; then the run waits for what was in work.
    """
    reading = to_source(source)
    outlets = Outlets.of(sinks, reading, inputs=locations_of(source))
    summary = run_outlets(
        reading, brains, outlets, threads=threads, exact=exact, explain=explain, resume=resume, on_result=on_result
    )
    if summary.broken == INTERRUPTED and not reading.live:
        raise KeyboardInterrupt
    return summary


def run_outlets(
    reading: Source, brains: Sequence[Brain], outlets: Outlets, *, threads: int | None = None, exact: bool = False,
    explain: bool = False, resume: bool | str = False, on_result: Callable[[Result], None] | None = None,
    on_skip: Callable[[], None] = _do_nothing,
) -> Summary:  # fmt: skip
    """As ``run``, but an interrupt ends it over files, too; ``on_skip`` is called for each frame that is skipped."""
    exact = exact or outlets.must_draw(reading)
    flow = _Flow.of(reading, brains, threads, exact=exact)
    summary = flow.start_summary(explain=explain)
    with ExitStack() as stack:
        journal = stack.enter_context(flow.keep_journal(outlets, resume, exact=exact))
        if journal:
            summary.go_on(journal.summary)
        opened: OpenOutlets | None = None
        try:
            results = stack.enter_context(flow.results(journal.done if journal else None, on_skip))
            opened = stack.enter_context(outlets.open(journal))
            _write_results(results, opened, summary, on_result)
        except KeyboardInterrupt:
            settle_interrupt()
            if opened is None and not reading.live:  # it is none of a run yet
                raise
            summary.broken = INTERRUPTED
        except SourceError as error:
            if not summary.frames:
                raise
            summary.broken = str(error)
        flow.complete_profile(summary.profile)
        summary.seconds = summary.profile.seconds
        if opened:
            opened.finish(summary)
    if journal:
        _tell_journal(journal, summary)
    return summary


def _write_results(
    results: Iterator[Result], opened: OpenOutlets, summary: Summary, on_result: Callable[[Result], None] | None
) -> None:
    for result in results:
        check_interrupt()
        opened.write(result, summary)
        if on_result:
            on_result(result)
        result.frame.forget()


def _tell_journal(journal: Journal, summary: Summary) -> None:
    """How an interrupted run goes on; which answers of the run before are of no picture that is there now."""
    if summary.broken == INTERRUPTED:
        log.info("%d pictures are answered; --resume goes on behind them", summary.frames)
    elif journal.done.left and not summary.broken:
        log.warning("%d answers are of pictures that are gone or have changed since; they stay", journal.done.left)


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
            check_interrupt()
            for line in failures.lines_of(result):
                log.warning(line)
            yield result


@attrs.frozen
class _Flow:
    """A source, the brains that look at it, and the threads for that."""

    source: Source
    brains: Sequence[Brain]
    executor: FrameExecutor
    threads: ThreadSplit

    @classmethod
    def of(cls, source: Source, brains: Sequence[Brain], threads: int | None, *, exact: bool) -> Self:
        checked = _check_brains(brains)
        firsts = [list_stages(brain)[0] for brain in checked]
        split = ThreadSplit.split(get_thread_budget(threads), live=source.live, firsts=firsts)
        return cls(source, checked, FrameExecutor(checked, exact=exact), split)

    @contextmanager
    def results(
        self, done: DoneFrames | None = None, on_skip: Callable[[], None] = _do_nothing
    ) -> Iterator[Iterator[Result]]:
        """Closes the source at the end and waits for what is in work, after all that is opened inside is closed.

        Waits for the first frame of a live source. Raises SourceError if none comes.
        """
        frames, stack = self.source.frames(), ExitStack()
        if done and done.total:
            frames = done.skip(frames, on_skip)
        with ThreadPoolExecutor(self.threads.workers, thread_name_prefix="runner") as pool:
            try:
                if self.source.live:
                    results = self._run_newest(frames, pool, stack)
                else:
                    watched = isinstance(self.source, HasWatch) and self.source.watch
                    run_files = run_watched if watched else run_every
                    results = run_files(frames, self.executor.run_frame, pool, self.threads.frames)
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

    def keep_journal(
        self, outlets: Outlets, resume: bool | str, *, exact: bool
    ) -> AbstractContextManager[Journal | None]:
        """As ``resume.keep_journal``; none of a live source."""
        if self.source.live and resume:
            raise UsageError("a camera cannot be resumed: its pictures are gone", remedy="run without --resume")
        if self.source.live:
            return nullcontext()
        names = [outlet.name for outlet in outlets.resumable]
        return keep_journal(outlets, describe_conditions(self.brains, names, exact=exact) if names else {}, resume)

    def start_summary(self, *, explain: bool) -> Summary:
        skipped = self.source.skipped if isinstance(self.source, HasSkipped) else {}
        summary = Summary(skipped=skipped, explain=explain, profile=self._start_profile())
        summary.expect(self.executor.brains)
        return summary

    def _start_profile(self) -> Profile:
        return Profile(self.threads, {brain.name: brain.threads for brain in self.executor.brains})

    def complete_profile(self, profile: Profile) -> None:
        """Adds what is known only at the end."""
        profile.specs = self.executor.specs
        profile.shared = {brain.name: brain.trunk for brain in self.executor.brains}
        profile.gaps = self.source.gaps if isinstance(self.source, HasGaps) else 0


def _check_brains(given: Sequence[Brain] | Brain) -> Sequence[Brain]:
    """One brain counts as a sequence of one. Raises UsageError for what is not a brain."""
    brains = [given] if isinstance(given, Brain) else list(given)
    for brain in brains:
        demand_brain(brain)
    return brains
