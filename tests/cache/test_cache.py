"""What is kept, found again, hashed again, removed."""

from __future__ import annotations

import io
import os
import random
import tarfile
import time
from pathlib import Path

import pytest
from shelves import make_local_file, make_release, sha256

from runner_core.cache.archive import unpack_if_archive
from runner_core.cache.cache import Cache
from runner_core.cache.receipt import Receipt
from runner_core.errors import StoreError
from runner_core.util.home import find_home as home_of

BIG, SMALL, CARD = random.Random(1).randbytes(50_000), random.Random(2).randbytes(1_000), b"{}"


def install(cache, *datas, **named):
    """A brain of as many files."""
    return cache.install(
        make_release(*(make_local_file(data, f"{number}.bin") for number, data in enumerate(datas)), **named)
    )


def names(cache):
    return [f"{receipt.name}@{receipt.version}" for _, receipt in cache.brains()]


def blobs(cache):
    return sorted(path.name for path in cache.root.glob("blobs/*/*"))


def used_at(folder, when):
    os.utime(folder / Receipt.RECEIPT_FILE, (when, when))


class TestInstall:
    def test_files_are_read_only_and_named_by_what_they_hold(self, cache, home):
        folder = install(cache, BIG, CARD)
        assert (folder / "0.bin").read_bytes() == BIG
        assert (folder / "0.bin").stat().st_mode & 0o777 == 0o444
        assert blobs(cache) == sorted([sha256(BIG), sha256(CARD)])
        assert (folder / "0.bin").samefile(home / "blobs" / sha256(BIG)[:2] / sha256(BIG))
        assert folder.is_relative_to(home / "brains" / "test-here" / "page")

    def test_versions_contents_and_stores_lie_side_by_side(self, cache):
        made = [
            install(cache, BIG), install(cache, SMALL), install(cache, BIG, version="2"),
            install(cache, BIG, store="test:there"), install(cache, BIG, name="a/b"), install(cache, BIG, name="a-b"),
        ]  # fmt: skip
        assert len(set(made)) == 6
        assert all(folder.is_dir() for folder in made)
        assert cache.size() == len(BIG) + len(SMALL)

    def test_a_receipt_says_what_was_fetched_from_where(self, cache):
        folder = install(cache, BIG, CARD)
        receipt = Receipt.find(folder)
        assert (receipt.store, receipt.name, receipt.version) == ("test:here", "page", "1")
        assert [(file.path, file.sha256, file.size) for file in receipt.files] == [
            ("0.bin", sha256(BIG), len(BIG)), ("1.bin", sha256(CARD), len(CARD)),
        ]  # fmt: skip
        assert abs(receipt.fetched - time.time()) < 60
        assert Receipt.find(folder / "0.bin") == receipt

    @pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", "", ".", "a\\b", "c:evil", "a\nb"])
    def test_paths_that_climb_out_are_no_files_of_a_release(self, path):
        with pytest.raises(StoreError, match="not a plain path within the brain's folder"):
            make_local_file(BIG, path)

    @pytest.mark.parametrize("name", ["..", "../page", "/page", "a//b", ".hidden", "a/../b", "", "a b", "a@1", "a\x00"])
    def test_names_that_climb_out_are_no_releases(self, name):
        for named in ({"name": name}, {"version": name}):
            with pytest.raises(StoreError, match="not a name for a brain"):
                make_release(make_local_file(BIG), **named)

    @pytest.mark.parametrize("paths", [("a", "a"), ("a", "A"), ("a/b", "a//b"), ("a", "./a")], ids=str)
    def test_two_files_of_one_place_are_no_release(self, paths):
        with pytest.raises(StoreError, match="two files of one path"):
            make_release(*(make_local_file(BIG, path) for path in paths))

    def test_the_receipt_cannot_be_forged(self):
        with pytest.raises(StoreError, match="the cache's own"):
            make_release(make_local_file(BIG, Receipt.RECEIPT_FILE))

    @pytest.mark.parametrize("told", [{"sha256": "../" * 21 + "x"}, {"sha256": "A" * 64}, {"size": -1}], ids=str)
    def test_a_malformed_sha256_or_size_is_refused(self, told):
        with pytest.raises(StoreError, match=r"not a sha256 in hex|no file has -1 bytes"):
            make_local_file(BIG, **told)

    def test_what_a_half_made_folder_holds_does_not_count(self, cache, home):
        folder = install(cache, BIG, CARD)
        (folder / Receipt.RECEIPT_FILE).unlink()
        assert names(cache) == []
        assert install(cache, BIG, CARD) == folder
        assert cache.verify() == []

    def test_without_hard_links_it_copies(self, cache, monkeypatch):
        monkeypatch.setattr(os, "link", self.no_links)
        folder = install(cache, BIG, CARD)
        assert (folder / "0.bin").read_bytes() == BIG
        assert not (folder / "0.bin").samefile(cache.root / "blobs" / sha256(BIG)[:2] / sha256(BIG))
        assert cache.verify() == []
        (folder / "0.bin").chmod(0o644)
        (folder / "0.bin").write_bytes(bytes(len(BIG)))
        assert cache.verify() == [f"{folder}/0.bin: missing or changed since it was fetched"]
        cache.verify(repair=True)
        assert (install(cache, BIG, CARD) / "0.bin").read_bytes() == BIG
        assert names(cache) == ["page@1"]
        cache.remove("page")
        assert blobs(cache) == []

    @staticmethod
    def no_links(*_, **__):
        raise OSError(1, "Operation not permitted")


class TestHome:
    def test_it_is_the_users_cache_and_nothing_temporary(self, monkeypatch, tmp_path):
        monkeypatch.delenv("RUNNER_HOME")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert home_of() == tmp_path / "xdg" / "runner"
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", "/home/somebody")
        assert home_of() == Path("/home/somebody/.cache/runner")

    def test_a_tilde_is_the_user(self, monkeypatch):
        monkeypatch.setenv("HOME", "/home/somebody")
        monkeypatch.setenv("RUNNER_HOME", "~/models")
        assert home_of() == Path("/home/somebody/models")

    pytestmark = pytest.mark.usefixtures("home")


class TestNewest:
    def test_it_is_what_was_fetched_last_of_what_fits(self, cache):
        for version, store in (("2", "test:a"), ("1", "test:a"), ("3", "test:b")):
            install(cache, BIG, version=version, store=store)
            time.sleep(0.01)
        assert cache.find_newest("page")[1].version == "3"
        assert cache.find_newest("page", store="test:a")[1].version == "1"
        assert cache.find_newest("page", version="2")[1].store == "test:a"
        assert cache.find_newest("page", store="test:b", version="1") is None
        assert cache.find_newest("graphs") is None

    def test_one_that_lacks_a_file_does_not_count(self, cache):
        install(cache, BIG)
        (install(cache, SMALL, version="2") / "0.bin").unlink()
        assert cache.find_newest("page")[1].version == "1"

    def test_asking_for_it_is_using_it(self, cache):
        folder = install(cache, BIG)
        used_at(folder, 1000)
        cache.find_newest("page")
        assert time.time() - Receipt.last_used(folder) < 60
        used_at(folder, 1000)
        install(cache, BIG)
        assert time.time() - Receipt.last_used(folder) < 60


class TestRemove:
    def test_blobs_go_with_the_last_brain_that_uses_them(self, cache):
        install(cache, BIG, SMALL, name="page")
        install(cache, BIG, CARD, name="graphs")
        assert [receipt.name for receipt in cache.remove("page")] == ["page"]
        assert blobs(cache) == sorted([sha256(BIG), sha256(CARD)])
        cache.remove("graphs")
        assert blobs(cache) == []
        assert cache.remove("graphs") == []

    def test_by_version_and_store(self, cache):
        for version, store in (("1", "test:a"), ("2", "test:a"), ("1", "test:b")):
            install(cache, BIG, version=version, store=store)
        assert len(cache.remove("page", version="1", store="test:a")) == 1
        assert len(cache.remove("page", version="1")) == 1
        assert names(cache) == ["page@2"]

    def test_what_killed_processes_left_goes_too(self, cache, home):
        install(cache, BIG)
        (home / "making" / "abc-xyz").mkdir(parents=True)
        old, new = home / "partial" / ("0" * 64), home / "partial" / ("1" * 64)
        for partial in (old, new):
            partial.write_bytes(b"part")
            partial.with_name(partial.name + ".validator").write_text("")
        os.utime(old, (1000, 1000))
        cache.remove("nothing")
        assert not list(home.glob("making/*"))
        assert sorted(path.name for path in home.glob("partial/*[!k]")) == [new.name, new.name + ".validator"]
        assert names(cache) == ["page@1"]


class TestPrune:
    def test_the_least_recently_used_go_first(self, cache):
        for number in range(4):
            data = random.Random(number).randbytes(10_000)
            used_at(install(cache, data, name=f"brain{number}"), 1000 * (number if number != 1 else 9))
        gone = cache.prune(25_000)
        assert [receipt.name for receipt in gone] == ["brain0", "brain2"]
        assert set(names(cache)) == {"brain1@1", "brain3@1"}
        assert cache.size() == 20_000
        assert cache.prune(25_000) == []
        cache.prune(0)
        assert blobs(cache) == []

    def test_shared_blobs_stay_until_no_brain_uses_them(self, cache):
        used_at(install(cache, BIG, SMALL, name="old"), 1000)
        install(cache, BIG, name="new")
        assert [receipt.name for receipt in cache.prune(len(BIG))] == ["old"]
        assert blobs(cache) == [sha256(BIG)]


class TestVerify:
    def test_a_damaged_blob_is_reported_and_repaired(self, cache, home):
        folder = install(cache, BIG, CARD)
        other = install(cache, CARD, name="graphs")
        blob = home / "blobs" / sha256(BIG)[:2] / sha256(BIG)
        blob.chmod(0o644)
        blob.write_bytes(BIG[:-1] + b"!")
        said = [
            f"{blob}: is not what its name says", f"{folder}/0.bin: missing or changed since it was fetched",
        ]  # fmt: skip
        assert cache.verify() == said
        assert cache.verify(repair=True) == said
        assert cache.verify() == []
        assert names(cache) == ["graphs@1"]
        assert (other / "0.bin").read_bytes() == CARD
        assert (install(cache, BIG, CARD) / "0.bin").read_bytes() == BIG
        assert cache.verify() == []

    def test_one_that_is_cut_is_fetched_again_without_being_asked(self, cache, home):
        folder = install(cache, BIG)
        blob = home / "blobs" / sha256(BIG)[:2] / sha256(BIG)
        blob.chmod(0o644)
        os.truncate(blob, 10)
        assert install(cache, BIG) == folder
        assert cache.verify() == []

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"store": 1}', "[" * 100_000], ids=lambda text: text[:9])
    def test_a_damaged_receipt_is_reported_and_repaired(self, cache, text):
        folder = install(cache, BIG)
        (folder / Receipt.RECEIPT_FILE).write_text(text)
        assert cache.verify() == [f"{folder / Receipt.RECEIPT_FILE}: the receipt is damaged"]
        assert names(cache) == []
        cache.verify(repair=True)
        assert cache.verify() == []
        assert install(cache, BIG) == folder

    def test_a_missing_file_is_reported(self, cache):
        folder = install(cache, BIG, CARD)
        (folder / "1.bin").unlink()
        assert cache.verify() == [f"{folder}/1.bin: missing or changed since it was fetched"]
        assert install(cache, BIG, CARD) == folder
        assert cache.verify() == []

    def test_what_an_archive_was_unpacked_to_counts(self, cache):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo("weights")
            info.size = len(BIG)
            tar.addfile(info, io.BytesIO(BIG))
        folder = cache.install(make_release(make_local_file(packed.getvalue(), "page.tar.gz")))
        place = unpack_if_archive(folder / "page.tar.gz")
        assert cache.verify() == []
        (place / "weights").write_bytes(SMALL)
        assert cache.verify() == [f"{place / 'weights'}: missing or changed since it was fetched"]

    def test_an_empty_cache_is_clean(self, cache):
        assert cache.verify() == []
        assert list(cache.brains()) == []
        assert cache.prune(0) == []
        assert cache.remove("page") == []


def test_two_caches_know_nothing_of_each_other(tmp_path):
    install(Cache(tmp_path / "a"), BIG)
    assert names(Cache(tmp_path / "a")) == ["page@1"]
    assert names(Cache(tmp_path / "b")) == []
