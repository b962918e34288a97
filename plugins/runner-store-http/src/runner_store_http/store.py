"""A web server as a store: ``index.json`` says what there is; or one model file, by its URL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

import requests
from natsort import natsorted

from runner_core.cache import Cache, Client, Release, RemoteFile, http_opener, unpack_if_archive
from runner_core.cards import ArtifactFile
from runner_core.contracts import BrainRef
from runner_core.engines import read_header
from runner_core.errors import EngineError, NoSuchBrain, StoreError
from runner_store_http.index import Entry, read_index

INDEX = "index.json"
_LATEST = "latest"  # the only version of a file that no index lists
_PLAIN = {"Accept-Encoding": "identity"}  # length and ETag of the file, not of a compressed one
_NO_HEAD = (403, 405, 501)  # from servers that sign addresses only for GET, or do not support HEAD


class HttpStore:
    """The brains below an address."""

    def __init__(self, location: str) -> None:
        address = urlsplit(location)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise StoreError(f"{location!r} is not an address of a web server", remedy="write http:https://HOST/PATH")
        variable = "RUNNER_TOKEN_" + re.sub(r"\W", "_", address.hostname).upper()
        if address.username or address.password:  # it would be in receipts, lock files and messages
            raise StoreError(
                f"an address of {address.hostname} with an account", remedy=f"set {variable}, or use netrc"
            )
        self.root = location.rstrip("/")
        self.label = f"http:{self.root}"
        self._client = Client(token=os.environ.get(variable, ""))

    def list(self) -> Iterator[BrainRef]:
        """Every version."""
        for entry in self._read_entries():
            yield BrainRef(entry.name, entry.version, entry.summary)

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """The brain's folder in the cache, or for the name of a file the file. Without a version the greatest one.

        A version that is here already is not asked for: published versions do not change.
        """
        pinned = version not in (None, _LATEST)
        kept = cache.find_newest(name, store=self.label, version=version) if pinned else None
        if kept:
            return kept[0]
        file = self._find_file(name) if PurePosixPath(name).suffix and not pinned else None
        if file:
            return unpack_if_archive(cache.install(Release(self.label, name, _LATEST, (file,))) / name)
        return cache.install(self._make_release(name, version))

    def _read_entries(self) -> tuple[Entry, ...]:
        url = f"{self.root}/{INDEX}"
        return read_index(self._client.ask_json("GET", url), url)

    def _make_release(self, name: str, version: str | None) -> Release:
        entries = [entry for entry in self._read_entries() if entry.name == name]
        fitting = [entry for entry in entries if version in (None, entry.version)]
        if not fitting:
            there = ", ".join(entry.version for entry in entries)
            raise NoSuchBrain(
                f"{self.root} has no brain {name!r} {version or ''}".rstrip(), remedy=f"it has {there}" if there else ""
            )
        newest = natsorted(fitting, key=lambda entry: entry.version)[-1]
        folder = newest.folder or f"{newest.name}/{newest.version}"
        files = tuple(self._make_file(file, folder) for file in newest.files)
        return Release(self.label, newest.name, newest.version, files)

    def _make_file(self, file: ArtifactFile, folder: str) -> RemoteFile:
        url = f"{self.root}/{quote(folder)}/{quote(file.path)}"
        return RemoteFile(file.path, url, http_opener(self._client, url), file.sha256, file.size)

    def _find_file(self, name: str) -> RemoteFile | None:
        """One file without a checksum: its ETag, date and length show a change. None if it does not exist."""
        url = f"{self.root}/{quote(name)}"
        with self._probe(url) as answer:
            if answer.status_code == 404:
                return None
            state = [answer.headers.get(key, "") for key in ("ETag", "Last-Modified", "Content-Length")]
        size = int(state[2]) if state[2].isdecimal() else None
        opener = http_opener(self._client, url)
        return RemoteFile(
            name, url, opener, size=size, identity=" ".join(state).strip(), check=partial(_check_model, url=url)
        )

    def _probe(self, url: str) -> requests.Response:
        answer = self._client.ask("HEAD", url, allowed=(404, *_NO_HEAD), headers=_PLAIN, allow_redirects=True)
        if answer.status_code not in _NO_HEAD:
            return answer
        return self._client.ask("GET", url, allowed=(404,), headers=_PLAIN, stream=True)


def _check_model(path: Path, url: str) -> None:
    """Raises StoreError for what no engine opens: an empty file, or a web page with a file's name."""
    try:
        read_header(path)
    except EngineError as error:
        reason = error.message.removeprefix(f"{path}: ")
        raise StoreError(f"{url}: what the server sent is not a model ({reason})") from error
