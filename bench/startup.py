"""What ``runner --help`` and ``runner plugins`` cost with 20 plugins installed, in times of ``python -c "import
click"``, and what each further plugin adds to them.

The plugins are written to a temporary folder as real distributions with entry points, besides those installed here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

from _measure import alternate, format_table, print_verdict

from runner_core.testing import write_distribution

FEW, MANY = 20, 60
TIMES, PER_PLUGIN = 3.5, 0.024  # of the time of importing click, at most
ROUNDS = 15

PLUGIN = """
from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

@hookimpl
def runner_engines():
    yield Plugin("engine-{number}", "bench_{number}.engine:Engine", "An engine.", claims=(".x{number}",))

@hookimpl
def runner_tasks():
    yield Plugin("task-{number}", "bench_{number}.task:Task", "A task.")

@hookimpl
def runner_commands():
    yield Plugin("command-{number}", "bench_{number}.command:command", "A command.")
"""


def write_plugins(folder: Path, count: int) -> None:
    for number in range(count):
        files = {f"bench_{number}/plugin.py": PLUGIN.format(number=number)}
        write_distribution(folder, f"runner-bench-{number}", files, {f"bench-{number}": f"bench_{number}.plugin"})


def command(arguments: list[str | Path], folder: Path, shows: str = "") -> Callable[[], None]:
    """Runs it in a new process, with the plugins of ``folder`` installed."""
    environment = os.environ | {"PYTHONPATH": str(folder)}

    def call() -> None:
        done = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, check=True)
        assert shows.encode() in done.stdout

    return call


def main() -> int:
    with tempfile.TemporaryDirectory() as made:
        few, many, none = (Path(made) / name for name in ("few", "many", "none"))
        write_plugins(few, FEW)
        write_plugins(many, MANY)
        runner = Path(sys.executable).with_name("runner")
        rivals = {'python -c "import click"': command([sys.executable, "-c", "import click"], none)}
        for asked, shows in (("--help", "command"), ("plugins", "engine")):
            for count, folder in ((FEW, few), (MANY, many)):
                call = command([runner, asked], folder, f"{shows}-{count - 1}")
                rivals[f"runner {asked}, {count} plugins"] = call
        medians = alternate(rivals, rounds=ROUNDS)
    print(f"medians of {ROUNDS} alternating runs; {len(entry_points(group='runner'))} more plugins are installed here")
    print(format_table(medians))
    click = medians['python -c "import click"']
    held = []
    for asked in ("--help", "plugins"):
        with_few, with_many = (medians[f"runner {asked}, {count} plugins"] for count in (FEW, MANY))
        more = (with_many - with_few) / (MANY - FEW) / click
        held.append(
            print_verdict(f"runner {asked} with {FEW} plugins, of import click", with_few / click, TIMES, "times")
        )
        held.append(print_verdict("each further plugin", more, PER_PLUGIN, "times"))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
