"""``runner verify``: one brain on several engines, or compared with the answers of an earlier run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click
from click.core import ParameterSource

from runner_core.brain import Brain
from runner_core.cards.tolerance import Tolerance
from runner_core.cli.completion import complete_brains, complete_sources
from runner_core.cli.options import CONF_HELP, TRUST_HELP, HomePath, open_brains
from runner_core.cli.tables import print_rows
from runner_core.errors import EngineError, UsageError
from runner_core.export.golden import Golden
from runner_core.export.verify import CheckedPicture, Verdict, verify_brains
from runner_core.frames.frame import Frame
from runner_core.loading.candidates import find_candidates
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import locate_model
from runner_core.pipeline.sources_sinks import open_sink, open_source
from runner_core.pipeline.summary import Summary
from runner_core.results.compare import Comparison
from runner_core.stores.reference import split_query
from runner_core.stores.resolve import resolve_brain
from runner_core.util.location import redact_url

_EXACT, _SHARE = Tolerance(), click.FloatRange(0, 1)
_MEASURES = ("iou", "score", "pixels", "keypoints")
_HEAD = ("picture", "engines", "same", "only 1st", "only 2nd", "label", "IoU", "mask", "score", "pixels", "levels",
         "keypoints")  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])

_TOLERANCES = (
    click.option("--iou", type=_SHARE, default=_EXACT.iou, show_default=True, help="Least IoU of a match."),
    click.option("--score", type=_SHARE, default=_EXACT.score, show_default=True, help="Largest difference of scores."),
    click.option(
        "--pixels", type=_SHARE, default=_EXACT.pixels, show_default=True, help="Least share of equal pixels.",
    ),
    click.option(
        "--keypoints", type=_SHARE, default=_EXACT.keypoints, show_default=True,
        help="Largest distance of keypoints, as a share of the picture's longer side.",
    ),
)  # fmt: skip


def tolerance_options(command: F) -> F:
    """Adds the options of a Tolerance to a command."""
    for option in reversed(_TOLERANCES):
        command = option(command)
    return command


@click.command(name="verify")
@click.argument("brain", shell_complete=complete_brains)
@click.argument("pictures", nargs=-1, required=True, shell_complete=complete_sources)
@click.option(
    "--engines",
    type=lambda text: tuple(part.strip() for part in text.split(",")),
    metavar="A,B",
    help="The engines; the others are compared with the first. By default all that open the brain.",
)
@click.option("--golden", type=HomePath(path_type=Path), metavar="FILE", help="Compare the answers with these.")
@click.option(
    "--write-golden", type=HomePath(), metavar="FILE", help="Write the first engine's answers, as JSON lines."
)
@tolerance_options
@click.option("--labels", metavar="FILE", help="Label map: .pbtxt, .json, .yaml, .csv, or one name a line.")
@click.option("--task", help="The task that reads the model's outputs.")
@click.option("--conf", type=click.FloatRange(0, 1), help=CONF_HELP)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda:0, ...")
@click.option("--threads", type=click.IntRange(1), help="Threads within one call of an engine.")
@click.option("--trust", is_flag=True, help=TRUST_HELP)
def command(
    brain: str, pictures: tuple[str, ...], engines: tuple[str, ...] | None, golden: Path | None,
    write_golden: str | None, iou: float, score: float, pixels: float, keypoints: float, trust: bool, **options: Any,
) -> int:  # fmt: skip
    """Check that BRAIN gives the same answers for PICTURES on several engines, or the same as in a golden file.

    Exits with 0 if everything is within the tolerances, else with 1. An instance whose score is about the threshold may
    be missing on either side.
    """
    if golden and write_golden:
        raise UsageError("--golden and --write-golden at once", remedy="write the file first, then compare with it")
    frames = read_frames(pictures)
    with ExitStack() as stack:
        if trust:
            options["trust"] = [split_query(brain)[0]]
        brains = _open_on_engines(brain, engines, options, stack)
        first = next(iter(brains.values()))
        if len(brains) == 1 and not golden and not write_golden:
            raise UsageError(f"{brain}: only {first.engine} opens it: nothing to compare", remedy="give --golden FILE")
        threshold = first.card.threshold if isinstance(first, LocalBrain) else _EXACT.threshold
        tolerance = Tolerance(iou, score, threshold, pixels, keypoints)
        earlier = Golden.read(golden, first.name) if golden else None
        summary, allowed = Summary(), dict(_read_allowances(brains, tolerance))
        summary.expect(brains.values())
        verdicts = list(
            _write_answers(verify_brains(frames, brains, tolerance, earlier, allowed), write_golden, summary)
        )
    return print_verdicts(verdicts) or int(not summary.ok)


def read_frames(pictures: Sequence[str]) -> Iterator[Frame]:
    """The frames of all these sources. Raises UsageError for a live one."""
    sources = [open_source(location) for location in pictures]
    live = [redact_url(location) for location, source in zip(pictures, sources, strict=True) if source.live]
    if live:
        raise UsageError(f"{live[0]}: a live source has no end", remedy="give pictures, a folder or a file")
    return (frame for source in sources for frame in source.frames())


def _open_on_engines(
    brain: str, engines: Sequence[str] | None, options: Mapping[str, Any], stack: ExitStack
) -> dict[str, Brain]:
    """By engine. If none are named, those that refuse the model are reported and left out."""
    named = engines or tuple(
        dict.fromkeys(
            candidate.engine for candidate in find_candidates(locate_model(resolve_brain(split_query(brain)[0])))
        )
    )
    brains: dict[str, Brain] = {}
    for engine in named:
        try:
            (brains[engine],) = stack.enter_context(open_brains([brain], engine=engine, **options))
        except EngineError as error:
            if engines or len(named) == 1:
                raise
            click.echo(f"runner: engine {engine} is left out: {error.message}", err=True)
    if not brains:
        raise EngineError(f"{brain}: no installed engine loads it", remedy=f"tried: {', '.join(named)}")
    return brains


def _read_allowances(brains: Mapping[str, Brain], asked: Tolerance) -> Iterator[tuple[str, Tolerance]]:
    """The larger tolerances that cards got when their artifacts were exported; typed ones replace them."""
    typed = {name: getattr(asked, name) for name in _MEASURES if _is_typed(name)}
    for engine, brain in brains.items():
        for artifact in brain.card.artifacts if isinstance(brain, LocalBrain) else ():
            if artifact.tolerance is None:
                continue
            allowed = attrs.evolve(artifact.tolerance, **typed)
            more = [name for name in _MEASURES if getattr(asked.widen_to(allowed), name) != getattr(asked, name)]
            if more:
                values = ", ".join(f"{name} {getattr(allowed, name):g}" for name in more)
                click.echo(f"runner: {artifact.path}: its card allows {values}", err=True)
                yield engine, allowed


def _is_typed(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is ParameterSource.COMMANDLINE


def _write_answers(checked: Iterable[CheckedPicture], golden: str | None, summary: Summary) -> Iterator[Verdict]:
    """The verdicts, while the first brain's answers go to the file as ``runner run`` writes them."""
    with open_sink(f"jsonl:{golden}").open() if golden else nullcontext() as writer:
        for picture in checked:
            summary.add(picture.result)
            if writer:
                writer.write(picture.result)
            for failure in picture.result.failures if not picture.verdicts else ():
                click.echo(f"runner: {picture.result.frame.source}: {failure.message}", err=True)
            yield from picture.verdicts
        if writer:
            writer.finish(summary.to_json())
    if not summary.frames:
        raise UsageError("no pictures")


def print_verdicts(verdicts: Sequence[Verdict]) -> int:
    """Prints a row for each verdict and each pair, and what is beyond the tolerance; 1 if anything is."""
    totals = _total_by_pair(verdicts)
    rows = [_row(Path(verdict.source).name, verdict.pair, verdict.comparison) for verdict in verdicts]
    _print_table([*rows, *(_row("in total", pair, comparison) for pair, comparison in totals.items())])
    for verdict in verdicts:
        for fault in verdict.comparison.faults:
            click.echo(f"{verdict.source}: {verdict.pair}: {fault}")
    return 0 if all(comparison.ok for comparison in totals.values()) else 1


def print_totals(verdicts: Sequence[Verdict]) -> None:
    """Prints one row for each pair."""
    _print_table([_row("all", pair, comparison) for pair, comparison in _total_by_pair(verdicts).items()])


def _total_by_pair(verdicts: Sequence[Verdict]) -> dict[str, Comparison]:
    """By pair."""
    pairs = dict.fromkeys(verdict.pair for verdict in verdicts)
    return {pair: Comparison.total(each.comparison for each in verdicts if each.pair == pair) for pair in pairs}


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """Without empty columns."""
    shown = [place for place in range(len(_HEAD)) if any(row[place] for row in rows)]
    print_rows("", [_HEAD[place] for place in shown], [[row[place] for place in shown] for row in rows])


def _row(picture: str, pair: str, found: Comparison) -> list[str]:
    """A cell is empty if there was nothing to measure."""
    counts = [str(count) if count else "" for count in (found.matched, found.missing, found.extra, found.relabelled)]
    measures = (found.boxes, found.masks, found.scores, found.pixels, found.levels, found.keypoints)
    return [picture, pair, *counts, *("" if value is None else _format_share(value) for value in measures)]


_format_share: Callable[[float], str] = "{:.4f}".format
