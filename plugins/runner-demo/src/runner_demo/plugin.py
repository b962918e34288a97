"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_stores() -> Iterator[Plugin]:
    yield Plugin(
        name="demo",
        target="runner_demo.store:DemoStore",
        summary="page and graphs: two brains that ship with runner",
        claims=("embedded",),
    )


@hookimpl
def runner_sources() -> Iterator[Plugin]:
    yield Plugin("demo", "runner_demo.source:demo_source", "what ships: demo:pictures; demo:camera, demo:clip, a clip")


@hookimpl
def runner_commands() -> Iterator[Plugin]:
    yield Plugin("demo", "runner_demo.command:demo", "Run two brains over the pictures and the clip that ship.")
