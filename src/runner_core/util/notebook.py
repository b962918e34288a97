"""What a notebook shows of a value: tables and pictures, as HTML that stands alone and escapes what it is given."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

from PIL import Image

MOST_ROWS = 20
MOST_PIXELS = 960  # of a picture's longer side

_QUALITY = 85


def format_table(head: Sequence[str], rows: Iterable[Sequence[object]], count: int) -> str:
    """A table of the first ``MOST_ROWS`` of ``count`` rows, without a header if ``head`` is empty.

    A last line says how many rows are left out.
    """
    shown = [cells for cells, _ in zip(rows, range(MOST_ROWS), strict=False)]
    lines = [*([_format_row("th", head)] if head else ()), *(_format_row("td", cells) for cells in shown)]
    left = f"<div>... and {count - len(shown)} more</div>" if count > len(shown) else ""
    return f"<table>{''.join(lines)}</table>{left}"


def _format_row(cell: str, values: Sequence[object]) -> str:
    cells = (f"<{cell} style='text-align:left'>{escape(str(value))}</{cell}>" for value in values)
    return f"<tr>{''.join(cells)}</tr>"


def shorten_list(words: Sequence[str]) -> str:
    """The first ``MOST_ROWS`` words, and how many there are."""
    left = f", ... ({len(words)} in all)" if len(words) > MOST_ROWS else ""
    return ", ".join(words[:MOST_ROWS]) + left


def format_title(text: str) -> str:
    """A line of its own, in bold."""
    return f"<div><b>{escape(text)}</b></div>"


def embed_picture(image: Image.Image) -> str:
    """The picture within the page, shrunk to ``MOST_PIXELS``."""
    stream = io.BytesIO()
    shrink(image).save(stream, "JPEG", quality=_QUALITY)
    return f"<img style='max-width:100%' src='data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}'>"


def shrink(image: Image.Image) -> Image.Image:
    """An image of at most ``MOST_PIXELS`` on its longer side; the same one if it is small enough."""
    if max(image.size) <= MOST_PIXELS:
        return image
    small = image.copy()
    small.thumbnail((MOST_PIXELS, MOST_PIXELS))
    return small
