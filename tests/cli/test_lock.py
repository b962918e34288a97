"""``runner lock`` and ``--locked``: these brains and no other bits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shelves import WEIGHTS, publish, sha256, write_brain

PICTURE = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures" / "1-book.jpg"


@pytest.fixture(autouse=True)
def team(home, server, shelf, monkeypatch):
    publish(shelf)
    monkeypatch.setenv("RUNNER_STORES", f"team=http:{server.url}")


def locked(tmp_path):
    return json.loads((tmp_path / "brains.lock").read_text())["brains"]


def test_it_holds_version_store_and_the_sum_of_each_file(runner, server, shelf, tmp_path):
    done = runner("lock", "team:page")
    assert (done.returncode, done.stdout) == (0, "brains.lock: team:page\n")
    entry = locked(tmp_path)["team:page"]
    assert (entry["version"], entry["store"]) == ("1", f"http:{server.url}")
    files = {file["path"]: file for file in entry["files"]}
    assert set(files) == {"brain.json", WEIGHTS}
    data = (shelf / "page" / "1" / WEIGHTS).read_bytes()
    assert files[WEIGHTS] == {"path": WEIGHTS, "sha256": sha256(data), "size": len(data)}


def test_a_brain_that_is_used_where_it_lies_has_its_store_too(runner, shelf, tmp_path):
    done = runner("lock", "team:page", RUNNER_STORES=f"team=folder:{shelf}")
    assert done.returncode == 0, done.stderr
    entry = locked(tmp_path)["team:page"]
    assert (entry["version"], entry["store"]) == ("1", f"folder:{shelf}")


def test_what_it_holds_already_stays(runner, shelf, tmp_path):
    publish(shelf, "graphs")
    runner("lock", "team:page")
    publish(shelf, version="2")
    runner("lock", "team:graphs", "demo:page")
    assert {name: entry["version"] for name, entry in locked(tmp_path).items()} == {
        "team:page": "1", "team:graphs": "1", "demo:page": "1",
    }  # fmt: skip
    runner("lock", "team:page")
    assert locked(tmp_path)["team:page"]["version"] == "2"


def test_one_that_fails_leaves_the_lock_as_it_was(runner, tmp_path):
    runner("lock", "team:page")
    before = (tmp_path / "brains.lock").read_bytes()
    assert runner("lock", "demo:page", "team:nix").returncode == 2
    assert (tmp_path / "brains.lock").read_bytes() == before


def test_a_brain_by_path_is_locked_too(runner, tmp_path):
    made = write_brain(tmp_path / "made")
    assert runner("lock", made).returncode == 0
    assert runner("pull", "--locked", made).returncode == 0
    (made / WEIGHTS).write_bytes(b"other")
    done = runner("pull", "--locked", made)
    assert done.returncode == 1
    assert f"is not what brains.lock says: {WEIGHTS}; pull it again, or lock it again" in done.stderr


@pytest.mark.parametrize("command", [("predict", PICTURE, "--brain"), ("run", PICTURE, "--brain"), ("pull",)])
def test_without_a_lock_locked_is_refused(runner, command):
    done = runner(*command, "demo:page", "--locked")
    assert done.returncode == 1
    assert done.stderr == "runner: brains.lock: no lock file; write one: `runner lock BRAIN ...`\n"


def test_a_run_refuses_what_is_not_in_the_lock(runner):
    runner("lock", "team:page")
    done = runner("run", PICTURE, "--brain", "demo:page", "--locked")
    assert done.returncode == 1
    assert "demo:page is not in brains.lock; add it: `runner lock demo:page`" in done.stderr
