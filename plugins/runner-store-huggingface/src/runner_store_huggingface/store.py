"""The Hugging Face Hub as a store: repositories with a ``brain.json``, or with a model that an engine opens."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

from runner_core.cache import Cache, Release, RemoteFile
from runner_core.cards import CARD_FILE
from runner_core.contracts import BrainRef
from runner_core.discovery import get_registry
from runner_core.errors import StoreError, UsageError
from runner_core.stores import download_card, list_card_files
from runner_store_huggingface.hub import Entry, Hub, Repository, matches_entry
from runner_store_huggingface.model_files import select_model_files


class HuggingFaceStore:
    """Addresses, tokens and offline mode are those of huggingface_hub (HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE)."""

    label = "huggingface"

    def __init__(self, location: str = "") -> None:
        if location:
            raise UsageError(
                f"hf has no location {location!r}", remedy="write hf:OWNER/NAME; HF_ENDPOINT names a server"
            )

    @staticmethod
    def split(text: str) -> tuple[str, str]:
        """The whole of ``OWNER/NAME`` is the name."""
        return "", text.removeprefix("hf://")

    def list(self) -> Iterator[BrainRef]:
        """Nothing: the Hub has millions of repositories, and only their files show which are brains."""
        return iter(())

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """``name`` is a repository, or a part of one: ``OWNER/NAME/onnx/model.onnx``.

        ``version`` is a branch, a tag or a commit; None is the newest commit of the main branch.
        """
        hub = Hub()
        owner, _, rest = name.partition("/")
        own_name, _, part = rest.strip("/").partition("/")
        repository = hub.read_repository("/".join(filter(None, (owner, own_name))), version)
        card = repository.entries.get(f"{part}/{CARD_FILE}".lstrip("/"))
        files = (
            _list_files_of_card(hub, repository, card, cache)
            if card
            else _list_files_without_card(hub, repository, part)
        )
        return cache.install(Release(self.label, name, version or repository.commit, tuple(files)))

    def push(self, folder: Path, *, pictures: bool = False) -> NoReturn:  # noqa: ARG002  # it takes nothing
        """Raises UsageError that names the Hub's own tool, which knows its licences, its branches and its tokens."""
        remedy = f"upload it by the Hub's own tool, `hf upload OWNER/NAME {folder}`, or push to a folder"
        raise UsageError("the Hugging Face Hub takes no pushes here", remedy=remedy)


def _list_files_of_card(hub: Hub, repository: Repository, entry: Entry, cache: Cache) -> Iterator[RemoteFile]:
    """The card, and the files that it names; they must be what it says."""
    remote = hub.make_file(repository, entry, CARD_FILE)
    data = _find_known_card(entry, cache) or download_card(remote.url, remote.open)
    if not matches_entry(data, entry):
        raise StoreError(f"{remote.url}: what arrived is not what the repository holds", remedy="run it again")
    folder = entry.path.removesuffix(CARD_FILE)
    available = {
        path.removeprefix(folder): file for path, file in repository.entries.items() if path.startswith(folder)
    }
    yield from list_card_files(data, remote.url, available, partial(hub.make_file, repository))


def _find_known_card(entry: Entry, cache: Cache) -> bytes | None:
    """The card's bytes, if it was fetched before."""
    for folder, receipt in cache.brains():
        if receipt.store == HuggingFaceStore.label and (folder / CARD_FILE).is_file():
            data = (folder / CARD_FILE).read_bytes()
            if matches_entry(data, entry):
                return data
    return None


def _list_files_without_card(hub: Hub, repository: Repository, part: str) -> Iterator[RemoteFile]:
    formats = {claim for found in get_registry().all("engines").values() for claim in found.plugin.claims}
    for path, place in select_model_files(repository.entries, part, formats, repository.name).items():
        yield hub.make_file(repository, repository.entries[path], place)
