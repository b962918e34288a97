"""``runner brains``: what is to be had and what is here, removing, pruning, hashing again."""

from __future__ import annotations

import pytest
from faulty_server import status
from shelves import WEIGHTS, publish, write_brain

from runner_core.training.versions import Shelf


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
        assert done.stderr == "runner: no fetched or trained brain is nix; `runner brains` lists them\n"


class TestRemoveTrained:
    @pytest.fixture
    def trained(self, home):
        """Three versions of one brain, and one of a name that was fetched as well."""
        folder = home / "trained"
        for name, version in (("cups", "1"), ("cups", "2"), ("cups", "10"), ("page", "1")):
            write_brain(folder / name / version, name, version=version)
        return folder

    def test_one_version_goes_and_the_others_stay(self, runner, trained):
        done = runner("brains", "remove", "cups@2")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"removed cups@2, 0.3 MB, which was trained here: {trained / 'cups' / '2'}\n"
        assert sorted(path.name for path in (trained / "cups").glob("[!.]*")) == ["1", "10"]
        assert not list((trained / "cups").glob(".training-*"))

    def test_all_versions_go_by_the_name_alone(self, runner, trained):
        done = runner("brains", "remove", "cups")
        assert [line.split()[1] for line in done.stdout.splitlines()] == ["cups@1,", "cups@2,", "cups@10,"]
        assert runner("brains", "remove", "cups").returncode == 1

    @pytest.mark.parametrize("typed", [["trained:page"], ["page", "--from", "trained"]])
    def test_what_was_fetched_goes_first(self, runner, pulled, trained, typed):
        assert runner("brains", "remove", "page").stdout.startswith("removed page@1, 0.3 MB from http:")
        assert (trained / "page" / "1").is_dir()
        assert runner("pull", "team:page").returncode == 0
        assert runner("brains", "remove", *typed).stdout.startswith("removed page@1, 0.3 MB, which was trained here")
        assert "0.3 MB from" in runner("brains", "remove", "page").stdout

    def test_what_is_not_there_is_reported(self, runner, trained):
        done = runner("brains", "remove", "trained:cup")
        assert done.returncode == 1
        assert done.stderr == "runner: no trained brain is cup; did you mean cups? `runner brains` lists them\n"
        done = runner("brains", "remove", "cups@3")
        assert "no fetched or trained brain is cups@3; there are its versions 1, 2, 10; `runner" in done.stderr

    def test_one_that_is_being_trained_stays(self, runner, trained):
        with Shelf(trained / "cups").hold():
            done = runner("brains", "remove", "cups@1")
        assert done.returncode == 1
        assert "cups: a training of it runs now, and may go on from version 1; nothing is removed" in done.stderr
        assert (trained / "cups" / "1").is_dir()

    def test_one_that_a_lock_file_names_stays(self, runner, trained):
        assert runner("lock", "trained:cups").returncode == 0
        done = runner("brains", "remove", "cups")
        assert done.returncode == 2
        assert "cups@10: brains.lock here names it; lock another one first" in done.stderr
        assert (trained / "cups" / "1").is_dir()
        assert runner("brains", "remove", "cups@2").returncode == 0

    def test_what_a_killed_removal_leaves_is_cleaned(self, runner, trained, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr("runner_core.util.leftovers.shutil.rmtree", lambda *_, **__: None)  # as if killed before
            runner("brains", "remove", "cups@2")
        assert "cups@2" not in runner("brains").stdout
        assert "2: removed, 0.3 MB" in runner("clean").stdout


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
