"""How the threads of a run are shared out."""

import json
import os

import pytest

from runner_core.pipeline.threads import ThreadSplit, get_thread_budget


@pytest.mark.parametrize(
    ("live", "total", "firsts", "split"),
    [
        (False, 4, "abc", ThreadSplit(4, frames=4, brains=1, within=1)),
        (False, 1, "abc", ThreadSplit(1, frames=1, brains=1, within=1)),
        (True, 4, "a", ThreadSplit(4, frames=1, brains=1, within=4)),
        (True, 4, "ab", ThreadSplit(4, frames=1, brains=2, within=2)),
        (True, 2, "abc", ThreadSplit(2, frames=1, brains=2, within=1)),
        (True, 1, "ab", ThreadSplit(1, frames=1, brains=1, within=1)),
        (True, 4, "aa", ThreadSplit(4, frames=1, brains=1, within=4)),  # they begin with the same brain
        (True, 8, "aba", ThreadSplit(8, frames=1, brains=2, within=4)),
        (True, 4, "", ThreadSplit(4, frames=1, brains=1, within=4)),
    ],
)
def test_files_get_a_thread_a_frame_and_the_newest_of_a_camera_all(live, total, firsts, split):
    assert ThreadSplit.split(total, live=live, firsts=firsts) == split
    assert split.workers * split.within <= total


@pytest.mark.parametrize(("asked", "named", "total"), [(3, "5", 3), (None, "5", 5), (None, "0", 1)])
def test_what_is_asked_for_goes_before_the_environment(monkeypatch, asked, named, total):
    monkeypatch.setenv("OMP_NUM_THREADS", named)
    assert get_thread_budget(asked) == total


@pytest.mark.parametrize("named", ["", "many", "2,1"])
def test_else_it_is_the_cores(monkeypatch, named):
    monkeypatch.setenv("OMP_NUM_THREADS", named)
    assert 1 <= get_thread_budget(None) <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("brains", "within"),
    [
        (["page[page] > graphs"], {"page": 4, "graphs": 4}),
        (["page", "page[page] > graphs"], {"page": 4, "graphs": 4}),
        (["page > graphs", "page > graphs?name=others"], {"page": 4, "graphs": 4, "others": 4}),
        (["page > graphs", "page?name=others"], {"page": 2, "graphs": 2, "others": 2}),
    ],
)
def test_a_command_opens_brains_for_the_threads_that_its_run_gives_them(runner, tmp_path, brains, within):
    pytest.importorskip("av")
    camera = "lavfi:color=white:size=64x48:rate=10:duration=0.2,realtime"
    named = [word for brain in brains for word in ("--brain", brain)]
    done = runner("run", camera, *named, "--engine", "onnx", "--threads", 4, "--explain", "--sink", "jsonl:out.jsonl")
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[-1])["summary"]
    (each,) = set(within.values())
    assert summary["explain"]["threads"] == {"total": 4, "frames": 1, "brains": 4 // each, "within": within}
