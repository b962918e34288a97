"""``runner bench``: how long a picture takes, from a source through brains, or in each engine of one brain."""

from __future__ import annotations

from typing import Any

import click

from runner_core.cards.artifact import Artifact
from runner_core.cli.completion import complete_brains
from runner_core.cli.options import EXACT_OPTION, brain_options
from runner_core.cli.profile_table import print_profile
from runner_core.cli.run import exit_code_of, run_brains
from runner_core.cli.tables import print_rows
from runner_core.errors import NotInstalled, UsageError
from runner_core.loading.benchmark import rank_engines
from runner_core.loading.locate import locate_model
from runner_core.loading.open import open_candidate
from runner_core.loading.options import LoadOptions
from runner_core.loading.speed_cache import Speed
from runner_core.stores.resolve import resolve_brain


@click.command()
@click.argument("subject", metavar="SOURCE|BRAIN", shell_complete=complete_brains)
@brain_options(required=False)
@click.option(
    "--engines", is_flag=True, help="Measure BRAIN in every engine that opens it; --engine auto uses the result."
)
@EXACT_OPTION
def bench(subject: str, brains: tuple[str, ...], engines: bool, exact: bool, **options: Any) -> int:
    """Measure brains over SOURCE as `runner run` runs them, without a sink, and show where the time went.

    Without --brain, measure BRAIN again: milliseconds for a JPEG of 640 x 480 from its bytes to the answer, the best of
    several runs; --threads are then those of one call.
    """
    if not brains:
        return _bench_engines(subject, every=engines, **options)
    if engines:
        raise UsageError(
            "--engines measures one brain by itself", remedy="leave out --brain: runner bench BRAIN --engines"
        )
    summary = run_brains([subject], brains, (), exact=exact, explain=True, quiet=False, **options)
    print_profile(summary.profile)
    return exit_code_of(summary)


def _bench_engines(brain: str, *, every: bool, locked: bool, trust: tuple[str, ...], **options: Any) -> int:
    if locked or trust:
        raise UsageError("--locked and --trust are for brains over a source", remedy="name the brain with --brain")
    try:
        measured = rank_engines(
            locate_model(resolve_brain(brain)), LoadOptions(**options), open_candidate, again=True, every=every
        )
    except NotInstalled as error:  # nothing opens it: perhaps a source was meant
        remedy = f"to time a run over a source, give --brain; {error.remedy}"
        raise NotInstalled(error.message, remedy=remedy) from error
    best = measured[0][1].ms
    rows = [_row(candidate.engine, candidate.artifact, speed, best) for candidate, speed in measured]
    print_rows("", ("engine", "artifact", "ms a picture", "times the best"), rows)
    return 0 if best is not None else 1


def _row(engine: str, artifact: Artifact, speed: Speed, best: float | None) -> list[str]:
    if speed.ms is None or best is None:
        return [engine, artifact.path, "refused", ""]
    return [engine, artifact.path, f"{speed.ms:.2f}", f"{speed.ms / best:.2f}"]
