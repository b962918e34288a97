"""What stores promise (``contracts.Store``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from runner_core.cache.cache import Cache
from runner_core.cards.artifact import check_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.contracts import BrainRef, Store
from runner_core.errors import NoSuchBrain
from runner_core.testing.check import Check, demand, demand_members, demand_refusal

NO_BRAIN = "no-such-brain"


@attrs.frozen
class StoreCase:
    """Checks a store that holds at least one brain.

    ``make``      the plugin's target: called with a location, it returns a Store.
    ``location``  where the store is; empty for a store that has none.
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
    """A store has a label, list and fetch."""
    demand_members(case.store(), Store)


def lists_its_brains(case: StoreCase) -> None:
    """List yields BrainRefs, each version of a name once, and the same ones every time."""
    store = case.store()
    refs = tuple(store.list())
    demand(bool(refs) and all(isinstance(ref, BrainRef) for ref in refs), f"it yields {refs!r}")
    names = [f"{ref.name}@{ref.version}" for ref in refs]
    demand(all(ref.name for ref in refs) and len(set(names)) == len(names), f"the names are {names}")
    demand(tuple(store.list()) == refs, f"first {refs}, then {tuple(store.list())}")


def fetches_what_it_lists(case: StoreCase) -> None:
    """Fetch returns a folder with a readable brain.json and the files it names, and the same folder every time."""
    for ref in case.store().list():
        demand(case.fetch(ref.name).is_dir(), f"what it returns for {ref.name} without a version is not a folder")
        folder = case.fetch(ref.name, ref.version)
        card = Card.read(folder / CARD_FILE)
        demand(bool(card.artifacts), f"the card of {ref.name} names no artifact")
        for artifact in card.artifacts:
            demand((folder / artifact.path).exists(), f"{ref.name} has no {artifact.path}, which its card names")
            check_files(folder, artifact)
        same = case.fetch(ref.name, ref.version) == folder
        demand(same, f"{ref.name} is in another folder the second time: use cache.install, or a folder that stays")


def refuses_an_unknown_brain(case: StoreCase) -> None:
    """Fetching an unknown brain or version raises NoSuchBrain with one line that names it."""
    demand_refusal(lambda: case.fetch(NO_BRAIN), NoSuchBrain, "fetching an unknown brain", naming=NO_BRAIN)
    name = next(iter(case.store().list())).name
    demand_refusal(lambda: case.fetch(name, NO_BRAIN), NoSuchBrain, "fetching an unknown version", naming=NO_BRAIN)


check_store = Check(
    StoreCase, has_the_methods_of_a_store, lists_its_brains, fetches_what_it_lists, refuses_an_unknown_brain
)
