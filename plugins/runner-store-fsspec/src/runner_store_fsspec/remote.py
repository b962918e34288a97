"""A folder read by fsspec: its files and their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import attrs

from runner_core.cache import Body, Opener, RemoteFile
from runner_core.errors import NotInstalled, StoreError, UnreachableError, UsageError
from runner_core.util import redact_url, require_online
from runner_store_fsspec.known_hosts import make_host_key_policy

T = TypeVar("T")
_LOCAL = frozenset({"file", "local", "memory"})  # need no network
_SSH = ("sftp://", "ssh://")
_CHUNK = 1 << 20
_AHEAD = 8 << 20  # bytes per request; file systems take up to 50 MB by default
# How file systems show that a file has changed.
_STATES = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "created")


@attrs.frozen
class Entry:
    """A file: its path below the folder, its size in bytes, and text that changes when the contents do."""

    path: str
    size: int | None
    state: str


class Remote:
    """One address. All methods raise NotInstalled, UsageError, UnreachableError, StoreError."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.public_address = redact_url(address)

    def list_files(self, below: str = "") -> dict[str, Entry]:
        """All files below the folder, or below a folder in it, by path; none if it does not exist."""
        root = f"{self._path}/{below}".rstrip("/")
        found = self._translate_errors(lambda: self._fs.find(root, detail=True))
        return {path: _to_entry(path, info) for name, info in found.items() if (path := self._relative(name))}

    def make_file(self, entry: Entry, place: str) -> RemoteFile:
        """An entry as a file at ``place`` of a release."""
        url = f"{self.public_address}/{entry.path}"
        return RemoteFile(place, url, self._opener(entry), size=entry.size, identity=entry.state)

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system, and the folder's path in it."""
        scheme = self._address.partition("://")[0]
        if scheme not in _LOCAL:
            require_online(self.public_address)
        return self._translate_errors(lambda: _open_file_system(self._address))

    @property
    def _fs(self) -> Any:
        return self._opened[0]

    @property
    def _path(self) -> str:
        return self._opened[1].rstrip("/")

    def _relative(self, name: str) -> str:
        return name.removeprefix(self._path).lstrip("/")

    def _opener(self, entry: Entry) -> Opener:
        place = f"{self._path}/{entry.path}"

        @contextmanager
        def open_at(offset: int, _validator: str) -> Iterator[Body]:
            stream = self._translate_errors(lambda: self._fs.open(place, "rb", block_size=_AHEAD))
            with stream:
                yield Body(offset, entry.size, self._chunks(stream, offset), entry.state)

        return open_at

    def _chunks(self, stream: Any, offset: int) -> Iterator[bytes]:
        """Any failure while reading counts as a cut, and is tried again, unless access is refused."""
        try:
            stream.seek(offset)
            while chunk := stream.read(_CHUNK):
                yield bytes(chunk)
        except (FileNotFoundError, PermissionError) as error:
            raise self._to_runner_error(error) from error
        except Exception as error:  # each file system has errors of its own
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    def _translate_errors(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Exception as error:
            raise self._to_runner_error(error) from error

    def _to_runner_error(self, error: Exception) -> StoreError | UsageError:
        message = f"{self.public_address}: {error or type(error).__name__}"
        if isinstance(error, StoreError | UsageError):
            return error
        if isinstance(error, ImportError):
            return NotInstalled(f"{self.public_address}: fsspec needs another package for it", remedy=str(error))
        if isinstance(error, FileNotFoundError):
            return StoreError(f"{self.public_address}: does not exist ({error})", remedy="check the address")
        if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
            return StoreError(f"{message}: access is refused", remedy="check the account")
        if isinstance(error, ValueError):
            return UsageError(message, remedy="write s3://BUCKET/FOLDER/NAME, or what fsspec calls another place")
        return UnreachableError(f"{self.public_address}: cannot be reached ({type(error).__name__}: {error})")


def _open_file_system(address: str) -> tuple[Any, str]:
    """Without its cache of listings, so that what was published meanwhile is found."""
    from fsspec.core import url_to_fs

    options = {"host_key_policy": make_host_key_policy()} if address.startswith(_SSH) else {"use_listings_cache": False}
    fs, path = url_to_fs(address, **options)
    return fs, str(path)


def _to_entry(path: str, info: dict[str, Any]) -> Entry:
    size = None if info.get("size") is None else int(info["size"])
    states = [str(info[key]) for key in _STATES if info.get(key) is not None]
    return Entry(path, size, " ".join([*states, f"{size} bytes"]) if states else "")
