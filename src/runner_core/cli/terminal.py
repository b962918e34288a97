"""The seam to the terminal: whatever a command prints passes here, and can be read but not act.

A label, the metadata of a model, a card or the name of a file may hold what clears a screen, renames a window or types
for its owner. ``runner`` runs with ``printable_streams`` around it, and tables and bars are printed by
``open_console``; a plugin that prints needs to do nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO, cast

from runner_core.util.printable import make_printable

if TYPE_CHECKING:
    from rich.console import Console


class PrintableStream:
    """A text stream that escapes what a terminal would act on; in all else it is the stream that it is made of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Also what the stream's encoding has no character for, which would be an error."""
        return self._stream.write(make_printable(text, self._stream.encoding or "utf-8"))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    @property
    def encoding(self) -> str:
        """UTF-8, as any text can be written: past a stream of ASCII click would write to the bytes below it."""
        return "utf-8"

    @property
    def unguarded(self) -> TextIO:
        """The innermost stream."""
        return cast("TextIO", getattr(self._stream, "unguarded", self._stream))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def printable_streams() -> Iterator[None]:
    """While the block runs, nothing that is printed acts on the terminal."""
    out, err = (cast("TextIO", PrintableStream(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(out), redirect_stderr(err):
        yield


def open_console(*, stderr: bool = False) -> Console:
    """A console of rich, which shows names as they are, even with brackets in them: only its own codes act."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.text import Text

    class PrintableConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:  # before widths are measured
            return super().render_str(make_printable(text, self.encoding), **options)

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else make_printable(text, self.encoding), style, control)

    stream = sys.stderr if stderr else sys.stdout
    return PrintableConsole(file=getattr(stream, "unguarded", stream), stderr=stderr, markup=False, emoji=False)
