"""Writes docs/commands/: a page for each command, as its ``--help`` has it.

``make commands`` runs it, and a test holds the committed pages to the commands.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from runner_core.cli.main import COMMANDS, SECTIONS, cli
from runner_core.discovery.registry import get_registry

FOLDER = Path(__file__).parents[1] / "docs" / "commands"

HEAD = """# Commands

What `runner COMMAND --help` shows, as pages. They are made by `make commands`.

Exit codes: 0 success; 1 something failed, and what could be done was done; 2 wrong use; 130 interrupted, 143
terminated.
"""


def main() -> None:
    """Writes the pages, and removes those of commands that are gone."""
    pages = write_pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def write_pages() -> dict[str, str]:
    """The pages by their file names."""
    group = click.Context(cli, info_name="runner", **cli.context_settings)
    commands = {name: cli.get_command(group, name) for name in cli.list_commands(group)}
    pages = {
        f"{name}.md": "\n".join(describe_command(command, group, name)) for name, command in commands.items() if command
    }
    return {"README.md": "\n".join(list_commands(group, list(commands))), **pages}


def list_commands(group: click.Context, names: list[str]) -> Iterator[str]:
    """The index, in the sections of ``runner --help``."""
    yield HEAD
    yield from describe_options(cli, group)
    placed = [name for section in SECTIONS.values() for name in section]
    for title, members in {**SECTIONS, "More": tuple(name for name in names if name not in placed)}.items():
        known = [name for name in members if name in names]
        if known:
            yield f"## {title}\n\n| | |\n|---|---|"
            yield from (f"| [{name}]({name}.md) | {escape(summarise(name))} |" for name in known)
            yield ""


def describe_command(command: click.Command, parent: click.Context, name: str, depth: int = 1) -> Iterator[str]:
    """A command and its own commands, as lines of Markdown."""
    context = click.Context(command, info_name=name, parent=parent)
    yield f"{'#' * depth} {context.command_path}\n"
    yield f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    yield f"{escape(inspect.cleandoc(command.help or ''))}\n"
    yield from describe_options(command, context)
    for child in command.list_commands(context) if isinstance(command, click.Group) else ():
        known = command.get_command(context, child)
        if known:
            yield from describe_command(known, context, child, depth + 1)


def describe_options(command: click.Command, context: click.Context) -> Iterator[str]:
    """As a table."""
    records = [record for param in command.get_params(context) if (record := param.get_help_record(context))]
    if records:
        yield "| option | |\n|---|---|"
        yield from (f"| {format_names(names)} | {format_help(told)} |" for names, told in records if told)
        yield ""


def format_names(names: str) -> str:
    """As code: ``-b``, ``--brain BRAIN``."""
    return ", ".join(f"`{name.strip()}`" for name in names.split(", ")).replace("|", "\\|")


def format_help(text: str) -> str:
    """What an option does; what Click adds in brackets, such as a default, as code."""
    told, _, added = f"  {text}".partition("  [")
    parts = [escape(told), f"`[{added}`".replace("|", "\\|") if added else ""]
    return " ".join(part for part in parts if part)


def escape(text: str) -> str:
    """Plain text as Markdown shows it."""
    return re.sub(r"([*<|\[\]])", r"\\\1", text.strip())


def summarise(name: str) -> str:
    """The line of ``runner --help``."""
    return COMMANDS[name][1] if name in COMMANDS else get_registry().all("commands")[name].plugin.summary


if __name__ == "__main__":
    main()
