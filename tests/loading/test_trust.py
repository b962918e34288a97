"""What is remembered of trust, and what breaks it."""

from __future__ import annotations

import json
import threading

import pytest

from runner_core.errors import RunnerError
from runner_core.loading import trust


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / trust.TRUST_FILE


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.pb"
    path.write_bytes(b"contents")
    return path


@pytest.fixture
def folder(tmp_path):
    """A model of several files."""
    folder = tmp_path / "saved"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    return folder


def test_a_stranger_is_not_trusted(model):
    assert not trust.find_trusted(model)


def test_trust_is_remembered_with_the_sha256_and_a_name_for_people(model, place):
    trust.remember_trust(model, "page")
    assert trust.find_trusted(model)
    assert json.loads(place.read_text()) == {trust.digest_of(model): "page"}


def test_other_contents_under_the_same_name_are_a_stranger(model):
    trust.remember_trust(model, "page")
    model.write_bytes(b"c0ntents")
    assert not trust.find_trusted(model)


def test_the_same_contents_elsewhere_are_no_stranger(model, tmp_path):
    trust.remember_trust(model, "page")
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "model.pb"
    copy.write_bytes(model.read_bytes())
    assert trust.find_trusted(copy)


@pytest.mark.parametrize("change", ["contents", "more", "less", "moved"])
def test_any_file_of_a_folder_counts(folder, change):
    trust.remember_trust(folder, "page")
    index = folder / "variables" / "variables.index"
    if change == "contents":
        index.write_bytes(b"other")
    elif change == "more":
        (folder / "saved_model.pbtxt").touch()
    elif change == "less":
        index.unlink()
    else:
        index.rename(folder / "variables.index")
    assert not trust.find_trusted(folder)


def test_weights_beside_a_model_count(tmp_path):
    model = tmp_path / "model.xml"
    for path in (model, model.with_suffix(".bin")):
        path.write_bytes(path.name.encode())
    kept = trust.remember_trust(model, "page")
    assert kept.with_suffix(".bin").read_bytes() == b"model.bin"
    model.with_suffix(".bin").write_bytes(b"0ther.bin")
    assert not trust.find_trusted(model)


def test_a_link_to_a_folder_is_never_trusted(folder, tmp_path, model):
    """Its files could change, and the hash stay the same."""
    trust.remember_trust(model, "another")
    elsewhere = (folder / "variables").rename(tmp_path / "elsewhere")
    (folder / "variables").symlink_to(elsewhere)
    assert not trust.find_trusted(folder)
    with pytest.raises(RunnerError, match=r"variables: a link to a folder, which can change unseen"):
        trust.remember_trust(folder, "page")


def test_several_at_once_forget_none(tmp_path):
    models = [tmp_path / f"{number}.pb" for number in range(8)]
    for path in models:
        path.write_text(path.name)
    threads = [threading.Thread(target=trust.remember_trust, args=(path, path.name)) for path in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(trust.find_trusted(path) for path in models)


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 99999, "\xff"])
def test_a_damaged_memory_trusts_nobody_and_says_so(model, place, text):
    place.parent.mkdir()
    place.write_text(text, encoding="latin-1")
    with pytest.raises(RunnerError, match=rf"{place}: not readable .*; remove it"):
        trust.find_trusted(model)
    with pytest.raises(RunnerError, match="not readable"):
        trust.remember_trust(model, "page")
    assert place.read_text(encoding="latin-1") == text


def test_a_home_that_cannot_be_written(model, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(RunnerError, match=r"cannot be written .*; set RUNNER_HOME"):
        trust.remember_trust(model, "page")
