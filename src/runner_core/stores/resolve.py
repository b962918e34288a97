"""From a reference to a path: asks the stores, fetches into the cache."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from runner_core.cache.archive import unpack_if_archive
from runner_core.cache.cache import Cache
from runner_core.contracts import Store
from runner_core.errors import NoSuchBrain, OfflineError, UnreachableError, UsageError
from runner_core.stores.config import StoreAddress, read_configured_stores
from runner_core.stores.known_names import list_known_names
from runner_core.stores.reference import Reference, parse_reference
from runner_core.util.home import OFFLINE_VARIABLE
from runner_core.util.spelling import ask_if_meant, find_alike_paths

log = logging.getLogger("runner")


def resolve_brain(text: str, cache: Cache | None = None, *, version: str | None = None) -> Path:
    """The path of a brain as typed: a path as it is, anything else fetched.

    ``version`` is the one to take if none is typed. Raises as ``fetch_brain``, and UsageError for a path that does not
    exist.
    """
    return resolve_with_store(text, cache, version=version)[0]


def resolve_with_store(text: str, cache: Cache | None = None, *, version: str | None = None) -> tuple[Path, str]:
    """As ``resolve_brain``, and the label of the store that has it; empty for a path.

    Raises as ``resolve_brain``.
    """
    found = parse_reference(text)
    if isinstance(found, Path):
        return _check_exists(found), ""
    return _fetch_with_store(attrs.evolve(found, version=found.version or version), cache or Cache())


def _check_exists(path: Path) -> Path:
    """The path, if something is there; one through a file, as a model in a bundle has it, is for who opens it."""
    exists = os.path.exists(path)  # noqa: PTH110  # False for any text that cannot be a path
    if not exists and not any(map(os.path.isfile, path.parents)):
        alike = " or ".join(find_alike_paths(path))
        remedy = f"did you mean {alike}?" if alike else "check the path; `runner brains` lists the names"
        raise UsageError(f"{path}: no such file or folder", remedy=remedy)
    return path


def fetch_brain(reference: Reference, cache: Cache | None = None) -> Path:
    """The brain's folder or file, fetched if need be.

    If a store does not answer, the brain fetched from it last is used, otherwise the next store is asked; a warning
    says which. Raises NoSuchBrain if no store has it, UnreachableError, StoreError.
    """
    return _fetch_with_store(reference, cache or Cache())[0]


def _fetch_with_store(reference: Reference, cache: Cache) -> tuple[Path, str]:
    unanswered: UnreachableError | None = None
    for address in list_addresses(reference):
        store = address.open()
        try:
            folder = store.fetch(reference.name, reference.version, cache)
            log.debug("%s: from store %s, at %s", reference.name, address.alias, folder)
            return folder, store.label
        except NoSuchBrain as error:
            if reference.store:
                error.remedy = ask_if_meant(reference.name, list_known_names(reference.store)) + error.remedy
                raise
        except UnreachableError as error:
            fetched = _find_fetched(reference, store, cache, error)
            if fetched:
                return fetched, store.label
            unanswered = unanswered or _name_brain(reference, address, error)
            if not reference.store:
                log.warning("%s: %s; the next store is asked", address.alias, error.message)
    raise unanswered or make_no_such_brain(reference)


def list_addresses(reference: Reference) -> Iterator[StoreAddress]:
    """The stores to ask for a brain, in order."""
    return iter([reference.store] if reference.store else read_configured_stores().values())


def make_no_such_brain(reference: Reference) -> NoSuchBrain:
    """The error that says which stores were asked."""
    asked = ", ".join(address.alias for address in list_addresses(reference)) or "none is configured"
    version = f" of version {reference.version}" if reference.version else ""
    meant = ask_if_meant(reference.name, list_known_names(reference.store))
    remedy = f"{meant}see `runner brains`; a path to a model file works too"
    return NoSuchBrain(f"no store has a brain named {reference.name!r}{version} (asked: {asked})", remedy=remedy)


def _find_fetched(reference: Reference, store: Store, cache: Cache, error: UnreachableError) -> Path | None:
    """The brain that was fetched from the store before, with a warning; None if there is none."""
    newest = cache.find_newest(reference.name, store=store.label, version=reference.version)
    if newest is None:
        return None
    folder, receipt = newest
    why = f"{OFFLINE_VARIABLE} is set" if isinstance(error, OfflineError) else error.message
    log.warning("%s: %s; version %s, fetched before, is used", reference.name, why, receipt.version)
    return unpack_if_archive(folder / receipt.files[0].path) if len(receipt.files) == 1 else folder


def _name_brain(reference: Reference, address: StoreAddress, error: UnreachableError) -> UnreachableError:
    """The error, naming the brain too if it only says that the network may not be used."""
    if not isinstance(error, OfflineError):
        return error
    name = "@".join(filter(None, (reference.name, reference.version)))
    return OfflineError(
        f"brain {name} of store {address.alias} is not here and {OFFLINE_VARIABLE} is set", remedy=error.remedy
    )
