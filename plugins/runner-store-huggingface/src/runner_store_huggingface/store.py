"""The Hugging Face Hub as a store: repositories with a ``brain.json``, or with a model that some engine opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from runner_core.cache.cache import Cache
from runner_core.cache.home import offline
from runner_core.cache.http import Client, http_opener
from runner_core.cache.release import Release, RemoteFile
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain, OfflineError, StoreError, UnreachableError, UsageError
from runner_core.registry import registry

# Beside the models themselves: cards, labels, and what exporters write next to a model.
_BESIDE = frozenset({".json", ".txt", ".pbtxt", ".yaml", ".yml", ".md"})


class HuggingFaceStore:
    """Addresses, tokens and offline mode are as huggingface_hub has them (HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE)."""

    label = "huggingface"

    def __init__(self, location: str = "") -> None:
        if location:
            raise UsageError(
                f"hf has no location {location!r}", remedy="write hf:OWNER/NAME; HF_ENDPOINT names a server"
            )

    @staticmethod
    def split(text: str) -> tuple[str, str]:
        """The whole of ``OWNER/NAME`` is the name."""
        return "", text

    def list(self) -> Iterator[BrainRef]:
        """Nothing: the Hub has millions, and which of them are brains only their files tell."""
        return iter(())

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """``version`` is a branch, a tag or a commit; None is the main branch."""
        info = _info(name, version)
        wanted = [entry for entry in info.siblings or () if _is_wanted(entry.rfilename)]
        if not wanted:
            formats = ", ".join(sorted(_formats()))
            raise NoSuchBrain(f"hf:{name} holds no model that an installed engine opens", remedy=f"they open {formats}")
        client = Client(token=_token())
        files = tuple(_file(client, name, str(info.sha), entry) for entry in wanted)
        return cache.install(Release(self.label, name, str(info.sha)[:12], files))


def _info(name: str, revision: str | None) -> Any:
    """What the Hub says of a repository, with sizes and sha256 of its large files."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    if offline() or constants.HF_HUB_OFFLINE:
        raise OfflineError(f"hf:{name} cannot be asked for: no connection is allowed")
    try:
        return HfApi().model_info(name, revision=revision, files_metadata=True)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise NoSuchBrain(f"hf:{name}{'@' + revision if revision else ''}: the Hub has no such model") from error
    except HFValidationError as error:
        raise UsageError(f"hf:{name} is no name of a repository", remedy="write hf:OWNER/NAME[@REVISION]") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        kind = UnreachableError if status >= 500 or status in (0, 429) else StoreError
        raise kind(f"hf:{name}: the Hub answers {status}") from error
    except OSError as error:
        raise UnreachableError(f"hf:{name}: the Hub cannot be reached ({error})") from error


def _token() -> str:
    from huggingface_hub import get_token

    return get_token() or ""


def _file(client: Client, name: str, commit: str, entry: Any) -> RemoteFile:
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(name, entry.rfilename, revision=commit)
    sha256 = entry.lfs.sha256 if entry.lfs else None
    return RemoteFile(
        entry.rfilename, url, http_opener(client, url), sha256, entry.size, identity=str(entry.blob_id or commit)
    )


def _formats() -> set[str]:
    return {claim for found in registry().all("engines").values() for claim in found.plugin.claims}


def _is_wanted(path: str) -> bool:
    """Model files that an engine opens, all of a SavedModel, and small files at the top that say more about them."""
    file = PurePosixPath(path)
    if "saved-model" in _formats() and (file.name == "saved_model.pb" or "variables" in file.parts):
        return True
    return file.suffix.lower() in _formats() or (len(file.parts) == 1 and file.suffix.lower() in _BESIDE)
