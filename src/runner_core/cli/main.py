"""The command ``runner``: imports only the command that is run; turns errors into one line and an exit code.

Exit codes: 0 success; 1 something failed, and what could be done was done; 2 wrong use; 130 interrupted,
143 terminated.
"""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from itertools import islice
from typing import Any

import click
from click.shell_completion import CompletionItem

from runner_core.cli.setting import SettingOption
from runner_core.cli.signals import describe_stop, interrupt_on_signals
from runner_core.cli.terminal import printable_streams
from runner_core.discovery.catalog import find_distribution
from runner_core.discovery.registry import get_registry
from runner_core.errors import LabelError, NoSuchBrain, PluginError, RunnerError, UsageError
from runner_core.util.settings import LOG_LEVELS
from runner_core.util.spelling import find_alike
from runner_core.util.tracebacks import keep_tracebacks, wants_tracebacks

_DEBUG, _LOG_LEVEL, _PLUGIN = "--debug", "--log-level", "--plugin"
_STRICT = ("--strict-plugins", "--no-strict-plugins")
_WRONG_USE = (UsageError, NoSuchBrain, LabelError)  # a name or a file that was typed does not fit

# name -> (target, summary); a command's module is imported when it is run
COMMANDS = {
    "run": ("runner_core.cli.run:run", "Run brains over a source and write the answers to sinks."),
    "predict": ("runner_core.cli.predict:predict", "Show what brains find in one picture."),
    "replay": ("runner_core.cli.replay:command", "Draw, filter or convert the answers of a run, without a model."),
    "verify": ("runner_core.cli.verify:command", "Check that a brain gives the same answers on several engines."),
    "export": ("runner_core.cli.export:command", "Write a brain's network for other engines."),
    "bench": ("runner_core.cli.bench:bench", "Measure brains over a source, or a brain in its engines."),
    "inspect": ("runner_core.cli.inspect:inspect", "Show what a model file is, and draft its card."),
    "data": ("runner_core.cli.data:data", "Show what is in a data set, and what is odd about it."),
    "train": ("runner_core.cli.train:command", "Learn from labelled pictures: a new brain, or one trained further."),
    "brains": ("runner_core.cli.brains:brains", "List the available brains; remove fetched ones."),
    "pull": ("runner_core.cli.pull:pull", "Fetch brains, so that they run without a network."),
    "push": ("runner_core.cli.push:push", "Publish a brain to a store."),
    "lock": ("runner_core.cli.lock:lock", "Write brains.lock: exactly these brains, file by file."),
    "clean": ("runner_core.cli.clean:command", "Remove what killed runs left."),
    "plugins": ("runner_core.cli.plugins:plugins", "List what is installed, and what is broken."),
    "new-plugin": ("runner_core.cli.new_plugin:command", "Write a plugin that works, to be made your own."),
    "doctor": ("runner_core.cli.doctor:doctor", "Check this machine: versions, engines, devices, plugins."),
    "help": ("runner_core.cli.help:command", "Show the help of a command."),
}


# How `--help` groups the commands, in this order; the commands of other packages follow.
SECTIONS = {
    "Answers": ("run", "predict", "demo", "replay", "serve"),
    "Models": ("inspect", "export", "verify", "bench", "data", "label", "eval", "train"),
    "Brains": ("brains", "pull", "push", "lock"),
    "This installation": ("plugins", "doctor", "clean", "help", "new-plugin"),
}


class Commands(click.Group):
    """The commands above and those of plugins: listed by their summaries, imported when run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return [*COMMANDS, *(name for name in get_registry().all("commands") if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name in COMMANDS:
            module, _, attribute = COMMANDS[cmd_name][0].partition(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        found = get_registry().find("commands", cmd_name)
        return found.load() if found else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """For an unknown command, says which was meant or which package has it; for a known one, shows the log."""
        name, known = args[0], self.list_commands(ctx)
        if ctx.resilient_parsing:  # while a shell completes the line
            return super().resolve_command(ctx, args)
        if name not in known and not name.startswith("-"):
            ctx.fail(f"No such command {name!r}{_suggest_command(name, known)}")
        from runner_core.cli.console import show_log  # slow, and --help does not need it

        show_log()
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """From the summaries too."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        items = [CompletionItem(name, help=self._summary(name)) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the summaries, so that no command is imported to list it."""
        known = self.list_commands(ctx)
        placed = {name for names in SECTIONS.values() for name in names}
        sections = {**SECTIONS, "More": tuple(name for name in known if name not in placed)}
        width = max(map(len, known))
        for title, names in sections.items():
            rows = [(name.ljust(width), self._summary(name)) for name in names if name in known]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What no plugin that is installed brings."""
        super().format_epilog(ctx, formatter)
        if not get_registry().all("trainers"):
            formatter.write_paragraph()
            formatter.write_text("`runner train` needs a trainer, and none is installed.")

    @staticmethod
    def _summary(name: str) -> str:
        return COMMANDS[name][1] if name in COMMANDS else get_registry().all("commands")[name].plugin.summary


def _suggest_command(name: str, known: Sequence[str]) -> str:
    package = find_distribution("commands", name)
    if package:
        return f": `pip install {package}` adds it."
    alike = find_alike(name, known)
    return f". Did you mean {alike[0]}?" if alike else "."


def _add_plugin_files(_context: click.Context, _option: click.Parameter, files: tuple[str, ...]) -> None:
    """For everything that follows, ``--help`` too."""
    if files:
        from runner_core.discovery.plugin_files import add_typed_files  # slow, and most type none

        add_typed_files(files)


def check_plugins() -> None:
    """Raises PluginError if one is broken, or two want the same and no person has chosen."""
    registry = get_registry()
    faults = [*registry.problems, *registry.list_conflicts()]
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise PluginError(f"{_STRICT[0]}: {faults[0]}{more}", remedy="see `runner plugins`")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(_DEBUG, is_flag=True, help="Show the traceback of an error.")
@click.option(
    _LOG_LEVEL,
    cls=SettingOption,
    type=click.Choice(LOG_LEVELS),
    metavar="LEVEL",
    help=f"What is told beside answers: {', '.join(LOG_LEVELS)}; info by default.",
)
@click.option(
    _PLUGIN,
    multiple=True,
    metavar="FILE.py",
    is_eager=True,
    callback=_add_plugin_files,
    help="Use the plugins in this file too, before all that are installed; may be repeated.",
)
@click.option(
    "/".join(_STRICT), cls=SettingOption, help="Fail if a plugin is broken, or two want the same and none is preferred."
)
@click.version_option(package_name="runner-core")
@click.pass_context
def cli(
    context: click.Context, /, strict_plugins: bool, **_: object
) -> None:  # the others are read where they are needed
    """Run many vision models over one picture, on your own machine."""
    if strict_plugins and context.invoked_subcommand != "plugins":  # that one lists them
        check_plugins()


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits."""
    asked = list(sys.argv[1:] if arguments is None else arguments)
    with interrupt_on_signals(), printable_streams():
        code = _run_guarded(asked)
    if arguments is None:
        _exit_past_waiting_threads(code)
    sys.exit(code)


def _exit_past_waiting_threads(code: int) -> None:
    """Ends this process without Python's shutdown if a thread of runner's still waits, such as for a dead camera.

    While it waits, FFmpeg asks Python ten times a second whether to go on, which crashes once Python is shut down.
    """
    if any(thread.daemon and thread.name.startswith("runner-") for thread in threading.enumerate()):
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)


def _run_guarded(arguments: list[str]) -> int:
    arguments = _move_to_front(arguments)
    debug = _DEBUG in arguments[:1] or wants_tracebacks()
    try:
        with keep_tracebacks() if debug else nullcontext():
            code = cli.main(arguments, prog_name="runner", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        word, code = describe_stop()
        _print_error(word)
        return code
    except BrokenPipeError:
        # Nobody reads any more. Python flushes once more at exit: discard that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told here
        if debug:
            traceback.print_exc()  # here, where a name in it cannot act on the terminal
            return 1
        return _report_error(error)


def _move_to_front(arguments: list[str]) -> list[str]:
    """The words with runner's own options first, which may stand anywhere before ``--``: --debug the very first."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments[:end])
    for word in words:
        if word in (_LOG_LEVEL, _PLUGIN):
            front += [word, *islice(words, 1)]
        elif word in _STRICT or word.startswith((f"{_LOG_LEVEL}=", f"{_PLUGIN}=")):
            front.append(word)
        else:
            rest += [word] if word != _DEBUG else []
    debug = [_DEBUG] if _DEBUG in arguments[:end] else []
    return [*debug, *front, *rest, *arguments[end:]]


def _report_error(error: Exception) -> int:
    if isinstance(error, RunnerError):
        _print_error(str(error))
    else:
        from runner_core.cli.crash import describe_crash  # slow, and --help does not need it

        _print_error(describe_crash(error))
    return 2 if isinstance(error, _WRONG_USE) else 1


def _print_error(message: Any) -> None:
    click.echo(f"runner: {message}", err=True)


if __name__ == "__main__":
    main()
