"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_stores() -> Iterator[Plugin]:
    yield Plugin(
        name="diffgram",
        target="runner_store_diffgram.store:DiffgramStore",
        summary="a Diffgram project, its brains local or online: diffgram:[https://HOST/]PROJECT",
    )
