"""Brains to fetch: a card and weights of random bytes, published to a folder as people publish them."""

from __future__ import annotations

import hashlib
import json
import random
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner_store_folder.store import FolderStore

from runner_core.cache.http import Client, http_opener
from runner_core.cache.release import Body, Release, RemoteFile
from runner_core.cards.artifact import Artifact, describe_files
from runner_core.cards.card import CARD_FILE, Card

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner_core.cache.release import Opener

WEIGHTS = "weights.bin"


def write_brain(folder: Path, name: str = "page", *, version: str = "1", size: int = 300_000, seed: int = 0) -> Path:
    """A folder with a card and a file of ``size`` bytes, others for each ``seed``."""
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(random.Random(f"{name} {version} {seed}").randbytes(size))
    artifact = Artifact(WEIGHTS, ".bin", describe_files(folder, folder / WEIGHTS))
    Card(name, "fake-rows", version=version, artifacts=(artifact,), licence="MIT").write(folder / CARD_FILE)
    return folder


def publish(root: Path, name: str = "page", *, version: str = "1", size: int = 300_000, seed: int = 0) -> Path:
    """The same, pushed to the folder store at ``root``; returns the folder there."""
    made = write_brain(root.parent / f"made-{name}-{version}-{seed}", name, version=version, size=size, seed=seed)
    FolderStore(str(root)).push(made)
    return root / name / version


def rewrite_index(root: Path, change: dict[str, object] | None = None, file: dict[str, object] | None = None) -> None:
    """Changes fields of the first brain in ``index.json``, or of its first file."""
    index = json.loads((root / "index.json").read_text())
    index["brains"][0].update(change or {})
    index["brains"][0]["files"][0].update(file or {})
    (root / "index.json").write_text(json.dumps(index))


def make_release(*files: RemoteFile, name: str = "page", version: str = "1", store: str = "test:here") -> Release:
    return Release(store, name, version, files)


def make_remote_file(url: str, path: str = WEIGHTS, **facts: object) -> RemoteFile:
    """A file behind a URL; ``facts`` are what the store says about it."""
    return RemoteFile(path, url, http_opener(Client(), url), **facts)  # type: ignore[arg-type]


def make_local_file(data: bytes, path: str = WEIGHTS, **facts: object) -> RemoteFile:
    """A file that needs no server, with its sha256 unless ``facts`` say otherwise."""
    return RemoteFile(path, f"test:{path}", open_bytes(data), **{"sha256": sha256(data), **facts})  # type: ignore[arg-type]


def open_bytes(data: bytes) -> Opener:
    @contextmanager
    def opened(offset: int, validator: str) -> Iterator[Body]:
        yield Body(0, len(data), iter((data,)))

    return opened


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
