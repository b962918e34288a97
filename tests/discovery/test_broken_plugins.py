"""Real distributions on the path of a new process: whichever are broken, the others run and the fault is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner_core.testing import write_distribution

GOOD = """
from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

@hookimpl
def runner_tasks():
    yield Plugin("{task}", "fractions:Fraction", "a good one")
"""


def spoiled(old: str, new: str) -> str:
    """A good module, but for one thing."""
    assert old in GOOD
    return GOOD.replace(old, new)


# entry point -> (its registration module, what the problem must say)
BROKEN = {
    "import-error": ("import no_such_module\n", "plugin cannot be imported (ModuleNotFoundError: No module named"),
    "syntax-error": ("def runner_tasks(:\n", "SyntaxError: invalid syntax"),
    "system-exit": ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
    "odd-exception": ("class Odd(BaseException): pass\nraise Odd('out\\nof order')\n", "Odd: out of order"),
    "unknown-hook": (spoiled("_tasks", "_taks"), "implements unknown hooks: runner_taks; known: runner_engines"),
    "wrong-signature": (spoiled("()", "(model)"), "Argument(s) {'model'} are declared in the hookimpl"),
    "hook-raises": (GOOD + "    raise OSError('disk on fire')\n", "OSError: disk on fire"),
    "not-a-plugin": (GOOD + "    yield 'a name'\n", "runner_tasks returned 'a name', not a Plugin"),
    "forgot-yield": (spoiled("yield ", ""), "runner_tasks returned None, not Plugins"),
    "forgot-hookimpl": (spoiled("@hookimpl\n", ""), "implements no hook of runner; runner_tasks lacks @hookimpl"),
    "string-claims": (
        spoiled('one")', 'one", claims=(".x"))'),
        "the claims of string-claims are '.x', not a tuple of texts",
    ),
    "bare-target": (spoiled(":Fraction", ""), "the target of bare-target is 'fractions', not package.module:attribute"),
}

REPORT = """
import json
from runner_core.discovery.registry import get_registry
found = get_registry()
print(json.dumps({
    "tasks": {name: [task.distribution, task.version] for name, task in found.all("tasks").items()},
    "engines": list(found.all("engines")),
    "problems": [[problem.origin.entry, problem.origin.distribution, problem.message] for problem in found.problems],
}))
"""


def python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """All broken plugins at once, with good ones before, among and after them."""
    path = tmp_path_factory.mktemp("distributions")
    for entry, (code, _) in BROKEN.items():
        package = f"broken_{entry.replace('-', '_')}"
        write_distribution(
            path, f"runner-{entry}", {f"{package}/plugin.py": code.format(task=entry)}, {entry: f"{package}.plugin"}
        )
    for name in ("aaa", "mmm", "zzz"):
        files = {f"good_{name}/plugin.py": GOOD.format(task=f"good-{name}")}
        write_distribution(path, f"runner-{name}", files, {name: f"good_{name}.plugin"}, version="2.5")
    write_distribution(path, "runner-hollow", {}, {"hollow": "no_such_package.plugin"})
    write_distribution(path, "runner-thing", {"thing/plugin.py": "value = 1\n"}, {"thing": "thing.plugin:value"})
    for name in ("north", "south"):
        files = {f"{name}/plugin.py": GOOD.format(task=f"from-{name}")}
        write_distribution(path, f"runner-{name}", files, {"namesake": f"{name}.plugin"}, version="2.5")
    write_distribution(path, "runner-aaa-renamed", {}, {"zzz-renamed": "good_aaa.plugin"})
    return path


@pytest.fixture(scope="module")
def report(folder: Path) -> dict:
    done = python(folder, "-c", REPORT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def problem(report: dict, entry: str) -> list[str]:
    found = [told for told in report["problems"] if told[0] == entry]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("entry", BROKEN)
def test_each_fault_is_reported_once_on_one_line_with_its_distribution(report, entry):
    _, distribution, message = problem(report, entry)
    assert distribution == f"runner-{entry}"
    assert BROKEN[entry][1] in message
    assert "\n" not in message


def test_a_missing_module_is_reported(report):
    assert "No module named 'no_such_package'" in problem(report, "hollow")[2]


def test_an_entry_point_that_is_not_a_module_is_reported(report):
    assert "thing.plugin:value is not a module" in problem(report, "thing")[2]


def test_two_entry_points_of_one_name_are_both_there(report):
    assert report["tasks"]["from-north"] == ["runner-north", "2.5"]
    assert report["tasks"]["from-south"] == ["runner-south", "2.5"]
    assert not [told for told in report["problems"] if told[0] == "namesake"]


def test_a_module_registered_twice_names_both_distributions(report):
    message = problem(report, "zzz-renamed")[2]
    assert "the module good_aaa.plugin is in runner-aaa already; that of runner-aaa-renamed is left out" in message


def test_the_others_work(report):
    good = {name: task for name, task in report["tasks"].items() if name.startswith("good-")}
    assert good == {f"good-{name}": [f"runner-{name}", "2.5"] for name in ("aaa", "mmm", "zzz")}
    assert "tensorflow" in report["engines"]  # the ones that are really installed are there too


def test_nothing_of_a_broken_plugin_is_registered(report):
    assert not set(BROKEN) & set(report["tasks"])


def test_problems_and_plugins_come_in_the_order_of_names(report):
    entries = [told[0] for told in report["problems"]]
    assert entries == sorted(entries)
    good = [name for name in report["tasks"] if name.startswith("good-")]
    assert good == sorted(good)


def test_the_command_line_runs_and_shows_them(folder):
    helped = python(folder, "-m", "runner_core.cli.main", "--help")
    assert helped.returncode == 0, helped.stderr
    listed = python(folder, "-m", "runner_core.cli.main", "plugins")
    assert listed.returncode == 1
    assert "good-mmm" in listed.stdout
    for entry in BROKEN:
        assert f"{entry} (runner-{entry})" in listed.stderr


def test_a_distribution_whose_entry_points_cannot_be_read_spoils_no_other(tmp_path):
    write_distribution(tmp_path, "runner-good", {"good/plugin.py": GOOD.format(task="good")}, {"good": "good.plugin"})
    write_distribution(tmp_path, "runner-garbled", {}, {})
    (tmp_path / "runner_garbled-1.0.dist-info" / "entry_points.txt").write_bytes(b"[runner]\nno equals sign\n\xff\n")
    report = json.loads(python(tmp_path, "-c", REPORT).stdout)
    assert "good" in report["tasks"]
    assert "tensorflow" in report["engines"]
    assert problem(report, "entry_points.txt")[1] == "runner-garbled"


@pytest.mark.parametrize("garbled", [False, True])
def test_a_distribution_without_metadata_is_called_by_its_entry_point(tmp_path, garbled):
    write_distribution(tmp_path, "runner-bare", {"bare/plugin.py": GOOD.format(task="bare")}, {"bare": "bare.plugin"})
    metadata = tmp_path / "runner_bare-1.0.dist-info" / "METADATA"
    metadata.write_bytes(b"Name: \xff\xfe") if garbled else metadata.unlink()
    report = json.loads(python(tmp_path, "-c", REPORT).stdout)
    assert report["tasks"]["bare"] == ["bare", ""]
    assert report["problems"] == []


@pytest.mark.parametrize(
    ("chosen", "tasks"), [("zzz,aaa", ["good-aaa", "good-zzz"]), (" mmm ,", ["good-mmm"]), ("", []), (",", [])]
)
def test_the_variable_loads_those_alone(folder, chosen, tasks):
    report = json.loads(python(folder, "-c", REPORT, RUNNER_LOAD_PLUGINS=chosen).stdout)
    assert list(report["tasks"]) == tasks
    assert report["engines"] == []
    assert report["problems"] == []


def test_a_name_in_the_variable_that_is_not_installed_is_reported(folder):
    report = json.loads(python(folder, "-c", REPORT, RUNNER_LOAD_PLUGINS="aaa,ghost").stdout)
    assert list(report["tasks"]) == ["good-aaa"]
    assert report["problems"] == [["ghost", "ghost", "RUNNER_LOAD_PLUGINS names it, and it is not installed"]]


@pytest.mark.parametrize("garbled", [False, True])
def test_of_two_copies_of_a_distribution_the_first_on_the_path_counts(tmp_path, garbled):
    for place, version in (("first", "1.0"), ("second", "2.0")):
        files = {"copied/plugin.py": GOOD.format(task=place)}
        entries = {"copied": "copied.plugin"}
        write_distribution(tmp_path / place, "runner-copied", files, entries, version=version)
    if garbled:  # then distributions are read one by one
        write_distribution(tmp_path / "first", "runner-garbled", {}, {"no equals sign\nhere": ""})
    path = os.pathsep.join(str(tmp_path / place) for place in ("first", "second"))
    report = json.loads(python(Path(path), "-c", REPORT).stdout)
    assert report["tasks"]["first"] == ["runner-copied", "1.0"]
    assert "second" not in report["tasks"]
    assert len(report["problems"]) == garbled
