"""Cards that are read before the files that they name: for stores whose servers do not say what a brain is made of."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import attrs

from runner_core.cache.download import download
from runner_core.cache.release import Body, Opener, RemoteFile
from runner_core.cards.artifact import ArtifactFile
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import CardError, StoreError

MAX_BYTES = 16 << 20
T = TypeVar("T")


def download_card(url: str, opener: Opener) -> bytes:
    """A card's bytes, asked for again where they were cut. Raises StoreError, UnreachableError."""
    with tempfile.TemporaryDirectory() as folder:
        partial = Path(folder) / CARD_FILE
        download(RemoteFile(CARD_FILE, url, opener), partial, lambda there, _total: _check_size(there, url))
        return partial.read_bytes()


def parse_card(data: bytes, url: str) -> Card:
    """Raises CardError naming the address."""
    try:
        return Card.from_json(json.loads(data), where=url)
    except (ValueError, RecursionError) as error:
        raise CardError(f"{url}: not a readable card ({error})") from error


def file_from_bytes(path: str, url: str, data: bytes) -> RemoteFile:
    """A file of a release whose bytes are here already."""

    @contextmanager
    def opened(offset: int, _validator: str) -> Iterator[Body]:
        yield Body(offset, len(data), iter([data[offset:]]))

    return RemoteFile(path, url, opened, hashlib.sha256(data).hexdigest(), len(data))


def list_card_files(
    data: bytes, url: str, beside: Mapping[str, T], remote: Callable[[T, str], RemoteFile]
) -> Iterator[RemoteFile]:
    """The files of a brain with a card: the card, whose bytes are here, and what it names, held to what it says.

    ``beside`` is what there is beside the card, by path, and ``remote`` makes one of these a file at that path.
    Raises CardError, StoreError.
    """
    yield file_from_bytes(CARD_FILE, url, data)
    for path, told in find_needed_files(parse_card(data, url), beside, url).items():
        file = remote(beside[path], path)
        yield hold_to_card(file, told) if told else file


def find_needed_files(card: Card, listed: Collection[str], url: str) -> dict[str, ArtifactFile | None]:
    """The files of a card's artifacts by path, with what it says of them; None where it says nothing.

    ``listed`` is what there is beside the card. Raises StoreError for a file that is not.
    """
    files: dict[str, ArtifactFile | None] = {}
    for artifact in card.artifacts:
        within = [path for path in listed if path == artifact.path or path.startswith(f"{artifact.path}/")]
        files |= {file.path: file for file in artifact.files} or dict.fromkeys(within or [artifact.path])
    for path in files:
        if path not in listed:
            raise StoreError(f"{url}: the card names {path}, which is not there", remedy="tell the store's owner")
    return files


def hold_to_card(file: RemoteFile, told: ArtifactFile) -> RemoteFile:
    """The file, held to what the card says of it. Raises StoreError where the store itself says something else."""
    for ours, theirs in ((file.sha256, told.sha256), (file.size, told.size)):
        if ours is not None and ours != theirs:
            raise StoreError(f"{file.url}: {ours} there, {theirs} in the card", remedy="tell the store's owner")
    return attrs.evolve(file, sha256=told.sha256, size=told.size)


def _check_size(there: int, url: str) -> None:
    if there > MAX_BYTES:
        raise StoreError(f"{url}: more than {MAX_BYTES} bytes: no card")
