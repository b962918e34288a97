"""The stores that are asked for a brain by its name alone, and in which order.

``RUNNER_STORES`` lists them as ``ALIAS=KIND:LOCATION``, separated by spaces; so does the table ``stores`` of the
settings of the working folder (``util/settings.py``), and of ``stores.toml`` in ``RUNNER_HOME``::

    [stores]
    team = "http:https://models.example/brains"
    shared = "folder:/srv/models"

What was trained on this machine comes first, as the store ``trained``; stores that ship with a package (they claim
``embedded``) come last. Neither needs a configuration.
"""

from __future__ import annotations

import os
import tomllib

import attrs

from runner_core.contracts import Store
from runner_core.discovery.catalog import find_distribution
from runner_core.discovery.registry import Installed, get_registry
from runner_core.errors import NotInstalled, UsageError
from runner_core.util.home import TRAINED, NoHomeError, find_home, find_trained_home
from runner_core.util.settings import read_settings
from runner_core.util.spelling import ask_if_meant

STORES_VARIABLE = "RUNNER_STORES"
STORES_FILE = "stores.toml"
TRAINED_KIND = "folder"  # the plugin that reads what is trained here


@attrs.frozen
class StoreAddress:
    """A store as configured: the name people use, its plugin's name, its location (empty for none)."""

    alias: str
    kind: str
    location: str = ""

    def open(self) -> Store:
        """Makes the store by its plugin. Raises NotInstalled, PluginError, StoreError."""
        store: Store = get_registry().make("stores", self.kind, self.location)
        return store


def read_configured_stores() -> dict[str, StoreAddress]:
    """The stores by alias, in the order they are asked. Raises UsageError."""
    typed = dict(_split_entry(entry) for entry in os.environ.get(STORES_VARIABLE, "").split())
    named: dict[str, str] = {}
    for layer in (typed, read_settings().values.get("stores", {}), _read_file()):
        named.update({alias: value for alias, value in layer.items() if alias not in named})
    stores = _find_trained() | {alias: _make_address(alias, value) for alias, value in named.items()}
    for found in get_registry().find_claiming("stores", "embedded"):
        stores.setdefault(found.plugin.name, StoreAddress(found.plugin.name, found.plugin.name))
    return stores


def _find_trained() -> dict[str, StoreAddress]:
    """The folder of ``util.home.find_trained_home``, once something was trained."""
    try:
        folder = find_trained_home()
    except NoHomeError:
        return {}
    there = folder.is_dir() and TRAINED_KIND in get_registry().all("stores")
    return {TRAINED: StoreAddress(TRAINED, TRAINED_KIND, str(folder))} if there else {}


def parse_store_address(text: str) -> StoreAddress:
    """A store as typed: a configured one, ``KIND``, ``KIND:LOCATION``, or an address whose scheme a kind claims.

    A word alone is not a scheme: ``models`` may be a folder. Raises UsageError for an unknown store.
    """
    known = read_configured_stores().get(text)
    if known:
        return known
    head, colon, rest = text.partition(":")
    if not colon and head not in get_registry().all("stores"):
        raise _make_unknown_store(head, text, f"a folder is written folder:{text}; ")
    return StoreAddress(text, find_store_kind(head, text).plugin.name, text if rest.startswith("//") else rest)


def find_store_kind(head: str, text: str) -> Installed:
    """The store plugin called ``head``, or that claims it as a scheme.

    Raises UsageError naming ``text``; NotInstalled with the package for a store of this project that is not here.
    """
    registry = get_registry()
    found = registry.find("stores", head) or next(iter(registry.find_claiming("stores", head)), None)
    if found is None:
        raise _make_unknown_store(head, text)
    return found


def _make_unknown_store(head: str, text: str, remedy: str = "") -> UsageError:
    configured, installed = read_configured_stores(), get_registry().all("stores")
    package = find_distribution("stores", head)
    if package and package not in {found.distribution for found in installed.values()}:
        return NotInstalled(f"{text}: store {head!r} is not installed", remedy=f"`pip install {package}` brings it")
    meant = ask_if_meant(head, [*configured, *installed])
    known = f"configured: {', '.join(configured) or 'none'}; installed: {', '.join(installed) or 'none'}"
    return UsageError(f"{text}: there is no store {head!r}", remedy=f"{meant}{remedy}{known}; see `runner plugins`")


def _split_entry(entry: str) -> tuple[str, str]:
    alias, equals, value = entry.partition("=")
    if not equals:
        raise UsageError(f"{STORES_VARIABLE}: {entry!r} is not a store", remedy="write ALIAS=KIND:LOCATION")
    return alias, value


def _read_file() -> dict[str, str]:
    try:
        path = find_home() / STORES_FILE
    except NoHomeError:
        return {}
    if not path.is_file():
        return {}
    try:
        stores = tomllib.loads(path.read_text(encoding="utf-8")).get("stores", {})
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not readable TOML ({error})") from error
    if not isinstance(stores, dict):
        raise UsageError(
            f"{path}: stores is not a table", remedy='write [stores], and below it ALIAS = "KIND:LOCATION"'
        )
    return {alias: str(value) for alias, value in stores.items()}


def _make_address(alias: str, value: str) -> StoreAddress:
    if len(alias) < 2:
        raise UsageError(f"a store cannot be called {alias!r}", remedy="give it two letters: C: is a drive")
    kind, _, location = value.partition(":")
    return StoreAddress(alias, kind, location)
