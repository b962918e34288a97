"""The names of brains that are known without asking anybody: for suggestions and for a shell's completion."""

from __future__ import annotations

from collections.abc import Iterator

from runner_core.cache.cache import Cache
from runner_core.contracts import Store
from runner_core.errors import RunnerError
from runner_core.stores.config import StoreAddress, read_configured_stores
from runner_core.util.home import stay_offline


def list_known_names(address: StoreAddress | None = None) -> list[str]:
    """Names that stores on this machine offer, and those of fetched brains: of one store, or of all configured ones.

    No connection is made. A store that cannot be read offers none.
    """
    addresses = [address] if address else list(read_configured_stores().values())
    return list(dict.fromkeys(name for each in addresses for name in _list_names(each)))


def _list_names(address: StoreAddress) -> Iterator[str]:
    try:
        store = address.open()
        yield from _list_offered(store)
        yield from [receipt.name for _, receipt in Cache().brains() if receipt.store == store.label]
    except RunnerError:
        return


def _list_offered(store: Store) -> list[str]:
    try:
        with stay_offline():
            return [ref.name for ref in store.list()]
    except RunnerError:  # it is elsewhere: what was fetched from it is known all the same
        return []
