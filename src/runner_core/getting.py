"""Getting a brain: from a reference to a path, by the stores and the cache."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from runner_core.cache.cache import Cache
from runner_core.contracts import Store
from runner_core.errors import NoSuchBrain, UnreachableError
from runner_core.reference import Reference, parse
from runner_core.stores import StoreAddress, configured

log = logging.getLogger("runner")


def find(text: str, cache: Cache | None = None) -> Path:
    """The place of a brain as it is typed: a path as it is, anything else fetched."""
    found = parse(text)
    return found if isinstance(found, Path) else get(found, cache)


def get(reference: Reference, cache: Cache | None = None) -> Path:
    """The brain's folder or file, fetched where need be.

    A store that does not answer is no reason to stand still: what was fetched from it last serves, and a warning says
    so. Raises NoSuchBrain where no store has it, UnreachableError, StoreError.
    """
    cache = cache or Cache()
    for address in addresses(reference):
        store = address.open()
        try:
            return store.fetch(reference.name, reference.version, cache)
        except NoSuchBrain:
            if reference.store:
                raise
        except UnreachableError as error:
            return _stale(reference, store, cache, error)
    raise no_such_brain(reference)


def addresses(reference: Reference) -> Iterator[StoreAddress]:
    """The stores to ask for it, in order."""
    return iter([reference.store] if reference.store else configured().values())


def no_such_brain(reference: Reference) -> NoSuchBrain:
    """The error that says where it was looked for."""
    asked = ", ".join(address.alias for address in addresses(reference)) or "none is configured"
    version = f" of version {reference.version}" if reference.version else ""
    remedy = "see `runner brains`; a path to a model file works too"
    return NoSuchBrain(f"no store has a brain named {reference.name!r}{version} (asked: {asked})", remedy=remedy)


def _stale(reference: Reference, store: Store, cache: Cache, error: UnreachableError) -> Path:
    kept = cache.newest(reference.name, store=store.label, version=reference.version)
    if kept is None:
        raise error
    folder, receipt = kept
    log.warning("%s: %s; version %s, fetched before, is used", reference.name, error.message, receipt.version)
    return folder
