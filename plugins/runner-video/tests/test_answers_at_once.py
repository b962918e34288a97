"""A program that writes pictures to standard input has each answer before it writes the next one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

PAGE = Path(__file__).parents[2] / "runner-demo" / "src" / "runner_demo" / "brains" / "page" / "page.onnx"
HANGS = 120.0  # seconds after which an answer counts as held back


@contextmanager
def answering(folder: Path, brain: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``runner run -`` with its answers on standard output; killed if it hangs, which ends every wait for it."""
    command = [sys.executable, "-m", "runner_core.cli.main", "run", "-", "--brain", str(brain), "--threads", "2"]
    process = subprocess.Popen(
        [*command, "--sink", "jsonl:-"], cwd=folder, env=os.environ | {"RUNNER_HOME": str(folder / "home")},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    watchdog = Timer(HANGS, process.kill)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def ask(process: subprocess.Popen[bytes], picture: bytes) -> int:
    process.stdin.write(picture)
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, "the answer was held back until the run was killed"
    return json.loads(line)["index"]


def test_each_answer_comes_before_the_next_picture_is_put(tmp_path, testdata):
    picture = (testdata / "pictures" / "football.jpg").read_bytes()
    with answering(tmp_path, PAGE) as process:
        assert [ask(process, picture) for _ in range(6)] == list(range(6))
        _, errors = process.communicate()
        assert process.returncode == 0, errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_an_interrupt_ends_it_while_it_waits_for_a_picture(tmp_path, testdata):
    picture = (testdata / "pictures" / "football.jpg").read_bytes()
    with answering(tmp_path, PAGE) as process:
        ask(process, picture)
        process.send_signal(signal.SIGINT)
        process.wait()
        errors = process.stderr.read().decode()
        assert process.returncode == 130, errors
        assert "Fatal" not in errors
