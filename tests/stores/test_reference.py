"""A brain as it is named anywhere, and the stores that are asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner_core.errors import NotInstalled, UsageError
from runner_core.stores.config import StoreAddress, parse_store_address, read_configured_stores
from runner_core.stores.reference import Reference, parse_reference, split_query
from runner_core.testing import registry_of

TEAM = StoreAddress("team", "http", "https://models.example/brains")


@pytest.fixture(autouse=True)
def place(home, tmp_path, monkeypatch):
    home.mkdir()
    monkeypatch.setenv("RUNNER_STORES", "team=http:https://models.example/brains")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("page", Reference("page")),
        ("page@2", Reference("page", "2")),
        ("team:page", Reference("page", None, TEAM)),
        ("team:page@2", Reference("page", "2", TEAM)),
        ("team:sub/page@2", Reference("sub/page", "2", TEAM)),
        ("demo:page", Reference("page", None, StoreAddress("demo", "demo"))),
        ("hf:owner/name@main", Reference("owner/name", "main", StoreAddress("hf", "huggingface"))),
        ("folder:/srv/models/page@3", Reference("page", "3", StoreAddress("folder", "folder", "/srv/models"))),
        ("folder:models/page", Reference("page", None, StoreAddress("folder", "folder", "models"))),
        ("https://models.example/a/page@1", Reference("page", "1", StoreAddress("https", "http", "https://models.example/a"))),
        ("https://models.example/cats.onnx", Reference("cats.onnx", None, StoreAddress("https", "http", "https://models.example"))),
        ("http:http://host/page", Reference("page", None, StoreAddress("http", "http", "http://host"))),
        ("s3://bucket/models/page", Reference("page", None, StoreAddress("s3", "fsspec", "s3://bucket/models"))),
        ("models/page", Path("models/page")), ("./page", Path("page")), ("cats.pb", Path("cats.pb")),
        ("..", Path("..")),
    ],
)  # fmt: skip
def test_it_is_read(text, found):
    assert parse_reference(text) == found


def test_what_is_there_is_a_path(place):
    (place / "page").mkdir()
    assert parse_reference("page") == Path("page")
    (place / "team:page").write_text("x")
    assert parse_reference("team:page") == Path("team:page")


@pytest.mark.parametrize(
    ("text", "path"),
    [("file:a?b>c.pb", "a?b>c.pb"), ("file:../a.pb", "../a.pb"), ("file:/srv/a%20b.pb", "/srv/a%20b.pb")],
)
def test_what_is_called_a_file_is_a_path(text, path):
    assert parse_reference(text) == Path(path)


def test_a_file_address_is_a_path_if_there_is_one(place):
    (place / "a?b.pb").write_text("x")
    assert parse_reference(f"file://{place}/a%3Fb.pb") == place / "a?b.pb"
    assert parse_reference(f"file://{place}/none.pb") == Reference(
        "none.pb", None, StoreAddress("file", "fsspec", f"file://{place}")
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("page?conf=0.4", ("page", "conf=0.4")), ("page?conf=0.4&name=a?b", ("page", "conf=0.4&name=a?b")),
        ("page?", ("page", "")), ("page?slip", ("page", "slip")), ("page?slip&conf=1", ("page", "slip&conf=1")),
        ("a?b.onnx", ("a?b.onnx", "")), ("a?b.onnx?conf=1", ("a?b.onnx", "conf=1")),
        ("a?b.onnx?options.order=yxyx", ("a?b.onnx", "options.order=yxyx")),
        ("there?conf=1.onnx", ("there?conf=1.onnx", "")), ("there?conf=1.onnx?conf=2", ("there?conf=1.onnx", "conf=2")),
        ("file:there?conf=1.onnx?conf=2", ("file:there?conf=1.onnx", "conf=2")),
    ],
)  # fmt: skip
def test_options_begin_behind_a_file_that_is_there_or_where_a_name_follows(place, text, parts):
    (place / "there?conf=1.onnx").write_text("x")
    assert split_query(text) == parts


@pytest.mark.parametrize("text", ["page@", "@2", "", "team:", "team:@1"])
def test_a_reference_without_a_name_is_reported(text):
    with pytest.raises(UsageError, match="names no brain; write NAME, NAME@VERSION or STORE:NAME@VERSION"):
        parse_reference(text)


@pytest.mark.parametrize("text", ["gopher://host/page", "nix:page"])
def test_an_unknown_store_is_reported(text):
    with pytest.raises(
        UsageError, match=f"there is no store '{text.partition(':')[0]}'; configured: team, demo; installed"
    ):
        parse_reference(text)


class TestConfigured:
    def test_the_environment_comes_first_and_what_is_embedded_last(self, home):
        (home / "stores.toml").write_text('[stores]\nshared = "folder:/srv/models"\nteam = "folder:/other"\n')
        assert list(read_configured_stores().values()) == [
            TEAM, StoreAddress("shared", "folder", "/srv/models"), StoreAddress("demo", "demo"),
        ]  # fmt: skip

    def test_several_in_the_environment(self, monkeypatch):
        monkeypatch.setenv("RUNNER_STORES", " one=folder:/a  two=http:https://b/c?d=e ")
        assert [(found.alias, found.location) for found in read_configured_stores().values()][:2] == [
            ("one", "/a"), ("two", "https://b/c?d=e"),
        ]  # fmt: skip

    @pytest.mark.parametrize("entry", ["team", "team:http", "t=folder:/a"])
    def test_a_malformed_entry_is_reported(self, monkeypatch, entry):
        monkeypatch.setenv("RUNNER_STORES", entry)
        with pytest.raises(
            UsageError, match=r"is not a store; write ALIAS=KIND:LOCATION|cannot be called 't'; give it two"
        ):
            read_configured_stores()

    @pytest.mark.parametrize("text", ["[stores", "stores = 5", b"\xff\xfe"], ids=repr)
    def test_an_unreadable_file_is_reported(self, home, text):
        (home / "stores.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(UsageError, match=r"stores.toml: (not readable TOML|stores is not a table)"):
            read_configured_stores()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("team", TEAM),
        ("demo", StoreAddress("demo", "demo")),
        ("folder:/srv/models", StoreAddress("folder:/srv/models", "folder", "/srv/models")),
        ("http:https://host/a", StoreAddress("http:https://host/a", "http", "https://host/a")),
        ("https://host/a", StoreAddress("https://host/a", "http", "https://host/a")),
    ],
)
def test_a_store_as_typed(text, found):
    assert parse_store_address(text) == found


def test_a_store_of_unknown_kind_is_reported():
    with pytest.raises(UsageError, match="there is no store 'nix'; configured: team, demo"):
        parse_store_address("nix:/srv")


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("hf:owner/name", "runner-store-huggingface"),
        ("s3://bucket/models/page", "runner-store-fsspec"),
        ("folder:models/page", "runner-store-folder"),
        ("mlflow:page", "runner-store-mlflow"),
        ("https://host/page", "runner-store-http"),
    ],
)
def test_a_store_that_is_not_installed_is_named_with_its_package(text, package):
    with registry_of("runner_demo.plugin"), pytest.raises(NotInstalled, match=f"`pip install {package}` brings it$"):
        parse_reference(text)


def test_a_store_that_is_installed_is_not_to_be_installed_again():
    with pytest.raises(UsageError) as refused:
        parse_store_address("models")  # a word alone is not the scheme that MLflow's store claims
    assert "pip install" not in str(refused.value)
