"""A puller that is killed: whenever it happens, the cache is clean, and the next pull goes on where it stopped."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time

import pytest
from faulty_server import FaultyServer
from pullers import Pullers
from shelves import make_release, make_remote_file, sha256

from runner_core.cache.cache import Cache

FILES = {f"part-{number}.bin": random.Random(number).randbytes(size) for number, size in ((1, 1_500_000), (2, 900_000))}
SIZE = sum(map(len, FILES.values()))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    shelf = tmp_path_factory.mktemp("shelf")
    for name, data in FILES.items():
        (shelf / name).write_bytes(data)
    with FaultyServer(shelf) as running:
        yield running


@pytest.fixture(scope="module")
def pullers():
    with Pullers() as running:
        yield running


@pytest.fixture(params=["with sha256", "without"])
def files(request, server):
    """What a store with an index says of its files, and what one says that knows no sums."""
    told = {
        name: {"sha256": sha256(data)} if request.param == "with sha256" else {"identity": name}
        for name, data in FILES.items()
    }
    return [{"url": f"{server.url}/{name}", "path": name, "size": len(FILES[name]), **told[name]} for name in FILES]


def there(home):
    """Bytes of each transfer so far, by the number of bytes."""
    return [
        note.with_suffix("").stat().st_size
        for note in home.glob("partial/*.validator")
        if note.with_suffix("").exists()
    ]


def check_next_pull(home, files, server):
    """It is clean before and after, asks for what is missing alone, and gives the right files."""
    cache = Cache(home)
    assert cache.verify() == []
    parts = there(home)
    whole = len(list(home.glob("blobs/*/*")))
    asked = "?again"  # a request of the one that was killed may still be on its way
    folder = cache.install(make_release(*(make_remote_file(**{**file, "url": file["url"] + asked}) for file in files)))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name in FILES} == FILES
    assert cache.verify() == []
    assert not list(home.glob("making/*"))
    assert not there(home)
    starts = sorted(each.start for each in server.asked if each.path.endswith(asked))
    server.asked.clear()
    complete = {len(data) for data in FILES.values()}
    assert len(starts) <= len(FILES) - whole
    assert [start for start in starts if start] == sorted(size for size in parts if size and size not in complete)


@pytest.mark.parametrize("kills", [12, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments(tmp_path, pullers, server, files, kills):
    """So often at the least, and on until a quarter of them met a transfer."""
    drawn, started = random.Random(7), 0
    server.rate = SIZE / 0.15
    begun = time.monotonic()
    pullers.start(tmp_path / "whole", files)
    pullers.wait()
    whole = time.monotonic() - begun  # a busy machine takes longer, and more so at times
    for number in itertools.count():
        if number >= kills and started > kills / 4:
            break
        assert number < 10 * kills, "the moments are not well chosen"
        home = tmp_path / str(number)
        server.rate = SIZE / 0.15
        pid = pullers.start(home, files)
        time.sleep(drawn.uniform(0, 1.2 * whole))
        os.kill(pid, signal.SIGKILL)
        code = pullers.wait()[pid]
        assert code in (0, -signal.SIGKILL)
        whole *= 0.8 if code == 0 else 1.0 if there(home) else 1.25
        server.rate = None
        started += bool(there(home))
        check_next_pull(home, files, server)


def test_killed_before_each_step(tmp_path, pullers, server, files):
    server.rate = None
    for steps in itertools.count():
        home = tmp_path / str(steps)
        pid = pullers.start(home, files, steps=steps)
        code = pullers.wait()[pid]
        if code == 0:
            break
        assert code == -signal.SIGKILL
        check_next_pull(home, files, server)
    assert steps > 30


def test_killed_again_and_again_each_pull_brings_it_further(tmp_path, pullers, server, files):
    server.rate, arrived = SIZE / 1.5, 0
    for kills in itertools.count():
        pid = pullers.start(tmp_path, files)
        time.sleep(0.2 + kills / 20)  # where it is too short to begin a transfer, it is longer the next time
        os.kill(pid, signal.SIGKILL)
        if pullers.wait()[pid] == 0:
            break
        before, arrived = arrived, sum(there(tmp_path)) + Cache(tmp_path).size()
        assert arrived >= before
        assert kills < 30
    server.rate = None
    assert kills > 0
    check_next_pull(tmp_path, files, server)
