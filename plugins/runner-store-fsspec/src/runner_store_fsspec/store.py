"""Remote folders as stores: any that fsspec reads, laid out as a folder store."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from natsort import natsorted

from runner_core.cache import Cache, Release, RemoteFile, check_name
from runner_core.cards import CARD_FILE, Card
from runner_core.contracts import BrainRef
from runner_core.errors import CardError, NoSuchBrain, UsageError
from runner_core.stores import download_card, list_card_files, parse_card
from runner_store_fsspec.remote import Entry, Remote

log = logging.getLogger("runner")


class FsspecStore:
    """``<name>/<version>/brain.json`` or ``<name>/brain.json`` below an address such as ``s3://bucket/models``."""

    def __init__(self, location: str) -> None:
        if "://" not in location:
            raise UsageError(f"{location!r} is not an address", remedy="write s3://BUCKET/FOLDER/NAME")
        self._remote = Remote(location.rstrip("/"))
        self.label = f"fsspec:{self._remote.public_address}"

    def list(self) -> Iterator[BrainRef]:
        """Every version; a brain whose card is unreadable is left out, and a warning says so."""
        files = self._remote.list_files()
        for folder in natsorted(_find_folders(files)):
            try:
                card = self._read_card(files[f"{folder}/{CARD_FILE}"])
            except CardError as error:
                log.warning("%s", error)
                continue
            name, _, version = folder.partition("/")
            yield BrainRef(name, version or card.version, f"{card.task}: {', '.join(card.labels.names[:5])}")

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """Without a version the greatest one in natural order. A version that is here already is not asked for."""
        check_name(name, self.label)
        kept = cache.find_newest(name, store=self.label, version=version) if version else None
        return kept[0] if kept else cache.install(self._make_release(name, version))

    def _make_release(self, name: str, version: str | None) -> Release:
        files = self._remote.list_files(name)
        versions = {self._version_of(folder, files): folder for folder in _find_folders(files)}
        wanted = version or next(reversed(natsorted(versions)), "")
        if wanted not in versions:
            there = ", ".join(natsorted(versions))
            raise NoSuchBrain(
                f"{self._remote.public_address} has no brain {name!r} {version or ''}".rstrip(),
                remedy=f"it has {there}" if there else "",
            )
        return Release(self.label, name, wanted, tuple(self._list_files(f"{versions[wanted]}/", files)))

    def _version_of(self, folder: str, files: Mapping[str, Entry]) -> str:
        """The folder's name, or the card's version if the card is in the brain's own folder."""
        _, slash, version = folder.partition("/")
        return version if slash else self._read_card(files[f"{folder}/{CARD_FILE}"]).version

    def _list_files(self, folder: str, files: Mapping[str, Entry]) -> Iterator[RemoteFile]:
        """The card, and the files that it names."""
        card = self._remote.make_file(files[folder + CARD_FILE], CARD_FILE)
        beside = {path.removeprefix(folder): entry for path, entry in files.items() if path.startswith(folder)}
        return list_card_files(download_card(card.url, card.open), card.url, beside, self._remote.make_file)

    def _read_card(self, entry: Entry) -> Card:
        file = self._remote.make_file(entry, CARD_FILE)
        return parse_card(download_card(file.url, file.open), file.url)


def _find_folders(files: Collection[str]) -> list[str]:
    """The folders with a card: brains without versions, and versions of the others."""
    cards = {path.parent for path in map(PurePosixPath, files) if path.name == CARD_FILE and len(path.parts) in (2, 3)}
    return [str(folder) for folder in cards if len(folder.parts) == 1 or folder.parent not in cards]
