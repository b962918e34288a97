"""A folder behind fsspec: what is in it, and its files' bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import attrs

from runner_core.cache import Body, Opener, RemoteFile
from runner_core.errors import NotInstalled, StoreError, UnreachableError, UsageError
from runner_core.util import redact_url, require_online
from runner_store_fsspec.known_hosts import policy

T = TypeVar("T")
_LOCAL = frozenset({"file", "local", "memory"})  # nobody is asked over a network
_SSH = ("sftp://", "ssh://")
_CHUNK = 1 << 20
_AHEAD = 8 << 20  # bytes a request; file systems take up to 50 MB by themselves
_STATES = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "created")  # what file systems tell


@attrs.frozen
class Entry:
    """A file: its path below the folder, its size in bytes, and text that changes when the contents do."""

    path: str
    size: int | None
    state: str


class Remote:
    """Raises NotInstalled, UsageError, UnreachableError, StoreError."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.shown = redact_url(address)

    def files(self, below: str = "") -> dict[str, Entry]:
        """All files below the folder, or below a folder in it, by path; none where it is not there."""
        root = f"{self._path}/{below}".rstrip("/")
        found = self._told(lambda: self._fs.find(root, detail=True))
        return {path: _entry(path, told) for name, told in found.items() if (path := self._relative(name))}

    def file(self, entry: Entry, place: str) -> RemoteFile:
        """An entry as a file at ``place`` of a release."""
        url = f"{self.shown}/{entry.path}"
        return RemoteFile(place, url, self._opener(entry), size=entry.size, identity=entry.state)

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system, and the folder's path in it."""
        scheme = self._address.partition("://")[0]
        if scheme not in _LOCAL:
            require_online(self.shown)
        return self._told(lambda: _file_system(self._address))

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
        def opened(offset: int, _validator: str) -> Iterator[Body]:
            stream = self._told(lambda: self._fs.open(place, "rb", block_size=_AHEAD))
            with stream:
                yield Body(offset, entry.size, self._chunks(stream, offset), entry.state)

        return opened

    def _chunks(self, stream: Any, offset: int) -> Iterator[bytes]:
        """Whatever goes wrong on the way may go right the next time, unless it is refused."""
        try:
            stream.seek(offset)
            while chunk := stream.read(_CHUNK):
                yield bytes(chunk)
        except (FileNotFoundError, PermissionError) as error:
            raise self._error(error) from error
        except Exception as error:  # each file system has errors of its own
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    def _told(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Exception as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> StoreError | UsageError:
        said = f"{self.shown}: {error or type(error).__name__}"
        if isinstance(error, StoreError | UsageError):
            return error
        if isinstance(error, ImportError):
            return NotInstalled(f"{self.shown}: fsspec needs another package for it", remedy=str(error))
        if isinstance(error, FileNotFoundError):
            return StoreError(f"{self.shown}: not there ({error})", remedy="check the address")
        if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
            return StoreError(f"{said}: access is refused", remedy="check the account")
        if isinstance(error, ValueError):
            return UsageError(said, remedy="write s3://BUCKET/FOLDER/NAME, or what fsspec calls another place")
        return UnreachableError(f"{self.shown}: cannot be reached ({type(error).__name__}: {error})")


def _file_system(address: str) -> tuple[Any, str]:
    """Without its memory of listings: what was published meanwhile counts."""
    from fsspec.core import url_to_fs

    options = {"host_key_policy": policy()} if address.startswith(_SSH) else {"use_listings_cache": False}
    fs, path = url_to_fs(address, **options)
    return fs, str(path)


def _entry(path: str, told: dict[str, Any]) -> Entry:
    size = None if told.get("size") is None else int(told["size"])
    states = [str(told[key]) for key in _STATES if told.get(key) is not None]
    return Entry(path, size, " ".join([*states, f"{size} bytes"]) if states else "")
