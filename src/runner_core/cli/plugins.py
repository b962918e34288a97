"""``runner plugins``: what is installed, what is broken, which wins, what each costs. Imports no plugin's code."""

from __future__ import annotations

import json
from typing import Any

import click

from runner_core.discovery.choices import Choices, find_choices_file, normalise_name, read_kept_choices
from runner_core.discovery.entry_points import Origin, find_entry_points
from runner_core.discovery.registry import KINDS, Registry, get_registry
from runner_core.errors import UsageError
from runner_core.util.spelling import ask_if_meant

SLOW = 0.1  # seconds of every command's start that one plugin should not take


@click.group(invoke_without_command=True)
@click.option(
    "--times", is_flag=True, help="Show how long each takes of the start of every command, the slowest first."
)
@click.option("--json", "as_json", is_flag=True, help="Print all that is known, as JSON.")
@click.pass_context
def plugins(context: click.Context, times: bool, as_json: bool) -> int:
    """List what is installed, by kind, what is broken, and where two want the same."""
    if context.invoked_subcommand is not None:
        return 0
    registry = get_registry()
    if as_json:
        click.echo(json.dumps(describe_plugins(registry), indent=2, ensure_ascii=False))
    elif times:
        _print_times(registry)
    else:
        _print_plugins(registry)
    strict = context.find_root().params.get("strict_plugins")
    failed = bool(registry.problems) if as_json else print_problems()
    return 1 if failed or (strict and registry.list_conflicts()) else 0


@plugins.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="No longer prefer it.")
def prefer(name: str, undo: bool) -> None:
    """Use the plugins of distribution NAME before all others that have the same name or claim the same.

    NAME may also be the name of a plugin that one distribution alone has.
    """
    kept = read_kept_choices()
    if undo:
        chosen = find_known(name, kept.preferred)
        _keep(kept.forget(chosen), f"{chosen} is no longer preferred")
    else:
        chosen = find_distribution_of(name)
        _keep(kept.prefer(chosen), f"{chosen} is preferred")


@plugins.command()
@click.argument("name")
def disable(name: str) -> None:
    """Leave out what distribution NAME, or the entry point NAME, adds: it is not even imported."""
    chosen = find_known(name, {each for origin in _list_installed() for each in _names_of(origin)})
    _keep(read_kept_choices().disable(chosen), f"{chosen} is disabled")


@plugins.command()
@click.argument("name")
def enable(name: str) -> None:
    """Take back `disable` NAME."""
    kept = read_kept_choices()
    chosen = find_known(name, kept.disabled)
    _keep(kept.enable(chosen), f"{chosen} is enabled")


def print_problems() -> int:
    """Prints each broken plugin and each conflict on standard error; 1 if any is broken."""
    registry = get_registry()
    for problem in registry.problems:
        click.echo(f"runner: broken plugin {problem}", err=True)
    for conflict in registry.list_conflicts():
        click.echo(f"runner: {conflict}", err=True)
    return 1 if registry.problems else 0


def describe_plugins(registry: Registry) -> dict[str, Any]:
    """All that is known of the plugins, as JSON; ``seconds`` by entry point."""
    found = [
        {
            "kind": kind[:-1], "name": name, "summary": one.plugin.summary, "claims": list(one.plugin.claims),
            "target": one.plugin.target, "entry": one.origin.entry, "distribution": one.distribution,
            "version": one.version,
        }
        for kind in KINDS
        for name, one in registry.all(kind).items()
    ]  # fmt: skip
    conflicts = [
        {
            "kind": each.kind[:-1], "word": each.word, "winner": each.winner.distribution,
            "others": [other.distribution for other in each.others],
        }
        for each in registry.list_conflicts()
    ]  # fmt: skip
    problems = [
        {"entry": each.origin.entry, "distribution": each.origin.distribution, "message": each.message}
        for each in registry.problems
    ]
    return {
        "plugins": found,
        "problems": problems,
        "conflicts": conflicts,
        "preferred": list(registry.choices.preferred),
        "disabled": [origin.entry for origin in registry.disabled],
        "seconds": {origin.entry: round(seconds, 6) for origin, seconds in registry.seconds.items()},
    }


def find_distribution_of(name: str) -> str:
    """The normalised name of a distribution with plugins, itself or as the one that has a plugin of that name.

    Raises UsageError where there is none, or several.
    """
    installed = {normalise_name(origin.distribution) for origin in _list_installed()}
    if normalise_name(name) in installed:
        return normalise_name(name)
    registry = get_registry()
    having = {
        normalise_name(one.distribution)
        for kind in KINDS
        for one in registry.all(kind).values()
        if name in (one.plugin.name, one.plugin.name.rpartition("/")[2])
    }
    if len(having) == 1:
        return having.pop()
    if having:
        raise UsageError(f"several distributions have {name!r}", remedy=f"name one: {', '.join(sorted(having))}")
    return find_known(name, installed)


def find_known(name: str, known: Any) -> str:
    """The normalised name, if it is among ``known``. Raises UsageError naming these."""
    normal = normalise_name(name)
    if normal not in known:
        remedy = f"{ask_if_meant(normal, known)}known: {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"there is no {name!r} here", remedy=remedy)
    return normal


def _list_installed() -> list[Origin]:
    """Of every entry point, the disabled ones too."""
    return [Origin(entry.name, entry.dist) for entry in find_entry_points()[0]]


def _names_of(origin: Origin) -> tuple[str, str]:
    return normalise_name(origin.entry), normalise_name(origin.distribution)


def _keep(choices: Choices, done: str) -> None:
    choices.write()
    click.echo(f"{done}: {find_choices_file()}", err=True)


def _print_plugins(registry: Registry) -> None:
    formatter = click.HelpFormatter(max_width=110)
    for kind in KINDS:
        rows = [
            (name, f"{found.plugin.summary} [{' '.join(filter(None, (found.distribution, found.version)))}]")
            for name, found in registry.all(kind).items()
        ]
        if rows:
            with formatter.section(kind):
                formatter.write_dl(rows)
    if registry.disabled:
        with formatter.section("disabled"):
            formatter.write_dl([(origin.entry, f"[{origin.distribution}]") for origin in registry.disabled])
    click.echo(formatter.getvalue(), nl=False)


def _print_times(registry: Registry) -> None:
    slowest = sorted(registry.seconds.items(), key=lambda each: -each[1])
    for origin, seconds in slowest:
        click.echo(f"{seconds * 1000:8.1f} ms  {origin.entry} [{origin.distribution}]")
    for origin, seconds in slowest:
        if seconds > SLOW:
            click.echo(
                f"runner: {origin.entry} ({origin.distribution}) takes {seconds * 1000:.0f} ms of the start of every "
                "command; import what is heavy in the target's module",
                err=True,
            )
