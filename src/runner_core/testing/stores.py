"""What a store promises (``contracts.Store``)."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from runner_core.artifact import check_files
from runner_core.card import FILE_NAME, Card
from runner_core.contracts import BrainRef, Store
from runner_core.errors import StoreError
from runner_core.testing.check import Check, demand, refused

NO_BRAIN = "no-such-brain"


@attrs.frozen
class StoreCase:
    """Checks a store that holds at least one brain.

    ``make``      the plugin's target: called with a location, it gives a Store.
    ``location``  where the store is; empty for a store that needs none.
    """

    make: Callable[[str], Store]
    location: str = attrs.field(default="", converter=str)

    def __str__(self) -> str:
        return f"{getattr(self.make, '__name__', self.make)} at {self.location or 'its own place'}"

    def store(self) -> Store:
        return self.make(self.location)


def has_the_methods_of_a_store(case: StoreCase) -> None:
    """A store has list and fetch."""
    demand(isinstance(case.store(), Store), f"{type(case.store()).__name__} lacks one")


def lists_its_brains(case: StoreCase) -> None:
    """List gives BrainRefs, each name once, and the same again when asked again."""
    store = case.store()
    refs = tuple(store.list())
    demand(bool(refs) and all(isinstance(ref, BrainRef) for ref in refs), f"it gives {refs!r}")
    names = [ref.name for ref in refs]
    demand(all(names) and len(set(names)) == len(names), f"the names are {names}")
    demand(tuple(store.list()) == refs, f"first {refs}, then {tuple(store.list())}")


def fetches_what_it_lists(case: StoreCase) -> None:
    """Fetch gives a folder with a brain.json that can be read and whose files are there, and the same folder again."""
    store = case.store()
    for ref in store.list():
        folder = store.fetch(ref.name)
        card = Card.read(folder / FILE_NAME)
        demand(bool(card.artifacts), f"the card of {ref.name} names no artifact")
        for artifact in card.artifacts:
            demand((folder / artifact.path).exists(), f"{ref.name} has no {artifact.path}")
            check_files(folder, artifact)
        demand(store.fetch(ref.name) == folder, f"{ref.name} is in another folder the second time")


def refuses_an_unknown_brain(case: StoreCase) -> None:
    """Fetching a brain that it has not raises StoreError, on one line that names it."""
    refused(lambda: case.store().fetch(NO_BRAIN), StoreError, "fetching an unknown brain", naming=NO_BRAIN)


check_store = Check(
    StoreCase, has_the_methods_of_a_store, lists_its_brains, fetches_what_it_lists, refuses_an_unknown_brain
)
