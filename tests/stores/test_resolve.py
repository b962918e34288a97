"""From a name to a folder: stores in their order, what was fetched before where they are silent, the lock."""

from __future__ import annotations

import json

import pytest
from faulty_server import FaultyServer, page, refuse, status
from shelves import WEIGHTS, publish, write_brain

from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import LockError, NoSuchBrain, OfflineError, StoreError, UnreachableError
from runner_core.stores.lockfile import LockedBrain, LockFile, describe_brain_files
from runner_core.stores.resolve import resolve_brain

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture(autouse=True)
def stores(home, server, shelf, tmp_path, monkeypatch):
    """``team``, a server, and after it ``near``, a folder."""
    near = tmp_path / "near"
    near.mkdir()
    monkeypatch.setenv("RUNNER_STORES", f"team=http:{server.url} near=folder:{near}")
    monkeypatch.chdir(tmp_path)
    publish(shelf)
    return near


class TestOrder:
    def test_the_first_that_has_it_gives_it(self, home, stores):
        publish(stores, seed=1)
        publish(stores, "other")
        assert resolve_brain("page").is_relative_to(home)
        assert resolve_brain("near:page") == stores / "page" / "1"
        assert resolve_brain("other") == stores / "other" / "1"

    def test_no_store_has_it(self):
        with pytest.raises(
            NoSuchBrain, match=r"no store has a brain named 'nix' of version 2 \(asked: team, near, demo\)"
        ):
            resolve_brain("nix@2")
        with pytest.raises(NoSuchBrain, match="has no brain 'nix'"):
            resolve_brain("team:nix")

    def test_a_silent_store_is_passed_over_with_a_warning(self, server, stores, caplog):
        publish(stores, "other")
        server.always("/index.json", status(500))
        assert resolve_brain("other") == stores / "other" / "1"
        assert "team: " in caplog.text
        assert "the server fails (500); the next store is asked" in caplog.text

    def test_a_brain_may_be_in_a_store_that_did_not_answer(self, server):
        server.always("/index.json", status(500))
        with pytest.raises(UnreachableError, match="the server fails"):
            resolve_brain("nix")

    def test_a_store_that_sends_rubbish_is_not_passed_over(self, server, stores):
        publish(stores, seed=1)
        server.always("/index.json", page)
        with pytest.raises(StoreError, match="instead of JSON"):
            resolve_brain("page")

    def test_a_path_is_itself(self, tmp_path):
        made = write_brain(tmp_path / "made")
        assert resolve_brain(str(made)) == made


class TestStale:
    """The last good version runs when the server is down, and it is said."""

    @pytest.mark.parametrize("reference", ["page", "team:page"])
    def test_the_server_is_down(self, server, caplog, reference):
        folder = resolve_brain(reference)
        server.__exit__()
        assert resolve_brain(reference) == folder
        assert "page: " in caplog.text
        assert "cannot be reached" in caplog.text
        assert "version 1, fetched before, is used" in caplog.text

    def test_the_newest_is_what_was_fetched_last(self, server, shelf):
        resolve_brain("page")
        publish(shelf, version="2")
        newest = resolve_brain("page")
        server.always("/index.json", status(503))
        assert resolve_brain("page") == newest
        assert Card.read(resolve_brain("page") / CARD_FILE).version == "2"
        assert Card.read(resolve_brain("page@1") / CARD_FILE).version == "1"

    def test_a_newer_version_that_does_not_arrive_leaves_the_old_one(self, server, shelf, caplog):
        folder = resolve_brain("page")
        publish(shelf, version="2")
        server.always(f"/page/2/{WEIGHTS}", refuse)
        assert resolve_brain("page") == folder
        assert "version 1, fetched before, is used" in caplog.text
        server.always(f"/page/2/{WEIGHTS}", None)
        assert Card.read(resolve_brain("page") / CARD_FILE).version == "2"

    def test_what_is_damaged_is_not_used(self, server):
        folder = resolve_brain("team:page")
        (folder / WEIGHTS).unlink()
        server.always("/index.json", status(503))
        with pytest.raises(UnreachableError, match="the server fails"):
            resolve_brain("team:page")

    def test_what_came_from_another_store_is_not_used_for_it(self, server, shelf, monkeypatch):
        resolve_brain("page")
        with FaultyServer(shelf) as other:
            monkeypatch.setenv("RUNNER_STORES", f"other=http:{other.url}")
            other.always("/index.json", status(503))
            with pytest.raises(UnreachableError):
                resolve_brain("other:page")

    def test_offline_nothing_is_asked(self, server, caplog, monkeypatch):
        folder = resolve_brain("page")
        server.asked.clear()
        monkeypatch.setenv("RUNNER_OFFLINE", "1")
        assert resolve_brain("page") == resolve_brain("team:page@1") == folder
        assert server.asked == []
        assert "page: RUNNER_OFFLINE is set; version 1, fetched before, is used" in caplog.text

    def test_offline_a_missing_brain_is_reported(self, server, monkeypatch):
        monkeypatch.setenv("RUNNER_OFFLINE", "1")
        with pytest.raises(
            OfflineError, match="brain nix@2 of store team is not here and RUNNER_OFFLINE is set; unset it"
        ):
            resolve_brain("team:nix@2")
        assert server.asked == []


class TestLock:
    @pytest.fixture
    def lock(self):
        folder = resolve_brain("team:page")
        return LockFile({"team:page": LockedBrain("1", "http:x", describe_brain_files(folder))}), folder

    def test_it_is_the_same_when_read_again(self, lock, tmp_path):
        lock[0].write(tmp_path / "brains.lock")
        assert LockFile.read(tmp_path / "brains.lock") == lock[0]
        assert {file.path for file in lock[0].brains["team:page"].files} == {CARD_FILE, WEIGHTS}

    def test_what_it_says_is_let_through(self, lock):
        lock[0].check("team:page", lock[1])
        assert lock[0].version_of("team:page") == "1"

    def test_what_it_does_not_know_is_refused(self, lock):
        with pytest.raises(LockError, match=r"team:graphs is not in brains.lock; add it: `runner lock team:graphs`"):
            lock[0].check("team:graphs", lock[1])

    @pytest.mark.parametrize("spoil", ["change", "add", "remove"])
    def test_anything_else_is_refused(self, lock, spoil):
        path = lock[1] / WEIGHTS
        if spoil == "change":
            data = path.read_bytes()
            path.chmod(0o644)
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        elif spoil == "add":
            (lock[1] / "more.py").write_text("x")
        else:
            path.unlink()
        with pytest.raises(LockError, match=r"is not what brains.lock says: (weights.bin|more.py); pull it again"):
            lock[0].check("team:page", lock[1])

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"brains": {"a": {}}}', '{"brains": {}, "more": 1}', "[" * 100_000, '{"brains": 5}'],
        ids=lambda text: text[:12],
    )  # fmt: skip
    def test_a_damaged_lock_file_is_reported(self, tmp_path, text):
        (tmp_path / "brains.lock").write_text(text)
        with pytest.raises(LockError, match=r"brains.lock: not a lock file") as error:
            LockFile.read(tmp_path / "brains.lock")
        assert "\n" not in str(error.value)

    def test_a_missing_lock_file_is_reported(self, tmp_path):
        with pytest.raises(LockError, match=r"no lock file; write one: `runner lock BRAIN ...`"):
            LockFile.read(tmp_path / "brains.lock")

    def test_a_path_that_cannot_be_written_is_reported(self, lock, tmp_path):
        with pytest.raises(LockError, match="cannot be written"):
            lock[0].write(tmp_path / "absent" / "brains.lock")

    def test_a_single_file_is_locked_with_the_card_beside_it(self, tmp_path):
        made = write_brain(tmp_path / "made")
        assert [file.path for file in describe_brain_files(made / WEIGHTS)] == [WEIGHTS, CARD_FILE]
        assert json.loads((made / CARD_FILE).read_text())["name"] == "page"
