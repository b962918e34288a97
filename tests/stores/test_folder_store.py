"""A folder as a store: brains run where they lie, versions in their natural order, and publishing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from runner_store_folder import store as module
from runner_store_folder.store import FolderStore
from shelves import WEIGHTS, publish, sha256, write_brain

from runner_core.cards.artifact import Artifact
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import CardError, NoSuchBrain, StoreError, UnreachableError
from runner_core.testing import check_plugin, check_store, conformance


@pytest.fixture
def store(shelf):
    return FolderStore(str(shelf))


def listed(shelf):
    """What ``index.json`` lists, by name and version."""
    entries = json.loads((shelf / "index.json").read_text())["brains"]
    return {f"{entry['name']}@{entry['version']}": entry for entry in entries}


def left(shelf):
    return sorted(path.name for path in shelf.iterdir() if path.name.startswith(".making"))


@conformance(check_plugin)
def test_plugin(check):
    check("runner_store_folder.plugin")


@conformance(check_store)
def test_conformance(check, shelf, tmp_path):
    publish(shelf)
    publish(shelf, version="2")
    publish(shelf, "graphs")
    check(FolderStore, tmp_path / "cache", shelf)


class TestFetch:
    def test_a_brain_runs_where_it_lies(self, shelf, store, cache):
        folder = publish(shelf)
        assert store.fetch("page", None, cache) == folder
        assert not cache.root.exists()

    def test_the_greatest_version_is_the_naturally_greatest(self, shelf, store, cache):
        for version in ("2", "10", "9"):
            publish(shelf, version=version)
        assert store.fetch("page", None, cache).name == "10"
        assert store.fetch("page", "9", cache).name == "9"
        assert [ref.version for ref in store.list()] == ["2", "9", "10"]

    def test_without_versions_the_card_tells(self, shelf, store, cache):
        folder = write_brain(shelf / "page", version="7")
        assert store.fetch("page", None, cache) == store.fetch("page", "7", cache) == folder
        assert [(ref.name, ref.version) for ref in store.list()] == [("page", "7")]

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (("nix", None), r"'nix'$"),
            (("page", "2"), r"'page' 2; it has 1"),
            (("page", "../1"), r"'page' \.\./1; it has 1"),
            (("index.json", None), r"'index.json'$"),
        ],
        ids=str,
    )
    def test_a_missing_brain_or_version_is_reported(self, shelf, store, cache, asked, said):
        publish(shelf)
        with pytest.raises(NoSuchBrain, match=f"has no brain {said}"):
            store.fetch(*asked, cache)

    @pytest.mark.parametrize("name", ["../made-page-1-0", "/etc", "a/../../x"])
    def test_names_that_climb_out_are_refused(self, shelf, store, cache, name):
        publish(shelf)
        with pytest.raises(StoreError, match="is refused"):
            store.fetch(name, None, cache)

    def test_a_folder_that_is_not_there_is_unreachable(self, tmp_path, cache):
        with pytest.raises(UnreachableError, match=r"absent: no such folder; is it mounted\?"):
            FolderStore(str(tmp_path / "absent")).fetch("page", None, cache)

    def test_a_folder_must_be_named(self):
        with pytest.raises(StoreError, match="write folder:PATH/NAME"):
            FolderStore("")

    def test_a_card_that_cannot_be_read_hides_no_other(self, shelf, store, cache, caplog):
        publish(shelf)
        (publish(shelf, "graphs") / CARD_FILE).write_text("{")
        assert [ref.name for ref in store.list()] == ["page"]
        assert "graphs/1/brain.json: not a readable card" in caplog.text

    def test_folders_without_a_card_are_left_out(self, shelf, store):
        publish(shelf)
        (shelf / "README.md").write_text("x")
        (shelf / "notes").mkdir()
        (shelf / ".git" / "1").mkdir(parents=True)
        assert [ref.name for ref in store.list()] == ["page"]


class TestPush:
    def test_what_lies_there_is_what_was_pushed(self, shelf, tmp_path, store):
        made = write_brain(tmp_path / "made")
        ref = store.push(made)
        assert (ref.name, ref.version) == ("page", "1")
        assert Card.read(shelf / "page" / "1" / CARD_FILE) == Card.read(made / CARD_FILE)
        assert (shelf / "page" / "1" / WEIGHTS).read_bytes() == (made / WEIGHTS).read_bytes()
        assert (shelf / "page" / "1").stat().st_mode & 0o777 == 0o755
        assert left(shelf) == []

    def test_the_index_lists_every_file_with_sha256_and_size(self, shelf):
        folder = publish(shelf)
        files = {file["path"]: file for file in listed(shelf)["page@1"]["files"]}
        assert set(files) == {CARD_FILE, WEIGHTS}
        for path, file in files.items():
            data = (folder / path).read_bytes()
            assert (file["sha256"], file["size"]) == (sha256(data), len(data))

    def test_it_lists_all_brains_and_what_was_put_there_by_hand(self, shelf):
        publish(shelf)
        write_brain(shelf / "single", "single")
        publish(shelf, "page", version="2")
        assert set(listed(shelf)) == {"page@1", "page@2", "single@1"}
        assert listed(shelf)["single@1"]["folder"] == "single"

    def test_what_changed_since_is_hashed_again(self, shelf):
        folder = publish(shelf)
        (folder / WEIGHTS).write_bytes(b"other")
        publish(shelf, "graphs")
        files = {file["path"]: file for file in listed(shelf)["page@1"]["files"]}
        assert files[WEIGHTS]["sha256"] == sha256(b"other")

    def test_what_no_server_could_name_is_left_out_of_the_index(self, shelf, caplog):
        write_brain(shelf / "my brain")
        publish(shelf, "graphs")
        assert set(listed(shelf)) == {"graphs@1"}
        assert "'my brain' is not a name for a brain or a version" in caplog.text

    def test_a_version_is_published_once(self, shelf, tmp_path, store):
        folder = publish(shelf)
        before = (folder / WEIGHTS).read_bytes()
        with pytest.raises(StoreError, match=r"that version is published; give brain.json another version"):
            store.push(write_brain(tmp_path / "other", seed=5))
        assert (folder / WEIGHTS).read_bytes() == before
        assert left(shelf) == []

    def test_a_card_written_by_hand_gets_its_sums(self, shelf, tmp_path, store):
        made = write_brain(tmp_path / "made")
        Card("page", "fake-rows", artifacts=(Artifact(WEIGHTS, ".bin"),)).write(made / CARD_FILE)
        store.push(made)
        (artifact,) = Card.read(shelf / "page" / "1" / CARD_FILE).artifacts
        assert [file.sha256 for file in artifact.files] == [sha256((made / WEIGHTS).read_bytes())]

    def test_files_that_are_not_what_the_card_says_are_refused(self, shelf, tmp_path, store):
        made = write_brain(tmp_path / "made")
        data = (made / WEIGHTS).read_bytes()
        (made / WEIGHTS).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(CardError, match="sha256 is not what the card says"):
            store.push(made)
        assert not (shelf / "page").exists()
        assert left(shelf) == []

    def test_a_missing_file_is_reported(self, shelf, tmp_path, store):
        made = write_brain(tmp_path / "made")
        (made / WEIGHTS).unlink()
        with pytest.raises(CardError, match=f"{WEIGHTS}: the card names it, but it is not there"):
            store.push(made)

    @pytest.mark.parametrize("change", [{"name": "../x"}, {"name": "a/b"}, {"version": "1/2"}, {"name": ".x"}], ids=str)
    def test_malformed_names_are_refused(self, shelf, tmp_path, store, change):
        made = write_brain(tmp_path / "made")
        card = json.loads((made / CARD_FILE).read_text())
        (made / CARD_FILE).write_text(json.dumps(card | change))
        with pytest.raises(StoreError, match=r"not a name for a brain|no place for a name with a slash"):
            store.push(made)
        assert {path.name for path in shelf.iterdir()} <= {".push.lock"}

    def test_a_brain_without_versions_is_not_shadowed(self, shelf, tmp_path, store):
        write_brain(shelf / "page")
        with pytest.raises(StoreError, match="without versions; move it to NAME/VERSION"):
            store.push(write_brain(tmp_path / "made", version="2"))

    def test_a_disk_that_fails_leaves_nothing(self, shelf, tmp_path, store, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(module.shutil, "copyfile", full)
        with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)"):
            store.push(write_brain(tmp_path / "made"))
        assert {path.name for path in shelf.iterdir()} == {".push.lock"}

    def test_a_location_that_is_not_a_folder_is_reported(self, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(StoreError, match=r"file.*: cannot be written"):
            FolderStore(str(tmp_path / "file")).push(write_brain(tmp_path / "made"))

    def test_the_next_push_tidies_after_one_that_was_killed(self, shelf, tmp_path):
        made = write_brain(tmp_path / "made", size=100)
        script = (
            "import os, pathlib, sys\n"
            "from runner_store_folder import store\n"
            "store.check_files = lambda *_, **__: os.kill(os.getpid(), 9)\n"
            "store.FolderStore(sys.argv[1]).push(pathlib.Path(sys.argv[2]))\n"
        )
        done = subprocess.run([sys.executable, "-c", script, shelf, made], check=False)
        assert done.returncode == -9
        assert len(left(shelf)) == 1
        assert not (shelf / "page").exists()
        publish(shelf, "graphs")
        assert left(shelf) == []
        assert set(listed(shelf)) == {"graphs@1"}

    def test_many_at_once_are_all_listed(self, shelf, tmp_path):
        made = [write_brain(tmp_path / f"made{number}", f"brain{number}", size=1000) for number in range(8)]
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda folder: FolderStore(str(shelf)).push(folder), made))
        assert set(listed(shelf)) == {f"brain{number}@1" for number in range(8)}

    def test_a_home_folder_is_understood(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        FolderStore("~/models").push(write_brain(tmp_path / "made"))
        assert (tmp_path / "models" / "page" / "1" / CARD_FILE).is_file()

    def test_hidden_files_are_not_listed(self, shelf):
        folder = publish(shelf)
        (folder / ".DS_Store").write_bytes(b"x")
        os.utime(folder)
        shutil.copy(folder / WEIGHTS, folder / "notes.txt")
        publish(shelf, "graphs")
        assert {file["path"] for file in listed(shelf)["page@1"]["files"]} == {CARD_FILE, WEIGHTS, "notes.txt"}
