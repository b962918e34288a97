"""Who imports whom, and what the light parts import: read from the code, and tried in new processes."""

import configparser
import json
import pkgutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import runner_core
from runner_core.testing import check_plugin
from runner_core.testing.fresh_imports import HEAVY

ROOT = Path(__file__).parents[2]
# None of them to show a help text: of all that the core requires, click and pluggy alone.
SLOW = HEAVY | {"PIL", "attr", "attrs", "cattrs", "filelock", "numpy", "platformdirs"}
SLOW |= {"requests", "rich", "simplejpeg", "urllib3", "yaml"}

# Runs a statement; reports the modules it leaves behind, and what it did with sockets, by Python's audit events.
SCRIPT = """
import json, sys
events = []
sys.addaudithook(lambda event, _: event.startswith("socket.") and events.append(event))
try:
    {statement}
except SystemExit as stop:
    assert not stop.code, stop.code
print(json.dumps([sorted({{name.partition(".")[0] for name in sys.modules}}), events]), file=sys.stderr)
"""


def tried(statement: str) -> tuple[set[str], list[str]]:
    """(top-level names of the modules it imports, sockets it touched)."""
    command = [sys.executable, "-c", SCRIPT.format(statement=statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    packages, events = json.loads(done.stderr.splitlines()[-1])
    return set(packages), events


def test_the_import_rules_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_import_rules_name_every_plugin():
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    packages = {path.parent.name for path in ROOT.glob("plugins/runner-*/src/*/plugin.py")}
    assert packages <= set(rules["importlinter"]["root_packages"].split())
    assert packages <= set(rules["importlinter:contract:plugins"]["layers"].split())


@pytest.mark.parametrize(
    "statement",
    [
        "import runner_core",
        "import runner_core.hookspecs, runner_core.plugin",
        "from runner_core.cli.main import main; main(['--help'])",
        "from runner_core.cli.main import main; main(['plugins'])",
    ],
)
def test_it_imports_nothing_slow_and_opens_no_socket(statement):
    packages, events = tried(statement)
    assert "runner_core" in packages
    assert not packages & SLOW
    assert events == []


@pytest.mark.parametrize("module", sorted({entry.value for entry in entry_points(group="runner")}))
def test_a_registration_module_imports_almost_nothing(module):
    check_plugin.each()["imports_almost_nothing"](module)


def test_no_module_of_the_core_imports_a_framework_or_asks_the_network():
    modules = [found.name for found in pkgutil.walk_packages(runner_core.__path__, "runner_core.")]
    assert "runner_core.cli.main" in modules
    packages, events = tried(f"import {', '.join(modules)}")
    assert not packages & (HEAVY | {"pytest"})
    assert set(events) <= {"socket.__new__", "socket.bind"}  # urllib3 looks whether this machine has IPv6


def test_sockets_and_slow_modules_are_seen():
    packages, events = tried("import socket, numpy; socket.socket().close()")
    assert "numpy" in packages & SLOW
    assert events == ["socket.__new__"]
