"""Every promise of a store can be broken, and the check says which one."""

import importlib
import shutil
from itertools import count

import pytest

from runner_core.cards.artifact import Artifact, describe_files
from runner_core.cards.card import Card
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain
from runner_core.testing import BrokenPromise, check_store, conformance, fake_rows, write_fake_model


@pytest.fixture
def shelf(tmp_path):
    for name in ("page", "graphs"):
        folder = tmp_path / "shelf" / name
        folder.mkdir(parents=True)
        model = write_fake_model(folder / "model.npz", fake_rows())
        artifact = Artifact("model.npz", ".npz", describe_files(folder, model))
        Card(name, "fake-rows", artifacts=(artifact,)).write(folder / "brain.json")
    return tmp_path / "shelf"


def shelf_store(**methods):
    """The target of a sound store, with other methods."""

    class Shelf:
        def __init__(self, location):
            from pathlib import Path

            self.root = Path(location)
            self.label = f"shelf {location}"

        def list(self):
            return [BrainRef(folder.name, "1") for folder in sorted(self.root.iterdir())]

        def fetch(self, name, version, cache):
            if not (self.root / name).is_dir() or version not in (None, "1"):
                raise NoSuchBrain(f"{self.root}: no brain named {name} {version}")
            return self.root / name

    for name, method in methods.items():
        setattr(Shelf, name, method)
    return Shelf


COUNTER = count()


def copies_each_time(self, name, version=None, cache=None):
    target = self.root.parent / f"copy-{next(COUNTER)}"
    return shutil.copytree(self.root / name, target)


def spoils(change):
    """Fetches a copy that is changed so."""

    def fetch(self, name, version, cache):
        folder = copies_each_time(self, name)
        change(folder)
        return folder

    return fetch


def raises_key_error(self, name, version, cache):
    return {"page": self.root / "page"}[name]


def names_nothing(self, name, version, cache):
    raise NoSuchBrain("no such brain")


def knows_no_versions(self, name, version, cache):
    if not (self.root / name).is_dir():
        raise NoSuchBrain(f"no brain named {name}")
    return self.root / name


BROKEN = [
    ("has_the_methods_of_a_store", lambda location: object(), "object has no fetch, label, list: add it"),
    ("lists_its_brains", shelf_store(list=lambda self: []), "it yields ()"),
    ("lists_its_brains", shelf_store(list=lambda self: ["page"]), "it yields ('page',)"),
    ("lists_its_brains", shelf_store(list=lambda self: [BrainRef("a", "1")] * 2), "the names are ['a@1', 'a@1']"),
    ("lists_its_brains", shelf_store(list=lambda self: [BrainRef("", "1")]), "the names are ['@1']"),
    ("lists_its_brains", shelf_store(list=lambda self: [BrainRef("a", str(next(COUNTER)))]), "first (BrainRef("),
    (
        "fetches_what_it_lists",
        shelf_store(fetch=spoils(lambda folder: (folder / "brain.json").unlink())),
        "brain.json: no such card",
    ),
    (
        "fetches_what_it_lists",
        shelf_store(fetch=spoils(lambda folder: (folder / "model.npz").unlink())),
        "graphs has no model.npz, which its card names",
    ),
    (
        "fetches_what_it_lists",
        shelf_store(fetch=spoils(lambda folder: (folder / "model.npz").write_text("short"))),
        "5 bytes, the card says",
    ),
    (
        "fetches_what_it_lists",
        shelf_store(fetch=spoils(lambda folder: Card("a", "b").write(folder / "brain.json"))),
        "the card of graphs names no artifact",
    ),
    ("fetches_what_it_lists", shelf_store(fetch=copies_each_time), "graphs is in another folder the second time"),
    (
        "refuses_an_unknown_brain",
        shelf_store(fetch=lambda self, *asked: self.root),
        "brain does not raise NoSuchBrain",
    ),
    ("refuses_an_unknown_brain", shelf_store(fetch=knows_no_versions), "unknown version does not raise NoSuchBrain"),
    ("refuses_an_unknown_brain", shelf_store(fetch=raises_key_error), "raises KeyError"),
    ("refuses_an_unknown_brain", shelf_store(fetch=names_nothing), "does not name 'no-such-brain'"),
]


@conformance(check_store)
def test_a_sound_store_keeps_it(check, shelf, tmp_path):
    check(shelf_store(), tmp_path / "cache", shelf)


@pytest.mark.parametrize(("promise", "store", "message"), BROKEN, ids=[entry[0] for entry in BROKEN])
def test_it_can_be_broken(promise, store, message, shelf, tmp_path):
    with pytest.raises(BrokenPromise) as broken:
        check_store.each()[promise](store, tmp_path / "cache", shelf)
    sentence = getattr(importlib.import_module("runner_core.testing.stores"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"{store.__name__} at {shelf} breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


def test_each_promise_is_broken_by_a_test():
    assert {promise for promise, *_ in BROKEN} == set(check_store.each())
