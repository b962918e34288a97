"""A web server as a store: what an index lists, or one model file; whatever else it sends is said and not kept."""

from __future__ import annotations

import io
import json
import shutil
import tarfile

import numpy as np
import pytest
from faulty_server import FaultyServer, cut, disguised_page, page, refuse, serve, status
from runner_store_http.store import HttpStore
from shelves import WEIGHTS, publish, rewrite_index

from runner_core.cache.archive import SUFFIXES
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import NoSuchBrain, OfflineError, StoreError, UnreachableError
from runner_core.testing import check_plugin, check_store, conformance

INDEX = "/index.json"

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def store(server):
    return HttpStore(server.url)


@pytest.fixture
def published(shelf):
    return publish(shelf)


def model_bytes():
    """What looks like a model to who looks at the first bytes: an archive of arrays."""
    out = io.BytesIO()
    np.savez(out, np.zeros(3))
    return out.getvalue()


def has_nothing(cache):
    return cache.verify() == [] and not list(cache.brains()) and not list(cache.root.glob("blobs/*/*"))


@conformance(check_plugin)
def test_plugin(check):
    check("runner_store_http.plugin")


@conformance(check_store)
def test_conformance(check, shelf, server, tmp_path):
    publish(shelf)
    publish(shelf, version="2")
    publish(shelf, "graphs")
    check(HttpStore, tmp_path / "cache", server.url)


class TestAddress:
    @pytest.mark.parametrize("location", ["", "models.example/brains", "ftp://models.example", "https://", "//x"])
    def test_a_malformed_address_is_reported(self, location):
        with pytest.raises(StoreError, match="not an address of a web server; write http:https://HOST/PATH"):
            HttpStore(location)

    def test_an_account_in_the_address_is_refused_and_not_shown(self):
        with pytest.raises(StoreError, match="set RUNNER_TOKEN_MODELS_EXAMPLE, or use netrc") as error:
            HttpStore("https://me:secret@models.example/brains")
        assert "secret" not in str(error.value)

    def test_a_token_of_the_environment_is_sent(self, server, published, cache, monkeypatch):
        monkeypatch.setenv("RUNNER_TOKEN_127_0_0_1", "the-token")
        HttpStore(server.url).fetch("page", None, cache)
        assert {asked.authorization for asked in server.asked} == {"Bearer the-token"}

    def test_a_slash_at_its_end_changes_nothing(self, server, published, cache):
        assert HttpStore(f"{server.url}/").label == HttpStore(server.url).label
        HttpStore(f"{server.url}/").fetch("page", None, cache)


class TestIndex:
    def test_what_it_lists_is_fetched_and_is_what_was_published(self, store, server, published, cache):
        folder = store.fetch("page", None, cache)
        assert (folder / WEIGHTS).read_bytes() == (published / WEIGHTS).read_bytes()
        assert Card.read(folder / CARD_FILE) == Card.read(published / CARD_FILE)
        ((_, receipt),) = cache.brains()
        assert (receipt.store, receipt.name, receipt.version) == (f"http:{server.url}", "page", "1")

    def test_the_naturally_greatest_version_is_the_newest(self, store, shelf, cache):
        for version in ("2", "10", "9"):
            publish(shelf, version=version)
        assert Card.read(store.fetch("page", None, cache) / CARD_FILE).version == "10"
        assert Card.read(store.fetch("page", "9", cache) / CARD_FILE).version == "9"
        assert {ref.version for ref in store.list()} == {"2", "9", "10"}

    def test_a_newer_version_shares_what_did_not_change(self, store, shelf, server, cache):
        first = publish(shelf, seed=1)
        store.fetch("page", None, cache)
        second = shelf / "page" / "2"
        second.mkdir()
        for path in first.iterdir():
            (second / path.name).write_bytes(path.read_bytes())
        card = json.loads((second / CARD_FILE).read_text())
        (second / CARD_FILE).write_text(json.dumps({**card, "version": "2"}))
        publish(shelf, "another")
        store.fetch("page", None, cache)
        assert server.gets(f"/page/2/{WEIGHTS}") == []

    def test_a_version_that_is_here_is_not_asked_for(self, store, server, published, cache):
        folder = store.fetch("page", "1", cache)
        server.asked.clear()
        assert store.fetch("page", "1", cache) == folder
        assert server.asked == []

    @pytest.mark.parametrize(
        ("asked", "said"),
        [(("nix", None), "has no brain 'nix'$"), (("page", "2"), "has no brain 'page' 2; it has 1")],
        ids=["name", "version"],
    )
    def test_a_missing_brain_or_version_is_reported(self, store, published, cache, asked, said):
        with pytest.raises(NoSuchBrain, match=said):
            store.fetch(*asked, cache)
        assert has_nothing(cache)

    def test_an_index_that_is_cut_is_asked_for_again(self, store, server, published, cache):
        server.next(INDEX, cut(10), cut(20))
        assert store.fetch("page", None, cache).is_dir()

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "sent .*instead of JSON"), ("{", "instead of JSON"), ("[" * 100_000, "instead of JSON"),
            ("[]", "not an index of brains"), ("{}", "not an index of brains"),
            ('{"brains": {}}', None), ('{"brains": 5}', "not an index of brains"), ('{"brains": [5]}', "not an index"),
            ('{"brains": [{"name": "page"}]}', "not an index of brains .*version"),
            ('{"brains": [{"name": "page", "version": 1, "files": []}]}', r"expected str @ index.brains\[0\].version"),
            ('{"brains": [{"name": "page", "version": "1", "files": []}]}', "page@1 has no files"),
        ],
    )  # fmt: skip
    def test_a_malformed_index_is_reported(self, store, shelf, cache, text, told):
        (shelf / "index.json").write_text(text)
        error = NoSuchBrain if told is None else StoreError
        with pytest.raises(error, match=told or "has no brain") as raised:
            store.fetch("page", None, cache)
        assert "\n" not in str(raised.value)
        assert has_nothing(cache)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"name": "../page"}, "not a name for a brain"), ({"name": "/page"}, "not a name for a brain"),
            ({"version": ".."}, "not a name for a brain"), ({"version": "1\n"}, "not a name for a brain"),
        ],
    )  # fmt: skip
    def test_names_that_climb_out_are_refused(self, store, shelf, published, cache, change, told):
        rewrite_index(shelf, change)
        with pytest.raises(StoreError, match=told):
            store.fetch("page", None, cache)

    @pytest.mark.parametrize("path", ["../../evil", "/etc/evil", "a/../../evil", "C:\\evil", ".receipt.json", "a\x1bb"])
    def test_files_that_climb_out_are_refused(self, store, shelf, published, server, cache, path):
        rewrite_index(shelf, file={"path": path})
        with pytest.raises(StoreError, match=r"is refused: not a plain path|the cache's own"):
            store.fetch("page", None, cache)
        assert {asked.path for asked in server.asked} == {INDEX}

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"size": 5}, "the server has .* bytes, the store says 5"), ({"size": -5}, "no file has -5 bytes"),
            ({"size": "5"}, r"expected int @ .*files\[0\].size"), ({"size": 1 << 80}, "the store says 12089258"),
            ({"sha256": "0" * 64}, "the sha256 of what arrived is"), ({"sha256": "../x"}, "not a sha256 in hex"),
            ({"path": "absent.bin"}, "absent.bin: not found"),
        ],
    )  # fmt: skip
    def test_files_that_are_not_what_it_says_are_refused(self, store, shelf, published, cache, change, told):
        rewrite_index(shelf, file=change)
        with pytest.raises(StoreError, match=told):
            store.fetch("page", None, cache)
        assert cache.verify() == []
        assert not list(cache.brains())

    def test_a_version_listed_twice_is_refused(self, store, shelf, published, cache):
        index = json.loads((shelf / "index.json").read_text())
        (shelf / "index.json").write_text(json.dumps({"brains": index["brains"] * 2}))
        with pytest.raises(StoreError, match="lists a version twice"):
            store.fetch("page", None, cache)

    def test_a_summary_draws_nothing_on_a_terminal(self, store, shelf, published):
        rewrite_index(shelf, {"summary": "a\x1b[2Jb\nc"})
        assert [ref.summary for ref in store.list()] == ["a [2Jb c"]

    @pytest.mark.parametrize(
        ("fault", "error", "told"),
        [
            (page, StoreError, "text/html instead of JSON"), (status(404), StoreError, r"not found \(404\)"),
            (status(403), StoreError, "refuses access .*check the token"), (status(500), UnreachableError, "fails"),
            (status(429, {"Retry-After": "3600"}), UnreachableError, r"\(429\); try again in 3600 s"),
            (refuse, UnreachableError, "cannot be reached"), (serve(b"\xff\xfe"), StoreError, "instead of JSON"),
            (status(302, {"Location": INDEX}), StoreError, "redirects without end"),
        ],
    )  # fmt: skip
    def test_server_faults_are_reported(self, store, server, published, cache, at_once, fault, error, told):
        server.always(INDEX, fault)
        with pytest.raises(error, match=told) as raised:
            store.fetch("page", None, cache)
        assert type(raised.value) is error
        assert at_once == []
        assert has_nothing(cache)

    def test_a_card_that_is_a_page_is_refused_by_its_sum(self, store, server, published, cache):
        server.always(f"/page/1/{CARD_FILE}", disguised_page)
        with pytest.raises(StoreError, match="the store says"):
            store.fetch("page", None, cache)
        assert not list(cache.brains())

    def test_offline_no_server_is_asked(self, store, server, published, cache, monkeypatch):
        monkeypatch.setenv("RUNNER_OFFLINE", "1")
        with pytest.raises(OfflineError, match=r"index.json is not here and RUNNER_OFFLINE is set"):
            store.fetch("page", None, cache)
        assert server.asked == []


class TestAFileByItsUrl:
    @pytest.fixture
    def model(self, shelf):
        (shelf / "cats.npz").write_bytes(model_bytes())
        return "cats.npz"

    def test_it_is_fetched_once_and_asked_after(self, store, server, model, cache):
        place = store.fetch(model, None, cache)
        assert place.read_bytes() == model_bytes()
        assert store.fetch(model, None, cache) == place
        assert [asked.method for asked in server.asked] == ["HEAD", "GET", "HEAD"]

    def test_one_that_changed_is_fetched_again(self, store, shelf, model, cache):
        first = store.fetch(model, None, cache)
        (shelf / model).write_bytes(model_bytes() + b"more")
        second = store.fetch(model, None, cache)
        assert second.read_bytes() == model_bytes() + b"more"
        assert first.read_bytes() == model_bytes()

    @pytest.mark.parametrize("code", [403, 405, 501])
    def test_a_server_that_knows_no_head_is_asked_otherwise(self, store, server, model, cache, code):
        def fault(handler):
            status(code)(handler) if handler.command == "HEAD" else handler.plain()

        server.always(f"/{model}", fault)
        assert store.fetch(model, None, cache).read_bytes() == model_bytes()

    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            (page, "an HTML page instead of the file"), (disguised_page, "what the server sent is not a model"),
            (serve(b""), "what the server sent is not a model"), (status(403), r"refuses access \(403\)"),
            (status(404), r"index.json: not found \(404\)"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_not_a_model_is_not_kept(self, store, server, model, cache, fault, told):
        server.always(f"/{model}", fault)
        with pytest.raises(StoreError, match=told):
            store.fetch(model, None, cache)
        assert has_nothing(cache)

    @pytest.mark.parametrize("suffix", SUFFIXES[1:3])
    def test_an_archive_is_unpacked(self, store, shelf, cache, suffix):
        with tarfile.open(shelf / f"page{suffix}", f"w:{suffix.partition('.')[2].partition('.')[2]}") as tar:
            tar.add(publish(shelf), "page")
        place = store.fetch(f"page{suffix}", None, cache)
        assert Card.read(place / CARD_FILE).name == "page"
        assert store.fetch(f"page{suffix}", None, cache) == place
        assert cache.verify() == []


def test_https_to_http_is_refused(shelf, tmp_path, cache, monkeypatch, certificate):
    """By a real server of either kind: a model that came over the second could be anybody's."""
    publish(shelf)
    bundle, context = certificate
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with FaultyServer(shelf) as plain, FaultyServer(shelf, context=context) as safe:
        store = HttpStore(safe.url)
        assert store.fetch("page", None, cache).is_dir()
        cache.remove("page")
        path = f"/page/1/{WEIGHTS}"
        safe.always(path, status(302, {"Location": plain.url + path}))
        with pytest.raises(StoreError, match=f"{path}: redirects to '{plain.url}{path}': refused"):
            store.fetch("page", None, cache)
        assert plain.asked == []
        assert not list(cache.brains())
        safe.always(path, status(302, {"Location": f"{safe.url}/elsewhere"}))
        shutil.copy(shelf / "page" / "1" / WEIGHTS, shelf / "elsewhere")
        assert store.fetch("page", None, cache).is_dir()


def test_an_unknown_certificate_is_reported(shelf, cache, certificate):
    publish(shelf)
    with (
        FaultyServer(shelf, context=certificate[1]) as safe,
        pytest.raises(UnreachableError, match=r"cannot be reached .*certificate"),
    ):
        HttpStore(safe.url).fetch("page", None, cache)
