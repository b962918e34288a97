"""How the threads of a run are shared out."""

import os

import pytest

from runner_core.pipeline.threads import ThreadSplit, get_thread_budget


@pytest.mark.parametrize(
    ("live", "total", "brains", "shared"),
    [
        (False, 4, 3, ThreadSplit(4, frames=4, brains=1, within=1)),
        (False, 1, 3, ThreadSplit(1, frames=1, brains=1, within=1)),
        (True, 4, 1, ThreadSplit(4, frames=1, brains=1, within=4)),
        (True, 4, 2, ThreadSplit(4, frames=1, brains=2, within=2)),
        (True, 2, 3, ThreadSplit(2, frames=1, brains=2, within=1)),
        (True, 1, 2, ThreadSplit(1, frames=1, brains=1, within=1)),
        (True, 4, 0, ThreadSplit(4, frames=1, brains=1, within=4)),
    ],
)
def test_files_get_a_thread_a_frame_and_the_newest_of_a_camera_all(live, total, brains, shared):
    assert ThreadSplit.split(total, live=live, brains=brains) == shared
    assert shared.workers * shared.within <= total


@pytest.mark.parametrize(("asked", "named", "total"), [(3, "5", 3), (None, "5", 5), (None, "0", 1)])
def test_what_is_asked_for_goes_before_the_environment(monkeypatch, asked, named, total):
    monkeypatch.setenv("OMP_NUM_THREADS", named)
    assert get_thread_budget(asked) == total


@pytest.mark.parametrize("named", ["", "many", "2,1"])
def test_else_it_is_the_cores(monkeypatch, named):
    monkeypatch.setenv("OMP_NUM_THREADS", named)
    assert 1 <= get_thread_budget(None) <= (os.cpu_count() or 1)
