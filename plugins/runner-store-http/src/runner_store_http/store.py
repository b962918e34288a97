"""A web server as a store: ``index.json`` says what there is; or one model file, by its URL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from natsort import natsorted

from runner_core.cache.archive import is_archive, unpacked
from runner_core.cache.cache import Cache
from runner_core.cache.http import Client, http_opener
from runner_core.cache.release import Release, RemoteFile
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain, StoreError

INDEX = "index.json"


class HttpStore:
    """The brains below an address."""

    def __init__(self, location: str) -> None:
        if not location.startswith(("http://", "https://")):
            raise StoreError(f"{location!r} is no address of a web server", remedy="write http:https://HOST/PATH")
        self.root = location.rstrip("/")
        self.label = f"http:{self.root}"
        self._client = Client(token=_token(location))

    def list(self) -> Iterator[BrainRef]:
        for entry in self._entries():
            yield BrainRef(entry["name"], entry["version"], entry.get("summary", ""))

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """The brain's folder in the cache; for the name of a file, the file. Without a version the greatest one."""
        if PurePosixPath(name).suffix:
            return self._fetch_file(name, cache)
        entries = [entry for entry in self._entries() if entry["name"] == name]
        fitting = [entry for entry in entries if version in (None, entry["version"])]
        if not fitting:
            there = ", ".join(str(entry["version"]) for entry in entries) or "none of that name"
            raise NoSuchBrain(f"{self.root} has no brain {name!r} {version or ''}".rstrip(), remedy=f"it has {there}")
        return cache.install(self._release(natsorted(fitting, key=lambda entry: entry["version"])[-1]))

    def _entries(self) -> Sequence[dict[str, Any]]:
        url = f"{self.root}/{INDEX}"
        index = self._client.ask_json("GET", url)
        entries = index.get("brains") if isinstance(index, dict) else None
        if not isinstance(entries, Sequence) or not all(_is_entry(entry) for entry in entries):
            raise StoreError(f"{url}: not an index of brains")
        return entries

    def _release(self, entry: dict[str, Any]) -> Release:
        folder = entry.get("folder", f"{entry['name']}/{entry['version']}")
        files = tuple(self._file(file, folder) for file in entry["files"])
        return Release(self.label, entry["name"], entry["version"], files)

    def _file(self, file: dict[str, Any], folder: str) -> RemoteFile:
        url = f"{self.root}/{quote(folder)}/{quote(file['path'])}"
        return RemoteFile(file["path"], url, http_opener(self._client, url), file["sha256"], int(file["size"]))

    def _fetch_file(self, name: str, cache: Cache) -> Path:
        """One file without a checksum: its ETag, date and length tell whether it is still the same."""
        url = f"{self.root}/{quote(name)}"
        head = self._client.ask("HEAD", url, allow_redirects=True)
        told = [head.headers.get(key, "") for key in ("ETag", "Last-Modified", "Content-Length")]
        size = int(told[2]) if told[2].isdigit() else None
        file = RemoteFile(name, url, http_opener(self._client, url), size=size, identity=" ".join(told).strip())
        folder = cache.install(Release(self.label, name, "latest", (file,)))
        return unpacked(folder / name) if is_archive(name) else folder / name


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(key), str) for key in ("name", "version"))
        and isinstance(entry.get("files"), Sequence)
        and all(isinstance(file, dict) and {"path", "sha256", "size"} <= file.keys() for file in entry["files"])
    )


def _token(location: str) -> str:
    host = urlsplit(location).hostname or ""
    return os.environ.get("RUNNER_TOKEN_" + re.sub(r"\W", "_", host).upper(), "")
