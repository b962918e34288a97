"""``runner pull``: what it says, what it goes past, what a kill leaves."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from faulty_server import status
from shelves import WEIGHTS, publish, rewrite_index


@pytest.fixture(autouse=True)
def team(home, server, monkeypatch):
    monkeypatch.setenv("RUNNER_STORES", f"team=http:{server.url}")


def test_it_says_where_the_brain_is(runner, shelf):
    folder = publish(shelf)
    done = runner("pull", "page", "team:page@1")
    assert (done.returncode, done.stderr) == (0, "")
    places = dict(line.split(": ") for line in done.stdout.splitlines())
    assert set(places) == {"page", "team:page@1"}
    for place in places.values():
        assert (shelf.parent / place / WEIGHTS).read_bytes() == (folder / WEIGHTS).read_bytes()


def test_it_goes_past_a_brain_that_fails(runner, server, shelf):
    for name in ("one", "two", "three"):
        publish(shelf, name)
    server.always(f"/two/1/{WEIGHTS}", status(404))
    done = runner("pull", "one", "two", "nix", "three")
    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["one", "three"]
    wrong = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in wrong] == ["runner", "runner"]
    assert f"/two/1/{WEIGHTS}: not found (404)" in wrong[0]
    assert "no store has a brain named 'nix' (asked: team, demo)" in wrong[1]


def test_wrong_use_is_reported(runner):
    assert runner("pull").returncode == 2
    done = runner("pull", "nix:page")
    assert done.returncode == 2
    assert "there is no store 'nix'" in done.stderr


def test_locked_it_refuses_what_was_published_again(runner, server, shelf):
    folder = publish(shelf)
    assert runner("lock", "team:page").returncode == 0
    publish(shelf, version="2")
    done = runner("pull", "--locked", "team:page")
    assert (done.returncode, done.stderr) == (0, "")
    assert "/page/1@" in done.stdout
    assert "/page/2@" in runner("pull", "team:page").stdout
    runner("brains", "remove", "page")
    (folder / WEIGHTS).write_bytes(b"forged")
    publish(shelf, "another")
    done = runner("pull", "--locked", "team:page", "team:another")
    assert done.returncode == 1
    assert f"is not what brains.lock says: {WEIGHTS}" in done.stderr
    assert "team:another is not in brains.lock" in done.stderr
    assert done.stdout == ""


def test_a_refusal_leaves_nothing(runner, shelf, home):
    publish(shelf)
    rewrite_index(shelf, file={"path": "../../../evil"})
    done = runner("pull", "team:page")
    assert done.returncode == 1
    assert "'../../../evil' is refused" in done.stderr
    assert runner("brains", "verify").stdout == "clean\n"
    assert not list(home.glob("blobs/*/*"))


def arrived(home):
    """Bytes of transfers that were begun."""
    return sum(path.stat().st_size for path in home.glob("partial/*") if not path.suffix)


def test_killed_it_goes_on_where_it_stopped(runner, server, shelf, home, tmp_path):
    """The whole command; tests/cache kills light pullers at every step."""
    size = 3_000_000
    publish(shelf, size=size)
    command = [sys.executable, "-m", "runner_core.cli.main", "pull", "team:page"]
    drawn = random.Random(5)
    server.rate = size / 30  # on a busy machine too the kill comes sooner than the end
    for _ in range(3):
        before = arrived(home)
        with subprocess.Popen(command, env={**os.environ, "RUNNER_HOME": str(home)}, cwd=tmp_path) as process:
            while arrived(home) <= before:
                time.sleep(0.01)
            time.sleep(drawn.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert runner("brains", "verify").stdout == "clean\n"
    server.rate = None
    assert runner("pull", "team:page").returncode == 0
    assert runner("brains", "verify").stdout == "clean\n"
    starts = [asked.start for asked in server.gets(f"/page/1/{WEIGHTS}")]
    assert len(starts) == 4
    assert starts == sorted(starts)
    assert starts[-1] > 0
