"""``runner train``: labelled pictures become a brain, or a new version of one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from runner_core.cards.card import CARD_FILE
from runner_core.cli.completion import complete_brains, complete_files
from runner_core.cli.console import print_message, show_log
from runner_core.cli.options import HomePath
from runner_core.cli.progress import show_loading, show_training
from runner_core.cli.setting import SettingOption
from runner_core.cli.signals import describe_stop
from runner_core.errors import UsageError
from runner_core.stores.reference import names_file
from runner_core.stores.resolve import resolve_brain
from runner_core.train import make_options, plan_training, read_card
from runner_core.training.training import Trained, Training
from runner_core.util.home import TRAINED


@click.command()
@click.option(
    "--data",
    "location",
    required=True,
    metavar="DIR",
    shell_complete=complete_files,
    help="The labelled pictures, a folder or a file; `runner data DIR` says what is in it.",
)
@click.option("--name", metavar="NAME", help="What the brain is called; by default as the one that --from names.")
@click.option(
    "--task", default="", metavar="KIND", help="What it answers; by default what the pictures are labelled for."
)
@click.option(
    "--from",
    "origin",
    metavar="BRAIN",
    shell_complete=complete_brains,
    help="Train this brain further; it stays as it is.",
)
@click.option("--minutes", type=float, default=5.0, show_default=True, help="How long it may take.")
@click.option("--device", cls=SettingOption, default="cpu", show_default=True, help="cpu, cuda:0, ...")
@click.option(
    "--threads", cls=SettingOption, type=click.IntRange(1),
    help="Threads that it may use; by default one for each core.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Another number, other chances.")
@click.option(
    "--option", "typed", multiple=True, metavar="KEY=VALUE", help="An option of the trainer; may be repeated."
)
@click.option(
    "--out",
    type=HomePath(path_type=Path),
    metavar="DIR",
    help="The folder for the brain; by default it is the next version of NAME on this machine.",
)
@click.option(
    "--view", "page", is_flag=False, flag_value="8000", metavar="[PORT]",
    help="Show on a page, as it goes, the held-back pictures that it gets most wrong (port 8000); options as for the "
    "sink: '8000?open=1'.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Show what would be done and why, and train nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def command(
    location: str, name: str | None, task: str, origin: str | None, typed: tuple[str, ...], out: Path | None,
    page: str | None, explain: bool, as_json: bool, quiet: bool, **asked: Any,
) -> int:  # fmt: skip
    """Learn from the labelled pictures in DIR: a new brain, or with --from a new version of one.

    A first Ctrl-C keeps the best so far, a second one ends at once. What was stopped in any way goes on when the same
    command is given again.
    """
    show_log(quiet=quiet)
    options = make_options(options=_parse_options(typed), **asked)
    with show_loading():
        folder = _find_folder(origin) if origin else None
        known = name or (read_card(folder).name if folder else None)
        if not known:
            raise UsageError("the new brain has no name", remedy="give one: --name cups")
        training = plan_training(location, name=known, asked=options, task=task, origin=folder, out=out)
    if explain:
        _print_plan(training, as_json=as_json)
        return 0
    trained = _run(training, quiet=quiet, page=page)
    if as_json:
        click.echo(json.dumps(_describe(trained), ensure_ascii=False))
    else:
        _print_trained(trained, shlex.quote(str(out)) if out else _refer_to(known))
    return describe_stop()[1] if trained.interrupted else 0


def _refer_to(name: str) -> str:
    """How the brain is named here, where a folder may have the same name: that of its pictures, as a rule."""
    return f"{TRAINED}:{name}" if names_file(name) else name


def _parse_options(typed: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in typed]
    wrong = [key for key, equals, _ in pairs if not key or not equals]
    if wrong:
        raise UsageError(f"--option {wrong[0]}: no value", remedy="write --option KEY=VALUE")
    return {key: value for key, _, value in pairs}


def _find_folder(origin: str) -> Path:
    place = resolve_brain(origin)
    return (place.parent if place.is_file() else place).absolute()


def _run(training: Training, *, quiet: bool, page: str | None) -> Trained:
    try:
        with show_training(quiet=quiet, page=page) as watch:
            return training.run(watch)
    except KeyboardInterrupt:
        print_message("no brain is written yet; the same command goes on, `runner clean` removes what is there")
        raise


def _print_plan(training: Training, *, as_json: bool) -> None:
    lines = list(training.explain())
    click.echo(json.dumps({"explain": lines}, ensure_ascii=False) if as_json else "\n".join(lines))


def _describe(trained: Trained) -> Mapping[str, Any]:
    card = trained.card
    return {
        "name": card.name, "version": card.version, "folder": str(trained.folder), "interrupted": trained.interrupted,
        "labels": list(card.labels.names), "training": dict(card.training),
    }  # fmt: skip


def _print_trained(trained: Trained, reference: str) -> None:
    card = trained.card
    early = ", ended early" if trained.interrupted else ""
    click.echo(f"{card.name}@{card.version} knows {', '.join(card.labels.names)}{early}: {trained.folder / CARD_FILE}")
    held = card.training.get("held_back")
    if isinstance(held, Mapping) and "pictures" in held:
        click.echo(", ".join([*_format_figures(held), f"on {held['pictures']} held-back pictures"]))
    click.echo(f"try it: runner run 0 --brain {reference} --sink view:8000")


def _format_figures(held: Mapping[str, Any]) -> Iterator[str]:
    """Each as ``mAP50 0.83 (0.71 to 0.92)``, with the range in which it lies by chance."""
    for name, value in held.items():
        if isinstance(value, float):
            ends = held.get(f"{name}_range") or ()
            by_chance = " to ".join(f"{end:.2f}" for end in ends)
            yield f"{name} {value:.2f}{by_chance and f' ({by_chance})'}"
