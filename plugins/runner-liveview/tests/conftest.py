"""A view that is being served, and a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from browsers import launch_chromium
from runner_liveview.sink import ViewSink
from view_client import View


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
    with launch_chromium() as chromium:
        yield chromium
