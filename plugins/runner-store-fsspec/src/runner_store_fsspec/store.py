"""Folders elsewhere as stores: whatever fsspec reads, laid out as a folder store is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from natsort import natsorted

from runner_core.cache.cache import Cache
from runner_core.cache.home import require_online
from runner_core.cache.release import Body, Opener, Release, RemoteFile
from runner_core.card import FILE_NAME, Card
from runner_core.contracts import BrainRef
from runner_core.errors import CardError, NoSuchBrain, NotInstalled, StoreError, UnreachableError

_CHUNK = 1 << 20


class FsspecStore:
    """``<name>/<version>/brain.json`` or ``<name>/brain.json`` below an address such as ``s3://bucket/models``."""

    def __init__(self, location: str) -> None:
        if "://" not in location:
            raise StoreError(f"{location!r} is no address", remedy="write s3://BUCKET/FOLDER/NAME")
        self.root = location.rstrip("/")
        self.label = f"fsspec:{self.root}"

    def list(self) -> Iterator[BrainRef]:
        for folder in self._folders("**"):
            card = self._card(folder)
            yield BrainRef(card.name, card.version, f"{card.task}: {', '.join(card.labels.names[:5])}")

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """Without a version the naturally greatest one."""
        versions = {self._card(folder).version: folder for folder in self._folders(f"{name}/**")}
        wanted = version or next(reversed(natsorted(versions)), "")
        if wanted not in versions:
            there = ", ".join(natsorted(versions)) or "none of that name"
            raise NoSuchBrain(f"{self.root} has no brain {name!r} {version or ''}".rstrip(), remedy=f"it has {there}")
        return cache.install(self._release(name, wanted, versions[wanted]))

    def _release(self, name: str, version: str, folder: str) -> Release:
        card = self._card(folder)
        known = {file.path: file for artifact in card.artifacts for file in artifact.files}
        files = [
            RemoteFile(path, f"{folder}/{path}", self._opener(f"{folder}/{path}"), file.sha256, file.size)
            for path, file in known.items()
        ]
        place = f"{folder}/{FILE_NAME}"
        told = self._reach(lambda fs: fs.info(place))
        identity = str(told.get("ETag") or told.get("etag") or (told.get("mtime"), told.get("created"), told["size"]))
        files.append(RemoteFile(FILE_NAME, place, self._opener(place), size=told["size"], identity=identity))
        return Release(self.label, name, version, tuple(files))

    def _folders(self, pattern: str) -> Sequence[str]:
        """The folders with a card, at most two below the root."""
        cards = self._reach(lambda fs: fs.glob(f"{self._path(fs)}/{pattern}/{FILE_NAME}"))
        return [card.rpartition("/")[0] for card in natsorted(cards)]

    def _card(self, folder: str) -> Card:
        place = f"{folder}/{FILE_NAME}"
        try:
            return Card.from_json(json.loads(self._reach(lambda fs: fs.cat_file(place))), where=place)
        except ValueError as error:
            raise CardError(f"{place}: not a readable card ({error})") from error

    def _opener(self, place: str) -> Opener:
        @contextmanager
        def opened(offset: int, validator: str) -> Iterator[Body]:  # noqa: ARG001  # sizes and hashes tell
            size = int(self._reach(lambda fs: fs.info(place))["size"])
            with self._reach(lambda fs: fs.open(place, "rb")) as stream:
                stream.seek(offset)
                yield Body(offset, size, iter(lambda: stream.read(_CHUNK), b""))

        return opened

    def _path(self, fs: Any) -> str:
        return str(fs._strip_protocol(self.root))

    def _reach(self, ask: Any) -> Any:
        """What ``ask`` gets of the file system. Raises NotInstalled, UnreachableError, StoreError."""
        import fsspec

        scheme = self.root.partition(":")[0]
        if scheme != "memory":
            require_online(self.root)
        try:
            return ask(fsspec.filesystem(scheme))
        except ImportError as error:
            raise NotInstalled(f"{self.root}: fsspec needs another package for {scheme}", remedy=str(error)) from error
        except FileNotFoundError as error:
            raise NoSuchBrain(f"{self.root}: {error}") from error
        except PermissionError as error:
            raise StoreError(f"{self.root}: access is refused ({error})", remedy="check the account") from error
        except Exception as error:  # each file system has errors of its own
            raise UnreachableError(f"{self.root}: cannot be reached ({type(error).__name__}: {error})") from error
