"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_sources() -> Iterator[Plugin]:
    yield Plugin(
        name="file",
        target="runner_files.source:FileSource",
        summary="a picture, a folder, a glob, a text list of pictures and videos, or an http(s) picture",
        claims=("path", "http", "https"),
    )


@hookimpl
def runner_sinks() -> Iterator[Plugin]:
    yield Plugin(
        "jsonl",
        "runner_files.jsonl:JsonlSink",
        "one JSON line per frame: jsonl:PATH, or - for standard output",
        claims=("-", ".jsonl"),
    )
    yield Plugin("images", "runner_files.images:ImagesSink", "pictures with the answers drawn in: images:DIR")
