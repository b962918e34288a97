"""Transfers from a server that fails in every way: the file, or a clear error, and never a wrong file."""

from __future__ import annotations

import random
import time

import pytest
from faulty_server import FaultyServer, answer, cut, disguised_page, page, refuse, serve, silent, status
from shelves import WEIGHTS, make_release, make_remote_file, sha256

from runner_core.cache import http
from runner_core.cache.cache import Cache
from runner_core.errors import StoreError, UnreachableError

DATA = random.Random(1).randbytes(3_000_000)
CHANGED = random.Random(2).randbytes(len(DATA))
PATH = f"/{WEIGHTS}"

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def served(shelf):
    (shelf / WEIGHTS).write_bytes(DATA)
    return shelf / WEIGHTS


def fetched(cache, server, **told):
    """What is in the cache after an install."""
    return (cache.install(make_release(make_remote_file(server.url + PATH, **told))) / WEIGHTS).read_bytes()


def knowing(data=DATA):
    """What a store with an index says of a file."""
    return {"sha256": sha256(data), "size": len(data)}


def is_clean(cache):
    return cache.verify() == [] and not list(cache.root.glob("making/*"))


def has_nothing(cache):
    return is_clean(cache) and not list(cache.brains()) and not list(cache.root.glob("blobs/*/*"))


def test_it_comes_once_and_is_kept(cache, server, served):
    assert fetched(cache, server, **knowing()) == DATA
    assert fetched(cache, server, **knowing()) == DATA
    assert server.sent[PATH] == len(DATA)
    assert is_clean(cache)


@pytest.mark.parametrize("told", [knowing(), {"identity": "x", "size": len(DATA)}, {"identity": "x"}], ids=str)
def test_a_cut_transfer_goes_on_where_it_stopped(cache, server, served, told):
    server.next(PATH, cut(1_000_000), cut(500_000), cut(1))
    assert fetched(cache, server, **told) == DATA
    assert [asked.start for asked in server.gets(PATH)] == [0, 1_000_000, 1_500_000, 1_500_001]
    assert server.sent[PATH] == len(DATA)


def test_cut_at_every_tenth_byte_it_still_arrives(cache, server, shelf):
    data = DATA[:2000]
    (shelf / WEIGHTS).write_bytes(data)
    server.next(PATH, *(cut(10) for _ in range(199)))
    assert fetched(cache, server, **knowing(data)) == data
    assert [asked.start for asked in server.gets(PATH)] == list(range(0, 2000, 10))
    assert server.sent[PATH] == 2000


def test_cut_at_fifty_random_bytes_the_next_pull_goes_on_from_there(home, shelf, server, served):
    drawn = random.Random(3)
    for number in range(50):
        cache, place, reset = Cache(home / str(number)), drawn.randrange(len(DATA)), drawn.random() < 0.2
        server.always(PATH, status(503))
        server.next(PATH, cut(place, reset=reset))
        before = server.sent[PATH]
        with pytest.raises(UnreachableError, match=r"the server fails \(503\)"):
            fetched(cache, server, **knowing())
        assert has_nothing(cache)
        server.always(PATH, None)
        assert fetched(cache, server, **knowing()) == DATA
        assert is_clean(cache)
        start = server.gets(PATH)[-1].start
        assert start == place or (reset and start < place)  # a reset loses what is on its way
        assert server.sent[PATH] - before == place + len(DATA) - start


def test_a_server_that_is_gone_is_reported_and_what_arrived_is_kept(cache, server, served):
    server.next(PATH, cut(2_000_000))
    server.always(PATH, refuse)
    with pytest.raises(UnreachableError, match=rf"{server.url}{PATH}: the server cannot be reached"):
        fetched(cache, server, **knowing())
    assert (cache.root / "partial" / sha256(DATA)).stat().st_size == 2_000_000
    assert has_nothing(cache)


def test_one_that_sends_nothing_more_is_left_after_some_tries(cache, server, served):
    server.next(PATH, cut(1000), *(cut(0) for _ in range(9)))
    with pytest.raises(UnreachableError, match=r"the connection was cut .*; run it again: it goes on where it stopped"):
        fetched(cache, server, **knowing())
    assert len(server.gets(PATH)) == 5


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        (page, StoreError, "an HTML page instead of the file; check the address"),
        (status(401), StoreError, r"refuses access \(401\); check the token"),
        (status(403), StoreError, r"refuses access \(403\); check the token"),
        (status(404), StoreError, r"not found \(404\)"),
        (status(410), StoreError, "answers 410"),
        (status(429, {"Retry-After": "7"}), UnreachableError, r"too many requests \(429\); try again in 7 s"),
        (status(429, {"X-RateLimit-Limit": "5"}), UnreachableError, r"\(429, X-RateLimit-Limit: 5\); try again later"),
        (status(500), UnreachableError, r"fails \(500\); try again later"),
        (status(302, {"Location": PATH}), StoreError, "redirects without end"),
        (status(302, {"Location": "ftp://elsewhere/x"}), StoreError, "redirects to 'ftp://elsewhere/x': refused"),
        (status(302, {"Location": "http://["}), StoreError, "redirects to what is no address"),
        (status(302, {"Location": "http://host:port/"}), StoreError, "redirects to what is no address"),
        (status(302, {"Location": "file:///etc/passwd"}), StoreError, "redirects to 'file:///etc/passwd': refused"),
        (refuse, UnreachableError, "cannot be reached"),
        (serve(DATA[:-1]), StoreError, f"the server has {len(DATA) - 1} bytes, the store says {len(DATA)}"),
        (serve(DATA + b"x"), StoreError, f"the server has {len(DATA) + 1} bytes, the store says {len(DATA)}"),
        (serve(CHANGED), StoreError, f"the sha256 of what arrived is {sha256(CHANGED)}, the store says"),
        (serve(DATA, {"Content-Encoding": "gzip"}), StoreError, "sent 'gzip' although asked not to encode"),
        (answer(200, {}, DATA + b"more"), StoreError, f"more than the {len(DATA)} bytes that were promised"),
        (answer(206, {"Content-Length": "5"}, b"12345"), StoreError, "a part of the file, but not which"),
        (answer(206, {"Content-Range": "bytes x-y/z"}, b"12345"), StoreError, "but not which"),
    ],
)  # fmt: skip
def test_server_faults_are_reported(cache, server, served, fault, error, told):
    server.always(PATH, fault)
    with pytest.raises(error, match=told) as raised:
        fetched(cache, server, **knowing())
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)
    assert has_nothing(cache)
    server.always(PATH, None)
    assert fetched(cache, server, **knowing()) == DATA
    assert is_clean(cache)


def test_a_wrong_length_costs_no_transfer(cache, server, served):
    with pytest.raises(StoreError, match="the store says 5"):
        fetched(cache, server, sha256=sha256(DATA), size=5)
    assert server.sent[PATH] < len(DATA)


def test_failing_servers_that_recover_are_waited_for(cache, server, served, at_once):
    server.next(PATH, status(500), status(429, {"Retry-After": "3"}), status(503, {"Retry-After": "2"}), status(502))
    assert fetched(cache, server, **knowing()) == DATA
    assert at_once == [3, 2]


def test_a_silent_server_is_given_up_and_asked_again(cache, server, served, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (5.0, 0.3))
    server.next(PATH, silent(1.0), silent(1.0))
    assert fetched(cache, server, **knowing()) == DATA


def test_a_slow_server_is_given_its_time(cache, server, served, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (5.0, 0.5))
    server.rate = len(DATA) / 1.5
    begun = time.monotonic()
    assert fetched(cache, server, **knowing()) == DATA
    assert time.monotonic() - begun > 1.0  # longer than a pause may be


class TestWhereAServerKnowsLess:
    """Each leaves out a part of what resuming needs; the file is right all the same."""

    def test_without_ranges_it_starts_again(self, cache, shelf, served):
        with FaultyServer(shelf, ranges=False) as server:
            server.next(PATH, cut(1_000_000))
            assert fetched(cache, server, **knowing()) == DATA
            assert server.sent[PATH] == len(DATA) + 1_000_000

    def test_without_validators_the_sha256_vouches_for_both_halves(self, cache, shelf, served):
        with FaultyServer(shelf, validators=False) as server:
            server.next(PATH, cut(1_000_000))
            assert fetched(cache, server, **knowing()) == DATA
            assert server.sent[PATH] == len(DATA)

    def test_without_validators_or_sha256_it_starts_again(self, cache, shelf, served):
        with FaultyServer(shelf, validators=False) as server:
            server.next(PATH, cut(1_000_000))
            assert fetched(cache, server) == DATA
            assert [asked.start for asked in server.gets(PATH)] == [0, 0]

    def test_without_a_length_the_store_s_own_tells_of_a_cut(self, cache, shelf, served):
        with FaultyServer(shelf, lengths=False) as server:
            server.next(PATH, cut(1_000_000))
            assert fetched(cache, server, **knowing()) == DATA
            assert server.sent[PATH] == len(DATA)

    def test_without_any_length_or_sha256_it_is_refused(self, cache, shelf, served):
        with FaultyServer(shelf, lengths=False) as server:
            with pytest.raises(StoreError, match="says neither how long the file is nor where it ends"):
                fetched(cache, server)
            assert has_nothing(cache)

    def test_a_chunked_body_shows_where_it_ends(self, cache, server, served):
        whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DATA), DATA)
        chunked = {"Transfer-Encoding": "chunked"}
        server.next(PATH, answer(200, chunked, whole[:500_000]), answer(200, chunked, whole))
        assert fetched(cache, server) == DATA


class TestAFileThatChanges:
    """Between two halves of a transfer."""

    def test_the_server_says_so_and_it_starts_again(self, cache, server, served):
        server.next(PATH, self.cut_and_change(served, 1_000_000))
        assert fetched(cache, server, identity="x") == CHANGED
        assert [(asked.start, bool(asked.if_range)) for asked in server.gets(PATH)] == [(0, False), (1_000_000, True)]

    def test_a_server_that_ignores_if_range_is_found_out(self, cache, server, served):
        part = {"Content-Range": f"bytes 1000000-{len(DATA) - 1}/{len(DATA)}", "ETag": '"other"'}
        server.next(PATH, cut(1_000_000), answer(206, part, CHANGED[1_000_000:]))
        assert fetched(cache, server, identity="x") == DATA
        assert [asked.start for asked in server.gets(PATH)] == [0, 1_000_000, 0]

    def test_without_validators_the_sha256_finds_it_out(self, cache, shelf, served):
        with FaultyServer(shelf, validators=False) as server:
            server.next(PATH, self.cut_and_change(served, 1_000_000))
            assert fetched(cache, server, **knowing(CHANGED)) == CHANGED
            assert [asked.start for asked in server.gets(PATH)] == [0, 1_000_000, 0]

    def test_one_that_never_is_what_the_store_says_is_fetched_twice_at_most(self, cache, shelf, served):
        with FaultyServer(shelf, validators=False) as server:
            server.next(PATH, cut(1_000_000), serve(CHANGED), cut(1_000_000), serve(CHANGED))
            with pytest.raises(StoreError, match="the sha256 of what arrived"):
                fetched(cache, server, sha256="0" * 64, size=len(DATA))
            assert len(server.gets(PATH)) <= 4

    def test_one_that_has_become_shorter_is_fetched_whole(self, cache, server, served):
        server.next(PATH, self.cut_and_change(served, 2_000_000, CHANGED[:1000]))
        assert fetched(cache, server, identity="x") == CHANGED[:1000]

    def test_an_impossible_range_does_not_end_the_transfer(self, cache, server, served):
        server.next(PATH, cut(1_000_000), status(416))
        assert fetched(cache, server, identity="x") == DATA

    def test_a_gap_is_never_filled_with_what_comes_behind_it(self, cache, server, served):
        late = {"Content-Range": f"bytes 1500000-{len(DATA) - 1}/{len(DATA)}"}
        server.next(PATH, cut(1_000_000), answer(206, late, DATA[1_500_000:]))
        assert fetched(cache, server, identity="x") == DATA

    def test_a_part_that_begins_earlier_overwrites(self, cache, server, served):
        early = {"Content-Range": f"bytes 500000-{len(DATA) - 1}/{len(DATA)}"}
        server.next(PATH, cut(1_000_000), answer(206, early, DATA[500_000:]))
        assert fetched(cache, server, identity="x") == DATA

    @staticmethod
    def cut_and_change(path, after, to=CHANGED):
        def fault(handler):
            data = path.read_bytes()
            path.write_bytes(to)
            handler.send_file(data, until=after)

        return fault


def test_an_empty_file_is_a_file(cache, server, shelf):
    (shelf / WEIGHTS).write_bytes(b"")
    assert fetched(cache, server, **knowing(b"")) == b""


def test_a_part_of_unknown_origin_is_dropped(cache, server, served):
    partial = cache.root / "partial" / sha256(DATA)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"who knows")
    assert fetched(cache, server, **knowing()) == DATA
    assert [asked.start for asked in server.gets(PATH)] == [0]


def test_what_is_checked_and_refused_is_not_kept(cache, server, served):
    def refuse_it(path):
        raise StoreError(f"{path.stat().st_size} bytes of no use")

    server.always(PATH, disguised_page)
    with pytest.raises(StoreError, match="56 bytes of no use"):
        fetched(cache, server, check=refuse_it)
    assert has_nothing(cache)
    assert not list(cache.root.glob("partial/*[!k]"))
