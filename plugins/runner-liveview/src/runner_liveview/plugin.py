"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_sinks() -> Iterator[Plugin]:
    yield Plugin("view", "runner_liveview.sink:ViewSink", "a page that shows answers as they come: view:8000")


@hookimpl
def runner_commands() -> Iterator[Plugin]:
    yield Plugin("label", "runner_liveview.labelling.command:label", "Draw boxes in pictures, on a page in a browser.")
