"""Progress on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runner_core.cache.cache import ProgressOf, silent
from runner_core.cache.download import Progress
from runner_core.cache.release import RemoteFile


@contextmanager
def counting(total: int | None, *, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """A bar over frames; what it gives is called once a frame."""
    if quiet or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("frames", total=total)
        yield lambda: bar.advance(task)


def bars() -> ProgressOf:
    """A bar for each file that is fetched."""
    return _bar if sys.stderr.isatty() else silent


def _bar(file: RemoteFile) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task(file.path, total=file.size)

    def progress(there: int, total: int | None) -> None:
        bar.start()
        bar.update(task, completed=there, total=total)
        if there == total:
            bar.stop()

    return progress


def _nothing() -> None:
    """A step of no bar."""
