"""The commands of docs/how-to/trust.md, in their order, print what the page says."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
from pathlib import Path

from hostile_models import writing_graph

from runner_core.loading import trust

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "trust.md").read_text(encoding="utf-8")
PICTURE = ROOT / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures" / "2-one.jpg"
_SAME = doctest.OutputChecker().check_output


def test_the_commands_print_what_the_page_says(runner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    model = writing_graph(tmp_path / "cats.pb", tmp_path / "written")
    (tmp_path / "cats.txt").write_text("cat\n")
    shutil.copy(PICTURE, tmp_path / "photo.jpg")
    told = "".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    commands = re.findall(r"^\$ runner (.*)\n((?:[^$].*\n)*)", told, re.MULTILINE)
    trusted = []
    for typed, printed in commands:
        done = runner(*shlex.split(typed))
        assert _SAME(printed, done.stderr + done.stdout, doctest.ELLIPSIS), done.stderr + done.stdout
        trusted.append((done.returncode, trust.find_trusted(model) is not None))
    assert trusted == [(1, False), (0, True), (0, True)]
    (script,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(script, names)
    assert names["brain"].predict("photo.jpg").names == ["cat"]


def test_commands_of_one_brain_take_the_word_alone(runner, tmp_path, testdata):
    for command in (["inspect"], ["verify", "--engines", "tensorflow", "--write-golden", "golden.jsonl"]):
        model = writing_graph(tmp_path / f"{command[0]}.pb", tmp_path / "written")
        pictures = [testdata / "pictures" / "football.jpg"] if command[0] == "verify" else []
        assert "could read and write files or run code" in runner(*command, model, *pictures).stderr
        done = runner(*command, model, *pictures, "--trust")
        assert done.returncode == 0, done.stderr
        assert trust.digest_of(model) in (tmp_path / "home" / "trust.json").read_text()
