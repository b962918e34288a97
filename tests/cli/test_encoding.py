"""A terminal or a pipe that cannot show every sign: its escape in its place, and never the end of a command."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from runner_demo.store import BRAINS, PICTURES

RUNNER = [sys.executable, "-m", "runner_core.cli.main"]
NARROW = [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}]


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "猫.txt").write_text("猫\n", encoding="utf-8")
    (tmp_path / "猫.jpg").write_bytes((PICTURES / "2-one.jpg").read_bytes())
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "犬.jpg").write_bytes(b"")
    return tmp_path


def run(folder: Path, variables: dict[str, str], *arguments: str) -> tuple[int, bytes, bytes]:
    environment = os.environ | {"PYTHONUTF8": "0", "RUNNER_HOME": str(folder / "home")} | variables
    brain = ["--brain", str(BRAINS / "page" / "page.onnx"), "--labels", "猫.txt"]
    words = [*RUNNER, *arguments, *(brain if arguments[0] in ("run", "predict") else ())]
    done = subprocess.run(words, cwd=folder, env=environment, check=False, capture_output=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("variables", NARROW, ids=lambda variables: next(iter(variables.values())))
def test_tables_answers_and_messages_are_shown(folder, variables):
    code, output, errors = run(folder, variables, "predict", "猫.jpg", "--max-det", "1")
    assert (code, b" \\u732b " in output) == (0, True), errors
    code, output, errors = run(folder, variables, "predict", "猫.jpg", "--json", "--max-det", "1")
    assert (code, json.loads(output)["instances"][0]["label"]) == (0, "猫"), errors
    code, output, errors = run(folder, variables, "run", "猫.jpg", "--sink", "jsonl:猫.jsonl")
    assert (code, b"1 \\u732b" in output) == (0, True), errors
    code, output, errors = run(folder, variables, "run", "bad")
    assert (code, bool(re.search(rb"bad/(\\u72ac|\\udce7\\udc8a\\udcac)\.jpg: the file is empty", errors))) == (
        1,
        True,
    ), errors
    source = json.loads(output.splitlines()[0])["source"]
    assert source.encode("utf-8", "surrogateescape") == "bad/犬.jpg".encode(), "JSON lines are UTF-8 in any terminal"
    code, output, errors = run(folder, variables, "predict", "犬.jpg")
    assert (code, errors.endswith(b".jpg: no such file\n"), b"Traceback" in errors) == (1, True, False), errors


def test_a_name_that_is_no_text_is_shown_too(folder):
    os.rename(folder / "bad" / "犬.jpg", os.fsencode(folder / "bad") + b"/caf\xe9.jpg")  # noqa: PTH104  # bytes
    code, output, errors = run(folder, {"PYTHONIOENCODING": "utf-8"}, "run", "bad")
    assert (code, b"bad/caf\\udce9.jpg: the file is empty" in errors) == (1, True), errors
    assert json.loads(output.splitlines()[0])["source"] == os.fsdecode(b"bad/caf\xe9.jpg")
