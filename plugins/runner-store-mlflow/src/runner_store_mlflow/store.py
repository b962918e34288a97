"""An MLflow model registry as a store; mlflow itself is not needed here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from runner_core.cache import Cache, Release
from runner_core.cards import CARD_FILE
from runner_core.contracts import BrainRef
from runner_core.errors import StoreError, UsageError
from runner_core.stores import download_card, list_card_files
from runner_store_mlflow.registry import Registry

URI_VARIABLE = "MLFLOW_TRACKING_URI"
# Where mlflow.tensorflow puts a Keras model; others are at the top.
_KERAS = ("data/model/", "data/model.keras", "data/model.h5")


class MlflowStore:
    """A version never changes: one that was fetched by its number is not asked for again."""

    def __init__(self, location: str = "") -> None:
        root = (location or os.environ.get(URI_VARIABLE, "")).rstrip("/")
        if not root.startswith(("http://", "https://")):
            raise UsageError("no MLflow server is named", remedy=f"set {URI_VARIABLE}, or write mlflow:https://HOST")
        self.label = f"mlflow:{root}"
        self._registry = Registry(root)

    @staticmethod
    def split(text: str) -> tuple[str, str]:
        """``/NAME/VERSION`` and ``/NAME@ALIAS`` name a model on the server of the environment.

        ``https://HOST/NAME@VERSION`` names the server too.
        """
        if "://" in text:
            location, _, name = text.rstrip("/").rpartition("/")
            return location, name
        name, slash, version = text.lstrip("/").partition("/")
        return "", f"{name}@{version}" if slash else name

    def list(self) -> Iterator[BrainRef]:
        for name, version, description in self._registry.list_models():
            yield BrainRef(name, version, description)

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """``version`` is a number or an alias; None is the greatest number."""
        numbered = version is not None and version.isdecimal()
        kept = cache.find_newest(name, store=self.label, version=version) if numbered else None
        return kept[0] if kept else cache.install(self._make_release(name, version))

    def _make_release(self, name: str, version: str | None) -> Release:
        number = self._registry.find_version(name, version)
        folder = self._registry.find_folder(name, number)
        available = {entry.path: entry for entry in self._registry.list_files(folder)}
        if not available:
            raise StoreError(f"{self.label}: version {number} of {name} has no files")
        remote = partial(self._registry.make_file, folder)
        if CARD_FILE in available:
            card = remote(available[CARD_FILE], CARD_FILE)
            files = tuple(list_card_files(download_card(card.url, card.open), card.url, available, remote))
        else:
            files = tuple(remote(entry, _path_in_release(path)) for path, entry in available.items())
        return Release(self.label, name, version or number, files)


def _path_in_release(path: str) -> str:
    """Puts a model at the top of the brain's folder."""
    return path.removeprefix("data/") if path.startswith(_KERAS) else path
