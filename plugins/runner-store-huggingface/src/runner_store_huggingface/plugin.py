"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_stores() -> Iterator[Plugin]:
    yield Plugin(
        name="huggingface",
        target="runner_store_huggingface.store:HuggingFaceStore",
        summary="the Hugging Face Hub: hf:OWNER/NAME[@REVISION]",
        claims=("hf",),
    )
