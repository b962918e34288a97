"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_stores() -> Iterator[Plugin]:
    yield Plugin(
        name="http",
        target="runner_store_http.store:HttpStore",
        summary="a web server with an index.json of brains, or a model file behind a URL",
        claims=("http", "https"),
    )
