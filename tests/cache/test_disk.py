"""A disk that is full, a folder that may not be written, a cache that is no folder."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from shelves import WEIGHTS, make_local_file, make_release, make_remote_file, sha256

from runner_core.cache.cache import Cache
from runner_core.errors import StoreError

DATA = random.Random(1).randbytes(3_000_000)
PATH = f"/{WEIGHTS}"
NOBODY = 65534


@pytest.fixture
def file(shelf, server):
    (shelf / WEIGHTS).write_bytes(DATA)
    return {"url": server.url + PATH, "sha256": sha256(DATA), "size": len(DATA)}


@contextmanager
def files_of_at_most(size):
    """Whatever writes more fails as on a full disk: with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.fixture
def small_disk(tmp_path):
    """One of two megabytes, mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.fixture
def shared():
    """A folder that every user may look into, which pytest's own is not."""
    place = Path(tempfile.mkdtemp(prefix="runner-test-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@contextmanager
def as_somebody():
    """Root may write anywhere: the tests of what may not be written are nobody's."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def has_nothing(cache):
    return cache.verify() == [] and not list(cache.root.glob("blobs/*/*")) and not list(cache.root.glob("brains/*/*/*"))


def test_a_size_limit_is_reported_and_the_transfer_goes_on_later(cache, server, file):
    with files_of_at_most(1_000_000), pytest.raises(StoreError) as error:
        cache.install(make_release(make_remote_file(**file)))
    assert "the cache cannot be used (File too large); free some space: `runner brains prune" in str(error.value)
    assert has_nothing(cache)
    assert not list(cache.root.glob("making/*"))
    folder = cache.install(make_release(make_remote_file(**file)))
    assert (folder / WEIGHTS).read_bytes() == DATA
    assert [asked.start for asked in server.asked] == [0, 1_000_000]


def test_a_full_disk_is_reported_and_pruning_frees_it(small_disk, server, file):
    cache = Cache(small_disk / "home")
    other = random.Random(2).randbytes(1_000_000)
    cache.install(make_release(make_local_file(other), name="other"))
    with pytest.raises(StoreError, match=r"bytes are free in .*; free some space: `runner brains prune"):
        cache.install(make_release(make_remote_file(**file)))
    assert cache.verify() == []
    assert [receipt.name for _, receipt in cache.brains()] == ["other"]
    assert [receipt.name for receipt in cache.prune(0)] == ["other"]
    small = make_local_file(DATA[:500_000])
    assert (cache.install(make_release(small)) / WEIGHTS).read_bytes() == DATA[:500_000]


def test_a_read_only_folder_is_reported(shared):
    shared.chmod(0o555)
    with as_somebody(), pytest.raises(StoreError) as error:
        Cache(shared / "home").install(make_release(make_local_file(DATA)))
    told = f"{shared}/home: the cache cannot be used (Permission denied); set RUNNER_HOME to a folder of yours"
    assert str(error.value) == told


def test_a_read_only_cache_can_be_read(shared):
    cache = Cache(shared)
    folder = cache.install(make_release(make_local_file(DATA)))
    for path in [shared, *shared.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o555 | 0o444)
    try:
        with as_somebody():
            assert cache.install(make_release(make_local_file(DATA))) == folder
            assert cache.find_newest("page")[0] == folder
            assert cache.verify() == []
            for attempt in (lambda: cache.remove("page"), lambda: cache.prune(0)):
                with pytest.raises(StoreError, match=r"cannot be used \(Permission denied\)"):
                    attempt()
        assert cache.verify() == []
        assert (folder / WEIGHTS).read_bytes() == DATA
    finally:
        for path in [shared, *shared.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)


def test_a_puller_killed_after_the_last_byte_does_not_block_others(shared):
    """What it had made read-only is not written by root alone."""
    shared.chmod(0o777)
    partial = shared / "home" / "partial" / sha256(DATA)
    with as_somebody():
        partial.parent.mkdir(parents=True)
        partial.write_bytes(DATA)
        partial.with_name(f"{partial.name}.validator").write_text("")
        partial.chmod(0o444)
        folder = Cache(shared / "home").install(make_release(make_local_file(DATA, size=len(DATA))))
        assert (folder / WEIGHTS).read_bytes() == DATA


@pytest.mark.parametrize("made", [lambda path: path.write_text("x"), lambda path: path.symlink_to("/nowhere/at/all")])
def test_a_cache_that_is_not_a_folder_is_reported(tmp_path, made):
    made(tmp_path / "home")
    cache = Cache(tmp_path / "home")
    with pytest.raises(StoreError, match=r"the cache cannot be used .*; set RUNNER_HOME to a folder of yours"):
        cache.install(make_release(make_local_file(DATA)))
    assert list(cache.brains()) == []


def test_a_name_too_long_for_the_disk_is_reported(cache):
    with pytest.raises(StoreError, match=r"the cache cannot be used \(File name too long\)"):
        cache.install(make_release(make_local_file(DATA), name="x" * 300))
    assert cache.verify() == []
