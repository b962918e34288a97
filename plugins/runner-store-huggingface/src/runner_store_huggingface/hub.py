"""What the Hub says about a repository, and its files.

Protocol: https://huggingface.co/docs/hub/api. Requests go through the core's client: huggingface_hub's
own has no time limit, and tells the server which packages are installed here. Addresses and tokens are those of
huggingface_hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import requests

from runner_core.cache import Client, RemoteFile, http_opener, make_status_error
from runner_core.errors import NoSuchBrain, StoreError, UnreachableError, UsageError
from runner_core.util import require_online

_MAIN = "main"
_LOG_IN = "log in: `hf auth login`, or HF_TOKEN"


@attrs.frozen
class Entry:
    """A file: its path, its size in bytes, its git blob's id; its sha256 if it is in LFS."""

    path: str
    size: int | None
    blob: str
    sha256: str | None


@attrs.frozen
class Repository:
    """A repository at one commit."""

    name: str
    commit: str
    entries: dict[str, Entry]


class Hub:
    """The server of ``HF_ENDPOINT``. Raises NoSuchBrain, UnreachableError, StoreError, UsageError."""

    def __init__(self) -> None:
        self._client = Client(token=_find_token())

    def read_repository(self, name: str, revision: str | None) -> Repository:
        """``revision`` is a branch, a tag or a commit; None is the main branch."""
        from huggingface_hub import constants

        _check_name(name)
        url = f"{constants.ENDPOINT}/api/models/{name}/revision/{quote(revision or _MAIN, safe='')}"
        answer = self._client.ask("GET", url, allowed=(401, 403, 404), params={"blobs": "true"})
        if answer.status_code >= 400:
            raise _make_refusal(answer, name, revision or _MAIN)
        try:
            data = answer.json()
            return Repository(name, data["sha"], {file["rfilename"]: _to_entry(file) for file in data["siblings"]})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{url}: the server did not say what the repository holds") from error

    def make_file(self, repository: Repository, entry: Entry, place: str) -> RemoteFile:
        """An entry as a file at ``place`` of a release."""
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(repository.name, entry.path, revision=repository.commit)
        check = None if entry.sha256 else _make_check(entry, url)  # the cache itself checks only sha256
        opener = http_opener(self._client, url)
        return RemoteFile(place, url, opener, entry.sha256, entry.size, identity=entry.blob, check=check)


def matches_entry(data: bytes, entry: Entry) -> bool:
    """Whether these bytes are what the repository holds: by sha256 in LFS, otherwise by git's blob id.

    Source of the blob id: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    if entry.sha256:
        return hashlib.sha256(data).hexdigest() == entry.sha256
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == entry.blob


def _make_check(entry: Entry, url: str) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        if not matches_entry(path.read_bytes(), entry):
            raise StoreError(f"{url}: what arrived is not what the repository holds", remedy="run it again")

    return check


def _to_entry(file: dict[str, Any]) -> Entry:
    sha256 = (file.get("lfs") or {}).get("sha256")
    return Entry(file["rfilename"], file.get("size"), str(file["blobId"]), sha256)


def _check_name(name: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # documented there nevertheless

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise UsageError(f"hf:{name} is not a name of a repository", remedy="write hf:OWNER/NAME[@REVISION]") from error


def _find_token() -> str:
    """As huggingface_hub finds it, which may ask a server for a new one: so not while offline."""
    from huggingface_hub import constants, get_token

    require_online("the Hub")
    if constants.HF_HUB_OFFLINE:
        raise UnreachableError(
            "the Hub cannot be asked: HF_HUB_OFFLINE is set", remedy="unset it, or pull while online"
        )
    if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
        return ""
    try:
        return get_token() or ""
    except Exception as error:
        raise StoreError(f"huggingface_hub finds no token ({type(error).__name__})", remedy=_LOG_IN) from error


def _make_refusal(answer: requests.Response, name: str, revision: str) -> StoreError:
    """The error for a status of 401, 403 or 404; the reason is in a header that huggingface_hub reads too."""
    code = answer.headers.get("X-Error-Code")
    if code == "RevisionNotFound":
        return NoSuchBrain(f"hf:{name} has no revision {revision!r}")
    if code == "GatedRepo":
        return StoreError(
            f"hf:{name} is open only to people its owner admits", remedy=f"ask on its page, then {_LOG_IN}"
        )
    wrong_token = answer.headers.get("X-Error-Message") == "Invalid credentials in Authorization header"
    if answer.status_code == 404 or code == "RepoNotFound" or (answer.status_code == 401 and not wrong_token):
        return NoSuchBrain(f"hf:{name}: the Hub has no such model, or hides it", remedy=f"if it is private, {_LOG_IN}")
    return make_status_error(answer)
