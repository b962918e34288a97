"""``runner brains``: what is to be had and what is here, removing, pruning, hashing again."""

from __future__ import annotations

import pytest
from faulty_server import status
from shelves import WEIGHTS, publish


@pytest.fixture(autouse=True)
def team(home, server, shelf, monkeypatch):
    """Two brains in a store, both fetched."""
    publish(shelf)
    publish(shelf, "graphs", size=900_000)
    monkeypatch.setenv("RUNNER_STORES", f"team=http:{server.url}")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def pulled(runner):
    assert runner("pull", "page", "graphs").returncode == 0


def cells(line):
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_it_lists_what_stores_offer_and_what_was_fetched(runner, server, pulled):
    done = runner("brains")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [cells(line) for line in done.stdout.splitlines() if line.startswith("│")]
    assert ["page", "1", "team", "fake-rows:"] in rows
    assert ["page", "1", "demo", "tf-detection: page"] in rows
    fetched = {row[0]: row for row in rows if len(row) == 7}
    assert fetched["graphs"][1:6] == ["1", f"http:{server.url}", "0.9 MB", ".bin", "MIT"]
    assert fetched["page"][3] == "0.3 MB"
    assert len(fetched["page"][6]) == len("2026-01-01 00:00")


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_narrow_terminal_cuts_nothing_off(runner, pulled, columns):
    done = runner("brains", COLUMNS=columns)
    assert "…" not in done.stdout


def test_a_store_that_fails_hides_nothing(runner, server, pulled):
    server.always("/index.json", status(404))
    done = runner("brains")
    assert done.returncode == 1
    assert done.stderr == f"runner: team: {server.url}/index.json: not found (404)\n"
    assert "demo" in done.stdout
    assert "0.9 MB" in done.stdout


def test_nothing_fetched_has_no_table(runner):
    done = runner("brains")
    assert done.returncode == 0
    assert "fetched" not in done.stdout


class TestRemove:
    def test_by_name(self, runner, home, pulled):
        done = runner("brains", "remove", "page")
        assert done.returncode == 0
        assert done.stdout.startswith("removed page@1, 0.3 MB from http:")
        assert len(list(home.glob("brains/*/*/*"))) == 1
        assert sum(blob.stat().st_size for blob in home.glob("blobs/*/*")) < 950_000

    def test_by_version_and_store(self, runner, server, pulled):
        assert runner("brains", "remove", "page@2").returncode == 1
        assert runner("brains", "remove", "page", "--from", "http:http://elsewhere").returncode == 1
        assert runner("brains", "remove", "page@1", "--from", f"http:{server.url}").returncode == 0

    def test_what_is_not_here_is_reported(self, runner):
        done = runner("brains", "remove", "nix")
        assert done.returncode == 1
        assert done.stderr == "runner: no fetched brain is nix; `runner brains` lists them\n"


class TestPrune:
    def test_the_least_recently_used_goes(self, runner, pulled):
        assert runner("pull", "page").returncode == 0
        done = runner("brains", "prune", "--keep-size", "500KB")
        assert done.returncode == 0
        assert [line.split()[:2] for line in done.stdout.splitlines()] == [["removed", "graphs@1,"], ["0.3", "MB"]]

    @pytest.mark.parametrize("size", ["much", "-1GB", "5XB", "", "nan", "inf", "1e400"])
    def test_what_is_not_a_size_is_reported(self, runner, size):
        done = runner("brains", "prune", f"--keep-size={size}")
        assert done.returncode == 2
        assert "is not a size; write 500MB or 2GB" in done.stderr


class TestVerify:
    def test_what_changed_is_reported_removed_and_fetched_again(self, runner, home, pulled):
        assert runner("brains", "verify").stdout == "clean\n"
        (weights,) = home.glob(f"brains/*/page/*/{WEIGHTS}")
        weights.chmod(0o644)
        weights.write_bytes(b"changed")
        done = runner("brains", "verify")
        assert done.returncode == 1
        assert done.stdout == "2 wrong; remedy: --repair\n"
        assert f"runner: {weights}: missing or changed since it was fetched" in done.stderr
        assert runner("brains", "verify", "--repair").stdout == "2 wrong, removed\n"
        assert runner("brains", "verify").stdout == "clean\n"
        assert runner("pull", "page").returncode == 0
        assert weights.stat().st_size == 300_000
