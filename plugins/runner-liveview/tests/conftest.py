"""A view that is being served, and a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import attrs
import pytest
from browsers import launch_chromium
from label_desk import label, write_pictures
from label_page import Person
from runner_liveview.address import Address
from runner_liveview.sink import ViewSink
from view_client import View

WIDE = {"width": 1280, "height": 800}
PATIENCE = 60_000  # ms
VIEW_FILES = ("/", "/view.js", "/draw.js", "/tile.js", "/panel.js", "/message.js", "/elements.js", "/base.css",
              "/view.css", "/icon.svg")  # fmt: skip
LABEL_FILES = ("/", "/label.js", "/stage.js", "/hands.js", "/keys.js", "/sheet.js", "/panel.js", "/server.js",
               "/elements.js", "/base.css", "/label.css", "/icon.svg")  # fmt: skip


@attrs.frozen
class Site:
    """A page that is served: its files, and where its WebSocket is."""

    url: str
    files: tuple[str, ...]
    socket: str

    @property
    def host(self) -> str:
        """Asked on loopback, whatever name the page was announced by."""
        return f"127.0.0.1:{urlsplit(self.url).port}"


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


@pytest.fixture(params=["view", "label"])
def serve_site(
    request: pytest.FixtureRequest, tmp_path: Path, serve: Callable[..., View]
) -> Iterator[Callable[..., Site]]:
    """``serve_site(**address)``: each of the pages on a free port, closed at the end."""
    with ExitStack() as stack:

        def serving(**address: str) -> Site:
            if request.param == "view":
                served = serve(f"?{urlencode(address)}" if address else "")
                served.show()
                return Site(served.url, VIEW_FILES, "/frames")
            write_pictures(tmp_path, 1)
            labelling = stack.enter_context(label(tmp_path, address=Address(0, **address)))
            return Site(labelling.url, LABEL_FILES, "/events?page=test")

        yield serving


@pytest.fixture
def site(serve_site: Callable[..., Site]) -> Site:
    return serve_site()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as Debian has it."""
    with launch_chromium() as chromium:
        yield chromium


@pytest.fixture
def visit(browser):
    """``visit(labelling, **options)``: a Person at the page; nothing may go wrong in it unseen."""
    complaints, contexts = [], []

    def visiting(labelling, at="a.png", **options):
        context = browser.new_context(**{"viewport": WIDE, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda request: complaints.extend([request.url] if labelling.host not in request.url else [])
        )
        page.goto(labelling.url, wait_until="domcontentloaded")
        person = Person(page, context.new_cdp_session(page) if options.get("has_touch") else None)
        person.at(at)
        return person

    yield visiting
    for context in contexts:
        context.close()
    assert not [text for text in complaints if not text.startswith("blob:") and "/events" not in text]
