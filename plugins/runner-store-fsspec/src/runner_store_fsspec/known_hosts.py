"""SSH servers that this account knows. fsspec would take any server at its word, and so whatever brain it sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner_core.errors import StoreError

KNOWN_HOSTS = Path("~/.ssh/known_hosts")


def policy() -> Any:
    """What paramiko asks about a server's key: raises StoreError unless ``known_hosts`` has it. Raises ImportError."""
    import paramiko

    class KnownHosts(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # it has no types
        def missing_host_key(self, _client: Any, hostname: str, key: Any) -> None:
            place = KNOWN_HOSTS.expanduser()
            if not (place.is_file() and paramiko.HostKeys(str(place)).check(hostname, key)):
                raise StoreError(f"{hostname}: {place} does not know this server's key", remedy="connect by ssh once")

    return KnownHosts()
