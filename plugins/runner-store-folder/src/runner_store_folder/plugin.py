"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_stores() -> Iterator[Plugin]:
    yield Plugin("folder", "runner_store_folder.store:FolderStore", "a folder of NAME/VERSION/brain.json: folder:PATH")
