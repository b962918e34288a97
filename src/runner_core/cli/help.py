"""``runner help``: what ``--help`` shows, of runner or of a command."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def _complete_commands(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    root = context.find_root()
    return root.command.shell_complete(root, incomplete)


@click.command(name="help")
@click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=_complete_commands)
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of COMMAND, or of runner: `runner help brains prune`."""
    shown = context.find_root()
    for word in words:
        group = shown.command
        found = None
        if isinstance(group, click.Group):
            name, found, _ = group.resolve_command(shown, [word])
        if found is None:
            shown.fail(f"`{shown.command_path}` has no commands.")
        shown = found.context_class(found, info_name=name, parent=shown)
    click.echo(shown.get_help())
