"""What a download may take: bytes that nobody promised, room on the disk, time."""

import shutil
from types import SimpleNamespace

import pytest

from runner_core.cache import limits as module
from runner_core.cache.limits import LEAST_FREE, LEAST_RATE, MOST_UNTOLD, WINDOW, Limits
from runner_core.errors import StoreError


@pytest.fixture
def clock():
    """A stand-in for the machine's: tests do not wait two minutes."""
    return SimpleNamespace(now=0.0)


@pytest.fixture
def watch(tmp_path, clock):
    return lambda total=None: Limits("http://host/m.onnx", tmp_path / "part", total, clock=lambda: clock.now)


def test_a_file_of_unknown_length_has_an_end(watch):
    watch().count(MOST_UNTOLD)
    with pytest.raises(StoreError, match="the server does not say how long it is"):
        watch().count(MOST_UNTOLD + 1)
    watch(10).count(MOST_UNTOLD + 1)  # of a known length, others see to it


def test_a_drip_ends(watch, clock):
    limits = watch(10**9)
    for second in range(int(WINDOW)):
        clock.now = float(second)
        limits.count(second * 2)
    clock.now = WINDOW
    with pytest.raises(StoreError, match=f"fewer than {LEAST_RATE} bytes a second"):
        limits.count(2 * int(WINDOW))


def test_a_slow_line_is_no_drip(watch, clock):
    limits = watch(10**9)
    for window in range(1, 20):
        clock.now = window * WINDOW
        limits.count(window * int(LEAST_RATE * WINDOW))


def test_a_drip_after_a_flood_ends_too(watch, clock):
    limits = watch(10**9)
    clock.now = WINDOW
    limits.count(10**8)
    clock.now = 2 * WINDOW
    with pytest.raises(StoreError, match="fewer than"):
        limits.count(10**8 + 10)


def test_what_does_not_fit_is_not_begun(watch, monkeypatch):
    """A stand-in for a full disk: it says so, and nothing is filled."""
    free = 1000
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(0, 0, free))
    watch(1000)
    with pytest.raises(StoreError, match="it does not fit, 1000 bytes are free"):
        watch(1001)
    free = LEAST_FREE
    untold = watch()
    free -= 1
    untold.count(1000)
    with pytest.raises(StoreError, match="free some space"):
        untold.count(100 << 20)
