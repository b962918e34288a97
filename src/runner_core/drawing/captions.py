"""Captions: names on filled rectangles, kept inside the picture and off each other; and a legend."""

from __future__ import annotations

import math
import os
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

import attrs
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from runner_core.drawing.palette import BLACK, RGB, WHITE, choose_ink
from runner_core.errors import UsageError
from runner_core.util.home import expand_home

FONT_VARIABLE = "RUNNER_FONT"
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Area = tuple[float, float, float, float]
LegendRow = tuple[RGB, str]

_MOST_SIGNS = 4  # to a pixel, of a text that is looked at: a stranger's name may be long
_CELL = 4  # pixels: the resolution at which occupied parts of a picture are remembered
_LEGEND_OPACITY = 176  # opacity, 0 to 255


@attrs.frozen
class Style:
    """Sizes in pixels that suit one picture: of lines, of the rims beside them, of the font; and the font itself."""

    line: int
    rim: int
    font_size: int
    font: Font

    @classmethod
    def of(cls, size: tuple[int, int]) -> Style:
        """For a picture of that (width, height). Raises UsageError if RUNNER_FONT does not name a font."""
        side = math.sqrt(size[0] * size[1])
        font_size = min(max(10, round(side / 44)), max(8, size[0] // 10))
        font = load_font(expand_home(os.environ.get(FONT_VARIABLE, "")), font_size)
        return cls(line=max(2, round(side / 350)), rim=max(1, round(side / 1200)), font_size=font_size, font=font)

    @property
    def line_height(self) -> int:
        """The height of a line of text with the room around it."""
        return round(self.font_size * 1.35)

    @property
    def padding(self) -> int:
        """The room left and right of a text."""
        return max(2, round(self.font_size * 0.3))

    def fit_text(self, text: str, width: int) -> str:
        """The text on one line, cut short with an ellipsis if it is wider than ``width`` pixels."""
        line = to_plain_line(text[: _MOST_SIGNS * (width + 1)])
        if self.font.getlength(line) <= width:
            return line
        ends = range(1, len(line) + 1)
        kept = bisect_right(ends, float(width), key=lambda end: self.font.getlength(line[:end] + "…"))
        return line[:kept].rstrip() + "…" if kept else ""


@lru_cache(maxsize=32)
def load_font(path: str, size: int) -> Font:
    """The font in that file; without a file Pillow's own, which has ASCII letters only. Raises UsageError."""
    if not path:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(path, size)
    except OSError as error:
        remedy = f"name a .ttf or .otf file in {FONT_VARIABLE}"
        raise UsageError(f"{path}: not a font ({error})", remedy=remedy) from None


def to_plain_line(text: str) -> str:
    """The text on one line; without accents if no font is named, since Pillow's own has none."""
    line = " ".join(text.split())
    if os.environ.get(FONT_VARIABLE) or line.isascii():
        return line
    return "".join(part for part in unicodedata.normalize("NFKD", line) if not unicodedata.combining(part))


class Captions:
    """Writes captions and legends on one picture, and remembers which parts of it they occupy."""

    def __init__(self, canvas: Image.Image, style: Style) -> None:
        self._canvas, self._draw, self._style = canvas, ImageDraw.Draw(canvas), style
        self._occupied = np.zeros((canvas.height // _CELL + 1, canvas.width // _CELL + 1), bool)

    def add_caption(self, text: str, colour: RGB, area: Area) -> None:
        """Writes a text for ``area`` (x1, y1, x2, y2): above it, else inside or below, where no other caption is."""
        style = self._style
        line = style.fit_text(text, self._canvas.width - 2 * style.padding)
        if not line:
            return
        size = round(style.font.getlength(line)) + 2 * style.padding, style.line_height
        left, top = self._choose_corner(size, area)
        self._draw.rectangle((left, top, left + size[0] - 1, top + size[1] - 1), fill=colour)
        self._write(line, (left + style.padding, top), choose_ink(colour))

    def add_legend(self, rows: Sequence[LegendRow]) -> None:
        """Lists rows of a colour and a text in the lower left corner, as many as fit into half the height."""
        style, canvas = self._style, self._canvas
        shown = rows[: max(1, canvas.height // 2 // style.line_height)]
        swatch = style.line_height - 2 * style.padding
        inset = swatch + 3 * style.padding
        lines = [style.fit_text(text, canvas.width - inset - style.padding) for _, text in shown]
        if not all(lines):
            return
        wide = round(max(style.font.getlength(line) for line in lines)) + inset + style.padding
        top = canvas.height - len(lines) * style.line_height
        _darken(canvas, (0, top, wide, canvas.height))
        self._occupy((0, top), (wide, canvas.height - top))
        for row, ((colour, _), line) in enumerate(zip(shown, lines, strict=True)):
            y = top + row * style.line_height
            corner = style.padding, y + style.padding
            self._draw.rectangle((*corner, corner[0] + swatch, corner[1] + swatch), fill=colour, outline=WHITE)
            self._write(line, (inset, y), WHITE)

    def _write(self, line: str, corner: tuple[float, float], ink: RGB) -> None:
        middle = corner[0], corner[1] + self._style.line_height / 2
        self._draw.text(middle, line, fill=ink, font=self._style.font, anchor="lm")

    def _choose_corner(self, size: tuple[int, int], area: Area) -> tuple[int, int]:
        """The first free corner, else the preferred one."""
        inside = [self._clamp(corner, size) for corner in _list_corners(size, area, self._style)]
        corner = next((corner for corner in inside if not self._is_occupied(corner, size)), inside[0])
        self._occupy(corner, size)
        return corner

    def _clamp(self, corner: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
        left = max(0, min(round(corner[0]), self._canvas.width - size[0]))
        return left, max(0, min(round(corner[1]), self._canvas.height - size[1]))

    def _is_occupied(self, corner: tuple[int, int], size: tuple[int, int]) -> bool:
        return bool(self._occupied[_cells_of(corner, size)].any())

    def _occupy(self, corner: tuple[int, int], size: tuple[int, int]) -> None:
        self._occupied[_cells_of(corner, size)] = True


def _list_corners(size: tuple[int, int], area: Area, style: Style) -> Iterator[tuple[float, float]]:
    """Upper left corners for a caption, the preferred one first."""
    (wide, high), (x1, y1, x2, y2) = size, area
    yield x1 - style.rim, y1 - high
    yield x1, y1
    yield x2 - wide, y1 - high
    yield x2 - wide, y1
    yield x1 - style.rim, y2
    yield x1, y2 - high
    for step in range(1, 6):
        yield x1, y1 + step * high


def _cells_of(corner: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    (left, top), (wide, high) = corner, size
    return slice(top // _CELL, (top + high - 1) // _CELL + 1), slice(left // _CELL, (left + wide - 1) // _CELL + 1)


def _darken(canvas: Image.Image, area: tuple[int, int, int, int]) -> None:
    """Darkens a part of the picture so that white text stands out."""
    canvas.paste(BLACK, area, Image.new("L", (area[2] - area[0], area[3] - area[1]), _LEGEND_OPACITY))
