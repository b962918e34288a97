"""``runner run``: brains over a source, answers to sinks."""

from __future__ import annotations

from typing import Any

import click

from runner_core.cli.bars import counting
from runner_core.cli.options import brain_options, opened
from runner_core.locations import open_sink, open_source
from runner_core.pipeline import run as run_pipeline
from runner_core.result import Result
from runner_core.tables import print_summary
from runner_core.threads import Threads, thread_budget


@click.command()
@click.argument("source")
@brain_options
@click.option(
    "--sink", "-s", "sinks", multiple=True, metavar="NAME:PATH",
    help="Where answers go: jsonl:out.jsonl, images:out/; may be repeated. Without one: JSON lines on standard output.",
)  # fmt: skip
@click.option("--exact", is_flag=True, help="Decode every picture whole, even where no brain needs it.")
@click.option("--quiet", "-q", is_flag=True, help="No progress, no table.")
def run(source: str, brains: tuple[str, ...], sinks: tuple[str, ...], exact: bool, quiet: bool, **choices: Any) -> int:
    """Run brains over SOURCE: a picture, a folder, a glob, a list, a URL."""
    frames = open_source(source)
    outlets = [open_sink(sink) for sink in sinks or ("jsonl:-",)]  # what is typed wrong is said before a model loads
    total: int | None = getattr(frames, "total", None)
    budget = thread_budget(choices.pop("threads"))
    choices["threads"] = Threads.shared(budget, live=frames.live, brains=len(brains)).within
    with opened(brains, **choices) as models, counting(total, quiet=quiet) as step:

        def on_result(result: Result) -> None:
            say_failures(result)
            step()

        summary = run_pipeline(frames, models, outlets, threads=budget, exact=exact, on_result=on_result)
    if not quiet and sinks:
        print_summary(summary)
    if summary.broken:
        click.echo(f"runner: {summary.broken}", err=True)
    return 0 if summary.ok else 1


def say_failures(result: Result) -> None:
    """One line on standard error for each thing that went wrong with a frame."""
    for failure in result.failures:
        where = f"{result.frame.source}: brain {failure.brain}: " if failure.brain else ""
        click.echo(f"runner: {where}{failure.message}", err=True)
