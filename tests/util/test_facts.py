"""Facts kept from run to run."""

from __future__ import annotations

import json
import threading

import pytest

from runner_core.util.facts import read_facts, update_facts

FILE = "facts.json"


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / FILE


def test_without_a_file_there_are_no_facts(path):
    assert read_facts(FILE) == {}
    path.parent.touch()  # nor is there a folder
    assert read_facts(FILE) == {}


def test_what_is_written_can_be_read(path):
    update_facts(FILE, lambda: {"a": 1})
    update_facts(FILE, lambda: {**read_facts(FILE), "b": [2]})
    assert read_facts(FILE) == json.loads(path.read_text()) == {"a": 1, "b": [2]}


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "[" * 99999, "\xff"])
def test_a_damaged_file_is_a_value_error(path, text):
    path.parent.mkdir()
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"."):
        read_facts(FILE)


def test_an_update_that_fails_leaves_the_file_as_it_was(path):
    update_facts(FILE, lambda: {"a": 1})
    with pytest.raises(ZeroDivisionError):
        update_facts(FILE, lambda: {"a": 1 // 0})
    assert read_facts(FILE) == {"a": 1}


def test_a_folder_that_cannot_be_made_is_an_os_error(path):
    path.parent.touch()
    with pytest.raises(NotADirectoryError):
        update_facts(FILE, dict)


def test_updates_at_the_same_time_lose_nothing():
    def add(key: str) -> None:
        update_facts(FILE, lambda: {**read_facts(FILE), key: True})

    threads = [threading.Thread(target=add, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_facts(FILE)) == 8
