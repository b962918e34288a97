"""Cards read before the files that they name: for stores whose servers do not list the files of a brain."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import attrs

from runner_core.cache.release import Body, Opener, RemoteFile
from runner_core.cards.artifact import ArtifactFile
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import CardError, StoreError

MAX_BYTES = 16 << 20
T = TypeVar("T")


def download_card(url: str, opener: Opener) -> bytes:
    """The bytes of the card at ``url``; a transfer that is cut is repeated. Raises StoreError, UnreachableError."""
    from runner_core.cache.download import download  # brings the HTTP client, which no model on this machine needs

    with tempfile.TemporaryDirectory() as folder:
        partial = Path(folder) / CARD_FILE
        download(RemoteFile(CARD_FILE, url, opener), partial, lambda arrived, _total: _check_size(arrived, url))
        return partial.read_bytes()


def parse_card(data: bytes, url: str) -> Card:
    """The card in these bytes; ``url`` is where they came from. Raises CardError naming it."""
    try:
        return Card.from_json(json.loads(data), where=url)
    except (ValueError, RecursionError) as error:
        raise CardError(f"{url}: not a readable card ({error})") from error


def file_from_bytes(path: str, url: str, data: bytes) -> RemoteFile:
    """A file of a release whose bytes are here already, with their sha256."""

    @contextmanager
    def open_at(offset: int, _validator: str) -> Iterator[Body]:
        yield Body(offset, len(data), iter([data[offset:]]))

    return RemoteFile(path, url, open_at, hashlib.sha256(data).hexdigest(), len(data))


def list_card_files(
    data: bytes, url: str, available: Mapping[str, T], remote: Callable[[T, str], RemoteFile]
) -> Iterator[RemoteFile]:
    """The files of a brain with a card: the card itself and what it names, with the sha256 and size it says.

    ``data``       the card's bytes, from ``download_card``; ``url`` is where they came from.
    ``available``  the files beside the card, by path relative to its folder, in whatever form the store has them.
    ``remote``     called with one of these and its path, makes it a RemoteFile.

    Raises CardError for a damaged card, StoreError for files that are missing or contradict the card.
    """
    yield file_from_bytes(CARD_FILE, url, data)
    for path, described in find_needed_files(parse_card(data, url), available, url).items():
        file = remote(available[path], path)
        yield hold_to_card(file, described) if described else file


def find_needed_files(card: Card, available: Collection[str], url: str) -> dict[str, ArtifactFile | None]:
    """The files that a card names by path, with what the card says of each; None where it says nothing.

    ``available`` are the paths of the files beside the card. Raises StoreError for a file that is not among them.
    """
    files: dict[str, ArtifactFile | None] = {}
    for part in card.parts:
        within = [path for path in available if path == part.path or path.startswith(f"{part.path}/")]
        files |= {file.path: file for file in part.files} or dict.fromkeys(within or [part.path])
    for path in files:
        if path not in available:
            raise StoreError(f"{url}: the card names {path}, which is not there", remedy="tell the store's owner")
    return files


def hold_to_card(file: RemoteFile, described: ArtifactFile) -> RemoteFile:
    """The file with the sha256 and size that its card says. Raises StoreError if the store says something else."""
    for ours, theirs in ((file.sha256, described.sha256), (file.size, described.size)):
        if ours is not None and ours != theirs:
            raise StoreError(f"{file.url}: {ours} in the store, {theirs} in the card", remedy="tell the store's owner")
    return attrs.evolve(file, sha256=described.sha256, size=described.size)


def _check_size(arrived: int, url: str) -> None:
    if arrived > MAX_BYTES:
        raise StoreError(f"{url}: more than {MAX_BYTES} bytes: not a card")
