"""The article's script, as the documentation has it, against a server that speaks the article's protocol."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from diffgram_server import ACCOUNT, PROJECT, DiffgramServer

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-two-brains.md"
BRAINS = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo"


def test_the_script_runs_as_written(tmp_path, monkeypatch, capsys):
    script = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    brains = {name: BRAINS / "brains" / name / f"{name}.pb" for name in ("page", "graphs")}
    shutil.copy(BRAINS / "pictures" / "1-book.jpg", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DIFFGRAM_CLIENT_ID", ACCOUNT[0])
    monkeypatch.setenv("DIFFGRAM_CLIENT_SECRET", ACCOUNT[1])
    with DiffgramServer(brains, {"sheet": 17}, {"17": 1}) as server:
        exec(script.replace(f"https://diffgram.example/{PROJECT}", f"{server.host}/{PROJECT}"), {})
    *found, online = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in found[:2]] == [["page", "sheet", "17"]] * 2
    assert {line.split()[0] for line in found} == {"page", "graphs"}
    assert online == "2"
    assert server.downloads == 2
