"""The headline, as the documentation has it: a script of ten lines and one command, on a virtual camera."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "two-brains-on-a-webcam.md").read_text(encoding="utf-8")
CLIP = ROOT / "plugins" / "runner-demo" / "src" / "runner_demo" / "clip.mp4"
CAMERA = "lavfi:movie=clip.mp4,realtime=speed=2"  # in the folder of the clip; it ends when the clip does


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def folder(tmp_path, monkeypatch, home) -> Path:
    (tmp_path / "clip.mp4").symlink_to(CLIP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(home))
    return tmp_path


def test_the_script_runs_as_written(folder):
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(script.strip().splitlines()) <= 10
    assert 'stream("0", ' in script
    lines: list[list[str]] = []

    def enough(*words: object) -> None:
        """Of a camera without end, however long a machine takes for each of its frames."""
        lines.append(" ".join(map(str, words)).split())
        if len(lines) == 40:
            raise KeyboardInterrupt

    # Compiled first: a text from which an interrupt comes makes Python end as interrupted, though it is caught.
    run = compile(script.replace('stream("0", ', 'stream("demo:camera", '), "two_brains.py", "exec")
    with pytest.raises(KeyboardInterrupt):
        exec(run, {"print": enough})
    assert {brain for _, brain, *_ in lines} == {"page", "graphs"}
    for brain, label in (("page", "page"), ("graphs", "graph")):
        answers = [labels for _, name, *labels in lines if name == brain]
        assert len(answers) > 5
        assert sum(label in labels for labels in answers) > len(answers) / 2


def test_the_command_runs_as_written(folder):
    command = re.findall(r"^    \$ runner (run 0 .*)$", PAGE, re.MULTILINE)[0].split()
    assert command == ["run", "0", "--brain", "page", "--brain", "graphs", "--sink", "view:8000"]
    command = [CAMERA if part == "0" else part.replace("8000", "0") for part in command]  # a free port
    with subprocess.Popen(
        [sys.executable, "-m", "runner_core.cli.main", *command, "--sink", "jsonl:out.jsonl", "--engine", "onnx"],
        text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as run:  # fmt: skip
        assert run.stderr is not None
        said = next(line for line in run.stderr if "http://" in line)
        with urllib.request.urlopen(re.findall(r"http://\S+", said)[0], timeout=10) as answer:
            shown = answer.read().decode()
        _, rest = run.communicate(timeout=60)
    assert "<html" in shown
    assert run.returncode == 0, rest
    *records, last = map(json.loads, (folder / "out.jsonl").read_text().splitlines())
    assert {inference["brain"] for record in records for inference in record["inferences"]} == {"page", "graphs"}
    assert last["summary"]["frames"] == len(records) > 1  # no more on a slow machine
