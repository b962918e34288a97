"""SSH servers that this account knows. fsspec alone accepts any server, and so any brain that it sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner_core.errors import StoreError
from runner_core.util import expand_home

KNOWN_HOSTS = Path("~/.ssh/known_hosts")


def make_host_key_policy() -> Any:
    """A paramiko policy that raises StoreError for a server whose key is not in ``known_hosts``. Raises ImportError."""
    import paramiko

    class KnownHosts(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # it has no types
        def missing_host_key(self, _client: Any, hostname: str, key: Any) -> None:
            place = Path(expand_home(KNOWN_HOSTS))
            if not (place.is_file() and paramiko.HostKeys(str(place)).check(hostname, key)):
                raise StoreError(f"{hostname}: {place} does not know this server's key", remedy="connect by ssh once")

    return KnownHosts()
