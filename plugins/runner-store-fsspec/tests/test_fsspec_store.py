"""Brains in folders elsewhere, whatever fsspec calls the place."""

from __future__ import annotations

import json
import logging

import pytest
from cutting_proxy import CuttingProxy
from runner_store_fsspec.store import FsspecStore
from s3fs import S3FileSystem

from runner_core import open_brain
from runner_core.cache.cache import Cache
from runner_core.cards.artifact import Artifact, describe_files, sha256_of
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import (
    CardError,
    NoSuchBrain,
    NotInstalled,
    OfflineError,
    StoreError,
    UnreachableError,
    UsageError,
)
from runner_core.stores.resolve import resolve_brain
from runner_core.testing import check_plugin, check_store, conformance

WEIGHTS = "weights.bin"


@conformance(check_plugin)
def test_plugin(check):
    check("runner_store_fsspec.plugin")


@conformance(check_store)
def test_store(check, shelf, tmp_path):
    shelf.publish("graphs", folder="graphs")
    shelf.publish("page")
    check(FsspecStore, tmp_path / "cache", shelf.address)


def nothing_is_kept():
    assert Cache().verify() == []
    assert list(Cache().brains()) == []


def test_a_brain_is_fetched_whole(shelf):
    made = shelf.publish()
    folder = resolve_brain(f"{shelf.address}/page")
    assert {path.name: path.read_bytes() for path in folder.glob("[!.]*")} == {
        path.name: path.read_bytes() for path in made.iterdir()
    }
    assert Cache().verify() == []
    assert resolve_brain(f"{shelf.address}/page") == folder


def test_it_runs(shelf, testdata, tmp_path):
    path = tmp_path / "net" / "model.onnx"
    path.parent.mkdir()
    path.write_bytes((testdata / "models" / "fastestdet_coco.onnx").read_bytes())
    with open_brain(path, labels=testdata / "models" / "coco80.txt") as brain:
        artifact = Artifact(path.name, ".onnx", describe_files(path.parent, path))
        card = brain.card.to_json() | {
            "name": "cats",
            "artifacts": [Card("", "", artifacts=(artifact,)).to_json()["artifacts"][0]],
        }
    shelf.put(f"cats/3/{CARD_FILE}", json.dumps(card).encode())
    shelf.put("cats/3/model.onnx", path.read_bytes())
    with open_brain(f"{shelf.address}/cats@3") as brain:
        assert set(brain.predict(testdata / "pictures" / "football.jpg").names) == {"person", "sports ball"}


def test_versions(shelf):
    for version in ("9", "10", "2"):
        shelf.publish(version=version)
    versions = [Card.read(resolve_brain(f"{shelf.address}/page{at}") / CARD_FILE).version for at in ("", "@2", "@9")]
    assert versions == ["10", "2", "9"]
    with pytest.raises(NoSuchBrain, match=r"no brain 'page' 3; it has 2, 9, 10"):
        resolve_brain(f"{shelf.address}/page@3")
    with pytest.raises(NoSuchBrain, match=r"no brain 'graphs'$"):
        resolve_brain(f"{shelf.address}/graphs")
    refs = [(ref.name, ref.version) for ref in FsspecStore(shelf.address).list()]
    assert refs == [("page", "2"), ("page", "9"), ("page", "10")]


def test_a_brain_in_a_folder_without_versions(shelf):
    shelf.publish(version="4", folder="page")
    assert Card.read(resolve_brain(f"{shelf.address}/page@4") / CARD_FILE).version == "4"
    assert [(ref.name, ref.version) for ref in FsspecStore(shelf.address).list()] == [("page", "4")]


def test_what_is_published_meanwhile_is_found(shelf):
    store = FsspecStore(shelf.address)
    shelf.publish(version="1")
    store.fetch("page", None, Cache())
    shelf.publish(version="2")
    assert Card.read(store.fetch("page", None, Cache()) / CARD_FILE).version == "2"


def test_files_that_the_card_tells_no_hash_of(shelf):
    """What the place says of a file tells whether it is still the same."""
    made = shelf.publish()
    shelf.rewrite("page/1", lambda card: card["artifacts"][0].pop("files"), made)
    first = resolve_brain(f"{shelf.address}/page")
    assert sha256_of(first / WEIGHTS) == sha256_of(made / WEIGHTS)
    assert resolve_brain(f"{shelf.address}/page") == first
    shelf.put(f"page/1/{WEIGHTS}", b"other weights")
    assert (resolve_brain(f"{shelf.address}/page") / WEIGHTS).read_bytes() == b"other weights"


def _first_file(**change):
    return lambda card: card["artifacts"][0]["files"][0].update(change)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (_first_file(sha256="0" * 64), StoreError, "the sha256 of what arrived is"),
        (_first_file(size=5), StoreError, "300000 in the store, 5 in the card"),
        (_first_file(path="gone.bin"), StoreError, "the card names gone.bin, which is not there"),
        (_first_file(path="../weights.bin"), CardError, "outside the card's folder"),
        (_first_file(size="many"), CardError, "size"),
        (lambda card: card.pop("task"), CardError, "task"),
    ],
)
def test_a_card_that_lies(shelf, change, error, said):
    made = shelf.publish()
    shelf.rewrite("page/1", change, made)
    with pytest.raises(error, match=said):
        resolve_brain(f"{shelf.address}/page")
    nothing_is_kept()


def test_an_unreadable_card_does_not_hide_the_others(shelf, caplog):
    shelf.publish()
    shelf.put(f"graphs/1/{CARD_FILE}", b"<html>")
    with caplog.at_level(logging.WARNING):
        assert [ref.name for ref in FsspecStore(shelf.address).list()] == ["page"]
    assert "graphs/1/brain.json: not a readable card" in caplog.text
    with pytest.raises(CardError, match="not a readable card"):
        resolve_brain(f"{shelf.address}/graphs")


@pytest.mark.parametrize("name", ["..", "page/../../secret", "pa*ge", "[a]"])
def test_malformed_names(shelf, name):
    with pytest.raises(StoreError, match="is not a name"):
        FsspecStore(shelf.address).fetch(name, None, Cache())


class TestOffline:
    @pytest.mark.parametrize("kind", ["s3", "sftp"])
    def test_a_fetched_version_is_used_without_a_request(self, kind, request, monkeypatch, caplog):
        shelf = request.getfixturevalue(kind)
        shelf.publish()
        folder = resolve_brain(f"{shelf.address}/page")
        monkeypatch.setenv("RUNNER_OFFLINE", "1")
        monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("somebody is asked"))
        assert resolve_brain(f"{shelf.address}/page") == resolve_brain(f"{shelf.address}/page@1") == folder
        assert "RUNNER_OFFLINE is set; version 1, fetched before, is used" in caplog.text
        with pytest.raises(OfflineError, match="graphs"):
            resolve_brain(f"{shelf.address}/graphs")

    @pytest.mark.parametrize("kind", ["memory", "disk"])
    def test_a_place_on_this_machine_is_read(self, kind, request, monkeypatch):
        monkeypatch.setenv("RUNNER_OFFLINE", "1")
        shelf = request.getfixturevalue(kind)
        shelf.publish()
        assert resolve_brain(f"{shelf.address}/page").is_dir()


def test_no_address():
    with pytest.raises(UsageError, match=r"'bucket/models' is not an address; write s3://"):
        FsspecStore("bucket/models")


def test_an_unknown_file_system():
    with pytest.raises(UsageError, match="nowhere"):
        FsspecStore("nowhere://a/b").fetch("page", None, Cache())


def test_a_file_system_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gcsfs", None)
    with pytest.raises(NotInstalled, match=r"gs://bucket: fsspec needs another package for it; .*gcsfs"):
        FsspecStore("gs://bucket").fetch("page", None, Cache())


class TestS3:
    def test_a_bucket_that_is_not_there(self, s3):
        with pytest.raises(StoreError, match=r"s3://nowhere: does not exist .*; check the address"):
            resolve_brain("s3://nowhere/page")

    def test_no_account(self, s3, monkeypatch, tmp_path):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(tmp_path))
        S3FileSystem.clear_instance_cache()
        with pytest.raises(StoreError, match=r"access is refused; check the account"):
            resolve_brain(f"{s3.address}/page")

    def test_the_server_down(self, s3, monkeypatch, caplog):
        s3.publish()
        folder = resolve_brain(f"{s3.address}/page")
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        S3FileSystem.clear_instance_cache()
        assert resolve_brain(f"{s3.address}/page") == folder
        assert "cannot be reached" in caplog.text
        with pytest.raises(UnreachableError, match="cannot be reached"):
            resolve_brain(f"{s3.address}/graphs")

    def test_a_connection_that_is_cut_and_goes_on(self, s3, s3_server, monkeypatch):
        """Asked again until patience ends, and once more by the person."""
        made = s3.publish()
        monkeypatch.setattr(S3FileSystem, "retries", 1)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setattr("urllib3.Retry.get_backoff_time", lambda _: 0)
        with CuttingProxy(s3_server, after=100_000) as proxy:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            S3FileSystem.clear_instance_cache()
            with pytest.raises(UnreachableError, match=r"weights\.bin: the connection was cut .*; run it again"):
                resolve_brain(f"{s3.address}/page")
            nothing_is_kept()
            proxy.after = None
            folder = resolve_brain(f"{s3.address}/page")
        assert sha256_of(folder / WEIGHTS) == sha256_of(made / WEIGHTS)
        assert Cache().verify() == []


class TestSftp:
    def test_an_unknown_server(self, sftp, tmp_path):
        sftp.publish()
        (tmp_path / ".ssh" / "known_hosts").unlink()
        with pytest.raises(StoreError, match=r"known_hosts does not know this server's key; connect by ssh once"):
            resolve_brain(f"{sftp.address}/page")
        nothing_is_kept()

    def test_a_wrong_password_is_shown_nowhere(self, sftp):
        with pytest.raises(StoreError) as raised:
            resolve_brain(f"{sftp.address.replace('secret', 'wrong')}/page")
        assert "127.0.0.1" in str(raised.value)
        assert "wrong" not in str(raised.value)

    def test_nor_is_the_right_one(self, sftp):
        sftp.publish()
        folder = resolve_brain(f"{sftp.address}/page")
        assert "secret" not in (folder / ".receipt.json").read_text()
