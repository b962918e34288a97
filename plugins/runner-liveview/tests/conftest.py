"""A view that is being served, and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from runner_liveview.sink import ViewSink
from view_client import View

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture
def serve() -> Iterator[Callable[..., View]]:
    """``serve(options)``: a view on a free port, closed at the end."""
    with ExitStack() as stack:

        def serving(options: str = "") -> View:
            sink, own = ViewSink(f"0{options}"), ExitStack()
            writer = own.enter_context(sink.open())
            stack.callback(own.close)
            return View(sink, writer, own.close)

        yield serving


@pytest.fixture
def view(serve: Callable[..., View]) -> View:
    return serve()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as Debian has it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield chromium
        chromium.close()
