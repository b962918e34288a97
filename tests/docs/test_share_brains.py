"""The commands of docs/how-to/share-brains.md, in their order, print what the page says."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import requests

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "share-brains.md"
FENCES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1:8000"


@contextmanager
def serving(command, folder):
    """The page's own server, on a free port; its address."""
    asked = [*shlex.split(command)[:-1], "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    asked[0] = sys.executable
    with subprocess.Popen(
        asked, cwd=folder, env=environment, stdout=-1, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            yield "{}:{}".format(*re.search(r"HTTP on (\S+) port (\d+)", server.stdout.readline()).groups())
        finally:
            server.terminate()


def test_the_commands_print_what_the_page_says(runner, tmp_path):
    (tmp_path / "home").mkdir()
    ran = []
    (command,) = [text for language, text in FENCES if language == "sh"]
    (tmp_path / "models").mkdir()
    with serving(command, tmp_path) as address:
        assert requests.get(f"http://{address}/", timeout=5).ok
        dashed = address.replace(":", "-")
        for language, text in FENCES:
            told = text.replace(ADDRESS, address).replace(ADDRESS.replace(":", "-"), dashed)
            if language == "toml":
                (tmp_path / "home" / "stores.toml").write_text(told)
            for typed, printed in re.findall(r"^\$ runner (.*)\n((?:[^$].*\n)*)", told, re.MULTILINE):
                done = runner(*shlex.split(typed))
                assert done.returncode == 0, done.stderr
                assert doctest.OutputChecker().check_output(printed, done.stdout, doctest.ELLIPSIS), done.stdout
                ran.append(typed.split()[0])
    assert ran == ["push", "pull", "pull", "pull", "lock", "pull", "brains", "brains", "brains"]
