"""Many processes that want one brain: it comes once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from faulty_server import held
from pullers import Pullers
from shelves import WEIGHTS, make_release, make_remote_file, sha256

from runner_core.cache import locks

DATA = random.Random(1).randbytes(2_000_000)
PATH = f"/{WEIGHTS}"


@pytest.fixture
def pullers():
    with Pullers() as running:
        yield running


@pytest.fixture
def file(shelf, server):
    (shelf / WEIGHTS).write_bytes(DATA)
    return {"url": server.url + PATH, "path": WEIGHTS, "sha256": sha256(DATA), "size": len(DATA)}


@pytest.mark.parametrize("crowd", [16, 200])
@pytest.mark.parametrize("told", ["sha256", "identity"])
def test_a_crowd_makes_one_download(home, cache, server, file, pullers, crowd, told):
    server.rate = len(DATA) / 0.5  # long enough for all to be there
    files = [file if told == "sha256" else {**file, "sha256": None, "identity": "x"}]
    pids = [pullers.start(home, files) for _ in range(crowd)]
    assert pullers.wait() == dict.fromkeys(pids, 0)
    assert server.whole[PATH] == 1
    assert server.sent[PATH] == len(DATA)
    assert len(server.asked) == 1
    ((folder, _),) = cache.brains()
    assert (folder / WEIGHTS).read_bytes() == DATA
    assert cache.verify() == []
    assert not list(home.glob("making/*"))


def test_a_crowd_whose_first_is_killed_and_whose_server_hangs_up(home, cache, server, file, pullers):
    """The lock of a dead process is nobody's: the next goes on with what it left."""
    gone = threading.Event()
    server.next(PATH, held(1_500_000, gone, hang_up=True))
    first = pullers.start(home, [file])
    while not server.sent[PATH]:
        time.sleep(0.01)
    rest = [pullers.start(home, [file]) for _ in range(8)]
    time.sleep(0.1)
    os.kill(first, signal.SIGKILL)
    gone.set()
    assert pullers.wait() == {first: -signal.SIGKILL, **dict.fromkeys(rest, 0)}
    assert server.whole[PATH] == 1
    assert [asked.start > 0 for asked in server.asked] == [False, True]
    assert cache.verify() == []


def test_different_brains_with_one_file_share_the_download(cache, server, file):
    for name in ("page", "graphs"):
        cache.install(make_release(make_remote_file(**file), name=name))
    assert len(server.asked) == 1
    assert cache.size() == len(DATA)


def test_a_long_wait_is_reported(home, cache, server, file, pullers, monkeypatch, caplog):
    monkeypatch.setattr(locks, "WARN_AFTER", 0.1)
    told = threading.Event()
    server.next(PATH, held(1_500_000, told))
    pullers.start(home, [file])
    while not server.sent[PATH]:
        time.sleep(0.01)
    with ThreadPoolExecutor() as pool:
        installed = pool.submit(cache.install, make_release(make_remote_file(**file)))
        while not (installed.done() or "page: waiting for another process that has it" in caplog.text):
            time.sleep(0.01)
        told.set()
        installed.result()
    assert "page: waiting for another process that has it" in caplog.text
    assert set(pullers.wait().values()) == {0}
    assert len(server.asked) == 1
