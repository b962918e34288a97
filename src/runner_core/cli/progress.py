"""Progress bars on a terminal; nothing in a pipe, but the stages of a training."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runner_core.cache.blobs import ProgressOf, show_no_progress
from runner_core.cache.release import Progress, RemoteFile
from runner_core.cli.console import print_message
from runner_core.cli.terminal import open_console, printable_streams
from runner_core.training.trainer import TrainingStep, Watch


@contextmanager
def show_frame_bar(total: int | None, *, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """A bar that counts frames; call what it yields once a frame."""
    if quiet or not sys.stderr.isatty():
        yield _do_nothing
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=open_console(stderr=True), transient=True) as bar, printable_streams():
        task = bar.add_task("frames", total=total)
        yield lambda: bar.advance(task)


@contextmanager
def show_training(*, quiet: bool = False, page: str | None = None) -> Iterator[Watch]:
    """A bar with the stage, its share and the figures; in a pipe a line where a stage begins.

    ``page`` is a location of the view, such as ``8000``: there the pictures are shown that it gets most wrong.
    Raises as ``open_training_page``.
    """
    if page is None:
        with _show_bar(quiet=quiet) as show:
            yield show
        return
    from runner_core.cli.training_page import open_training_page

    with open_training_page(page) as show_worst, _show_bar(quiet=quiet) as show:

        def watch(step: TrainingStep) -> None:
            show(step)
            show_worst(step)

        yield watch


@contextmanager
def _show_bar(*, quiet: bool) -> Iterator[Watch]:
    if quiet:
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        yield _StageLines()
        return
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[figures]}"))  # fmt: skip
    with Bar(*columns, console=open_console(stderr=True), transient=True) as bar, printable_streams():
        task = bar.add_task("starting", total=1.0, figures="")
        yield lambda step: bar.update(
            task, description=escape(step.stage), completed=step.share, figures=escape(_format_figures(step))
        )


class _StageLines:
    def __init__(self) -> None:
        self._stage = ""

    def __call__(self, step: TrainingStep) -> None:
        if step.stage != self._stage:
            self._stage = step.stage
            print_message(" ".join(filter(None, (f"{step.share:4.0%}", step.stage, _format_figures(step)))).strip())


def _format_figures(step: TrainingStep) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in step.figures.items())


@contextmanager
def show_loading() -> Iterator[None]:
    """While the block runs, a line on a terminal says which brain is loaded on which engine."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.text import Text

    log = logging.getLogger("runner")
    with open_console(stderr=True).status("") as status, printable_streams():
        handler = _LoadingHandler(lambda text: status.update(Text(text)))
        log.addHandler(handler)
        try:
            yield
        finally:
            log.removeHandler(handler)


class _LoadingHandler(logging.Handler):
    """Hands on what is marked ``passing``."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "passing", False):
            self._show(record.getMessage())


def download_bars() -> ProgressOf:
    """What shows a bar for each fetched file; silent in a pipe."""
    return _show_download_bar if sys.stderr.isatty() else show_no_progress


@contextmanager
def _show_download_bar(file: RemoteFile) -> Iterator[Progress]:
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, console=open_console(stderr=True), transient=True) as bar, printable_streams():
        task = bar.add_task(escape(file.path), total=file.size)
        yield lambda there, total: bar.update(task, completed=there, total=total)


def _do_nothing() -> None:
    """Without a bar there is nothing to move."""
