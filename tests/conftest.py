"""An empty cache for each test, a served shelf of brains, and no waiting between retries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from faulty_server import FaultyServer

from runner_core.cache.cache import Cache


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RUNNER_OFFLINE", raising=False)
    monkeypatch.delenv("RUNNER_STORES", raising=False)
    return tmp_path / "home"


@pytest.fixture
def cache(home: Path) -> Cache:
    return Cache()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def server(shelf: Path) -> Iterator[FaultyServer]:
    with FaultyServer(shelf) as running:
        yield running


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Retries come without back-off; what Retry-After asked for is kept in the list, and not waited for."""
    waited: list[float] = []

    def sleep(policy: urllib3.Retry, response: urllib3.BaseHTTPResponse | None = None) -> None:
        asked = policy.get_retry_after(response) if response is not None else None
        waited.extend([asked] if asked else [])

    monkeypatch.setattr(urllib3.Retry, "sleep", sleep)
    return waited
