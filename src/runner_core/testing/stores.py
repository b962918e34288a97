"""What a store promises (``contracts.Store``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from runner_core.cache.cache import Cache
from runner_core.cards.artifact import check_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.contracts import BrainRef, Store
from runner_core.errors import NoSuchBrain
from runner_core.testing.check import Check, demand, refused

NO_BRAIN = "no-such-brain"


@attrs.frozen
class StoreCase:
    """Checks a store that holds at least one brain.

    ``make``      the plugin's target: called with a location, it gives a Store.
    ``location``  where the store is; empty for a store that needs none.
    ``cache``     a folder to fetch into, empty at first.
    """

    make: Callable[[str], Store]
    cache: Path
    location: str = attrs.field(default="", converter=str)

    def __str__(self) -> str:
        return f"{getattr(self.make, '__name__', self.make)} at {self.location or 'its own place'}"

    def store(self) -> Store:
        return self.make(self.location)

    def fetch(self, name: str, version: str | None = None) -> Path:
        return self.store().fetch(name, version, Cache(self.cache))


def has_the_methods_of_a_store(case: StoreCase) -> None:
    """A store has list and fetch."""
    demand(isinstance(case.store(), Store), f"{type(case.store()).__name__} lacks one")


def lists_its_brains(case: StoreCase) -> None:
    """List gives BrainRefs, each version of a name once, and the same again when asked again."""
    store = case.store()
    refs = tuple(store.list())
    demand(bool(refs) and all(isinstance(ref, BrainRef) for ref in refs), f"it gives {refs!r}")
    names = [f"{ref.name}@{ref.version}" for ref in refs]
    demand(all(ref.name for ref in refs) and len(set(names)) == len(names), f"the names are {names}")
    demand(tuple(store.list()) == refs, f"first {refs}, then {tuple(store.list())}")


def fetches_what_it_lists(case: StoreCase) -> None:
    """Fetch gives a folder with a brain.json that can be read and whose files are there, and the same folder again."""
    for ref in case.store().list():
        demand(case.fetch(ref.name).is_dir(), f"{ref.name} without a version is no folder")
        folder = case.fetch(ref.name, ref.version)
        card = Card.read(folder / CARD_FILE)
        demand(bool(card.artifacts), f"the card of {ref.name} names no artifact")
        for artifact in card.artifacts:
            demand((folder / artifact.path).exists(), f"{ref.name} has no {artifact.path}")
            check_files(folder, artifact)
        demand(case.fetch(ref.name, ref.version) == folder, f"{ref.name} is in another folder the second time")


def refuses_an_unknown_brain(case: StoreCase) -> None:
    """Fetching a brain, or a version, that it has not raises NoSuchBrain, on one line that names it."""
    refused(lambda: case.fetch(NO_BRAIN), NoSuchBrain, "fetching an unknown brain", naming=NO_BRAIN)
    name = next(iter(case.store().list())).name
    refused(lambda: case.fetch(name, NO_BRAIN), NoSuchBrain, "fetching an unknown version", naming=NO_BRAIN)


check_store = Check(
    StoreCase, has_the_methods_of_a_store, lists_its_brains, fetches_what_it_lists, refuses_an_unknown_brain
)
