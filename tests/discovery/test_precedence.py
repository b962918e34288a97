"""Which plugin wins: real distributions on the path, that want the same names and claims."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner_core.testing import write_distribution

CODE = """
from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

@hookimpl
def runner_{kind}():
    yield Plugin("{name}", "fractions:Fraction", "made for a test", claims={claims!r})
"""

ASK = """
import json, logging, sys
logging.basicConfig(stream=sys.stderr, format="%(message)s")
from runner_core.discovery.registry import get_registry
found = get_registry()
kind, word = sys.argv[1:]
one = found.find(kind, word)
print(json.dumps({
    "named": one and one.distribution,
    "claiming": [f"{each.distribution}:{each.plugin.name}" for each in found.find_claiming(kind, word)],
    "again": len(found.find_claiming(kind, word)),
    "all": list(found.all(kind)),
    "problems": [str(problem) for problem in found.problems],
}))
"""


def write(folder: Path, name: str, entry: str, plugin: str, *claims: str, kind: str = "engines", **metadata) -> None:
    package = name.replace("-", "_")
    files = {f"{package}/plugin.py": CODE.format(kind=kind, name=plugin, claims=claims)}
    write_distribution(folder, name, files, {entry: f"{package}.plugin"}, **metadata)


def ask(folder: Path, *words: str, **environment: str) -> tuple[dict, str]:
    given = os.environ | {"PYTHONPATH": str(folder), "RUNNER_HOME": str(folder / "home")} | environment
    done = subprocess.run([sys.executable, "-c", ASK, *words], env=given, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), done.stderr


@pytest.fixture
def shop(tmp_path, runner):
    """`runner` with the distributions of ``tmp_path`` installed, and a home folder there."""

    def call(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        home = {"PYTHONPATH": str(tmp_path), "RUNNER_HOME": str(tmp_path / "home")}
        return subprocess.run(
            [sys.executable, "-m", "runner_core.cli.main", *words],
            env=os.environ | home | environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return call


def test_an_engine_that_comes_earlier_in_the_alphabet_does_not_take_everybodys_onnx_files(tmp_path):
    write(tmp_path, "aaa-stranger", "aaa", "aaa", ".onnx")
    told, said = ask(tmp_path, "engines", ".onnx")
    assert told["claiming"] == ["runner-onnx:onnx", "runner-openvino:openvino", "aaa-stranger:aaa"]
    assert said == (
        "engine '.onnx': runner-onnx is used, and aaa-stranger has it too; "
        "`runner plugins prefer runner-onnx` settles it\n"
    )  # once, though it was asked twice


def test_a_claim_that_is_listed_later_is_no_conflict(tmp_path):
    write(tmp_path, "aaa-stranger", "aaa", "aaa", ".own", ".onnx")
    told, said = ask(tmp_path, "engines", ".onnx")
    assert told["claiming"][0] == "runner-onnx:onnx"
    assert said == ""


def test_strangers_come_by_the_place_of_the_claim_and_then_by_distribution(tmp_path):
    write(tmp_path, "acme-c", "a", "one", ".odd", ".other")
    write(tmp_path, "acme-b", "b", "three", ".odd")
    write(tmp_path, "acme-a", "c", "two", ".other", ".odd")
    told, said = ask(tmp_path, "engines", ".odd")
    assert told["claiming"] == ["acme-b:three", "acme-c:one", "acme-a:two"]
    assert "acme-b is used, and acme-c has it too" in said


def test_the_order_of_folders_on_the_path_changes_nothing(tmp_path):
    for name in ("east", "west"):
        write(tmp_path / name, f"acme-{name}", name, "contested", ".x")
    places = [str(tmp_path / name) for name in ("east", "west")]
    for order in (places, places[::-1]):
        told, _ = ask(tmp_path, "engines", "contested", PYTHONPATH=os.pathsep.join(order))
        assert told["named"] == "acme-east"
        assert {"contested", "acme-west/contested"} <= set(told["all"])


@pytest.mark.parametrize("stranger", ["aaa-stranger", "zzz-stranger"])
def test_a_stranger_with_the_name_of_ours_is_kept_apart(tmp_path, stranger):
    write(tmp_path, stranger, stranger, "yolo", kind="tasks")
    told, said = ask(tmp_path, "tasks", "yolo")
    assert told["named"] == "runner-detection"
    assert f"{stranger}/yolo" in told["all"]
    assert told["problems"] == []
    assert f"task 'yolo': runner-detection is used, and {stranger} has it too" in said
    assert ask(tmp_path, "tasks", f"{stranger}/yolo")[0]["named"] == stranger


def test_what_is_preferred_wins_and_nothing_is_said(tmp_path, shop):
    write(tmp_path, "aaa-stranger", "aaa", "aaa", ".own", ".onnx")
    write(tmp_path, "Acme_Tasks", "acme", "yolo", kind="tasks")
    for name in ("aaa", "acme-tasks"):
        assert shop("plugins", "prefer", name).returncode == 0
    assert ask(tmp_path, "engines", ".onnx")[0]["claiming"][0] == "aaa-stranger:aaa"
    told, said = ask(tmp_path, "tasks", "yolo")
    assert (told["named"], said) == ("Acme_Tasks", "")
    assert "runner-detection/yolo" in told["all"]
    assert shop("plugins", "prefer", "--undo", "aaa-stranger").returncode == 0
    assert ask(tmp_path, "engines", ".onnx")[0]["claiming"][0] == "runner-onnx:onnx"


def test_the_variables_come_before_the_file(tmp_path, shop):
    for name in ("acme-a", "acme-b"):
        write(tmp_path, name, name, name, ".odd")
    assert shop("plugins", "prefer", "acme-a").returncode == 0
    assert ask(tmp_path, "engines", ".odd")[0]["claiming"][0] == "acme-a:acme-a"
    told, _ = ask(tmp_path, "engines", ".odd", RUNNER_PREFER_PLUGINS="acme-b")
    assert told["claiming"] == ["acme-b:acme-b", "acme-a:acme-a"]
    told, _ = ask(tmp_path, "engines", ".odd", RUNNER_DISABLE_PLUGINS="acme_a")
    assert told["claiming"] == ["acme-b:acme-b"]


def test_a_disabled_plugin_is_not_even_imported_until_it_is_enabled(tmp_path, shop):
    write_distribution(
        tmp_path, "acme-broken", {"acme_broken/plugin.py": "import no_such_module"}, {"broken": "acme_broken.plugin"}
    )
    assert shop("plugins").returncode == 1
    assert shop("plugins", "disable", "broken").returncode == 0
    listed = shop("plugins")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "disabled:\n  broken  [acme-broken]" in listed.stdout
    assert shop("plugins", "enable", "broken").returncode == 0
    assert shop("plugins").returncode == 1


@pytest.mark.parametrize("word", ["prefer", "disable", "enable"])
def test_a_name_that_is_not_there_is_refused_and_nothing_is_written(tmp_path, shop, word):
    refused = shop("plugins", word, "runner-onx")
    assert refused.returncode == 2
    assert "there is no 'runner-onx' here" in refused.stderr
    assert not (tmp_path / "home").exists()


def test_a_file_of_choices_that_cannot_be_read_is_a_problem_and_no_end(tmp_path, shop):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "plugins.toml").write_text("prefer = 3\n")
    listed = shop("plugins")
    assert listed.returncode == 1
    assert "plugins.toml: not the lists `prefer` and `disable`" in listed.stderr
    assert "onnx" in listed.stdout


def test_strict_refuses_what_is_ambiguous_and_what_is_broken(tmp_path, shop):
    assert shop("--strict-plugins", "clean", "--help").returncode == 0
    write(tmp_path, "aaa-stranger", "aaa", "aaa", ".onnx")
    assert shop("plugins").returncode == 0
    assert "engine '.onnx': runner-onnx is used" in shop("plugins").stderr
    for words, environment in ((["plugins", "--strict-plugins"], {}), (["brains"], {"RUNNER_STRICT_PLUGINS": "1"})):
        refused = shop(*words, **environment)
        assert refused.returncode == 1
        assert "engine '.onnx': runner-onnx is used, and aaa-stranger has it too" in refused.stderr
    assert shop("plugins", "prefer", "runner-onnx").returncode == 0
    assert shop("plugins", "--strict-plugins").returncode == 0
    write_distribution(tmp_path, "acme-hollow", {}, {"hollow": "no_such.plugin"})
    refused = shop("brains", "--strict-plugins")
    assert refused.returncode == 1
    assert "--strict-plugins: hollow (acme-hollow): no_such.plugin cannot be imported" in refused.stderr


def test_everything_is_told_as_json(tmp_path, shop):
    write(tmp_path, "aaa-stranger", "aaa", "aaa", ".onnx")
    told = json.loads(shop("plugins", "--json").stdout)
    (own,) = [one for one in told["plugins"] if one["distribution"] == "aaa-stranger"]
    assert own == {
        "kind": "engine", "name": "aaa", "summary": "made for a test", "claims": [".onnx"],
        "target": "fractions:Fraction", "entry": "aaa", "distribution": "aaa-stranger", "version": "1.0",
    }  # fmt: skip
    assert told["conflicts"] == [
        {"kind": "engine", "word": ".onnx", "winner": "runner-onnx", "others": ["aaa-stranger"]}
    ]
    assert {"aaa", "onnx", "detection"} <= set(told["seconds"])


def test_a_plugin_that_takes_long_to_import_is_told_with_the_times(tmp_path, shop):
    code = "import time\ntime.sleep(0.12)\n" + CODE.format(kind="engines", name="late", claims=())
    write_distribution(tmp_path, "acme-late", {"acme_late/plugin.py": code}, {"late": "acme_late.plugin"})
    told = shop("plugins", "--times")
    assert told.returncode == 0
    assert "late [acme-late]" in told.stdout
    assert "runner: late (acme-late) takes" in told.stderr


@pytest.mark.parametrize(
    ("wanted", "side"),
    [
        (">=0.2,<0.3", "upgrade runner-core"),
        ("<0.1,>=0.0.3", "upgrade the plugin, or write it for this core"),
        ("==3.1", "upgrade runner-core"),
        ("==0.0.9", "upgrade the plugin, or write it for this core"),
        (">=0.1,<0.2", ""),
        ("(>=0.1,<0.2)", ""),
        ("~=0.1", ""),
        ("", ""),
    ],
)
def test_a_plugin_for_another_core_is_refused_with_the_side_to_upgrade(tmp_path, wanted, side):
    write(tmp_path, "acme-old", "old", "old", ".odd", requires=[f"runner-core{wanted}"])
    told, _ = ask(tmp_path, "engines", "old")
    if side:
        (problem,) = told["problems"]
        assert problem.startswith(f"old (acme-old): it is written for runner-core{wanted}, and this is runner-core 0.")
        assert problem.endswith(side)
        assert told["named"] is None
    else:
        assert (told["named"], told["problems"]) == ("acme-old", [])
