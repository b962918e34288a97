"""``runner run``: brains over a source, answers to sinks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from runner_core.cli.chain_syntax import parse_chain
from runner_core.cli.completion import complete_sinks, complete_sources
from runner_core.cli.console import print_message, show_log
from runner_core.cli.options import EXACT_OPTION, brain_options, open_brains
from runner_core.cli.profile_table import print_profile
from runner_core.cli.progress import show_frame_bar
from runner_core.cli.signals import describe_stop
from runner_core.cli.tables import print_summary
from runner_core.contracts import HasTotal
from runner_core.pipeline.failures import FailureLog
from runner_core.pipeline.outlets import Outlets
from runner_core.pipeline.pipeline import run_outlets
from runner_core.pipeline.resume import RESUME_BY
from runner_core.pipeline.sources_sinks import to_source
from runner_core.pipeline.summary import INTERRUPTED, Summary
from runner_core.pipeline.threads import ThreadSplit, get_thread_budget
from runner_core.results.result import Result
from runner_core.util.descriptors import find_descriptor, to_output_path
from runner_core.util.location import without_options

JSON_LINES = "-"  # on standard output


class ResumableCommand(click.Command):
    """One whose ``--resume`` takes a value only behind an equals sign, so that it never swallows SOURCE."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["--resume=mtime" if word == "--resume" else word for word in args])


@click.command(cls=ResumableCommand)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", shell_complete=complete_sources)
@brain_options()
@click.option(
    "--sink", "-s", "sinks", multiple=True, metavar="NAME:PATH", shell_complete=complete_sinks,
    help="Where answers go: jsonl:out.jsonl, images:out/; may be repeated. Without one, or with -: JSON lines on "
    "standard output.",
)  # fmt: skip
@EXACT_OPTION
@click.option(
    "--resume", type=click.Choice(list(RESUME_BY)), metavar="[=hash]",
    help="Go on where an earlier run into the same sinks was stopped: skip the pictures that are in the answers, known "
    "by name, size and time of change, or by their contents.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Show where the time went, and what the brains shared.")
@click.option("--quiet", "-q", is_flag=True, help="No progress, no table.")
def run(
    sources: tuple[str, ...],
    brains: tuple[str, ...],
    sinks: tuple[str, ...],
    explain: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Run brains over SOURCE: a picture, a folder, a glob, a list, a URL, a video, a camera (0), a stream.

    Several files are run one after the other, several cameras side by side: 'rtsp://10.0.0.7/live?name=till'.
    """
    sinks = sinks or (JSON_LINES,)
    summary = run_brains(sources, brains, sinks, explain=explain, quiet=quiet, **options)
    piped = any(map(is_standard_output, sinks))  # the program that reads the answers should not read tables
    if not quiet and not piped:
        print_summary(summary)
    if not quiet and explain:
        print_profile(summary.profile, stderr=piped)
    return exit_code_of(summary)


def run_brains(
    sources: Sequence[str],
    brains: Sequence[str],
    sinks: Sequence[str],
    *,
    exact: bool,
    explain: bool,
    quiet: bool,
    resume: str | None = None,
    **options: Any,
) -> Summary:
    """A run of brains as they are typed; what goes wrong is printed on standard error."""
    show_log(quiet=quiet)
    frames = to_source(sources)
    outlets = Outlets.of(sinks, frames, inputs=sources)  # typing errors are reported before a model loads
    total: int | None = frames.total if isinstance(frames, HasTotal) else None
    budget = get_thread_budget(options.pop("threads"))
    firsts = [parse_chain(text)[0].brain for text in brains]
    options["threads"] = ThreadSplit.split(budget, live=frames.live, firsts=firsts).within
    failures = FailureLog()
    with open_brains(brains, **options) as models, show_frame_bar(total, quiet=quiet) as step:

        def on_result(result: Result) -> None:
            for line in failures.lines_of(result):
                print_message(line)
            step()

        summary = run_outlets(
            frames, models, outlets, threads=budget, exact=exact, explain=explain, resume=resume or False,
            on_result=on_result, on_skip=step,
        )  # fmt: skip
    if summary.broken:
        print_message(describe_stop()[0] if summary.broken == INTERRUPTED else summary.broken)
    return summary


def is_standard_output(sink: str) -> bool:
    """Whether a sink as it is typed writes there: ``-``, ``csv:-``, ``coco:/dev/stdout``."""
    place = without_options(sink.partition(":")[2] or sink)
    return find_descriptor(to_output_path(place)) == 1


def exit_code_of(summary: Summary) -> int:
    """As for every command: 0, 1 if something failed, 130 or 143 if it was stopped."""
    if summary.broken == INTERRUPTED:
        return describe_stop()[1]
    return 0 if summary.ok else 1
