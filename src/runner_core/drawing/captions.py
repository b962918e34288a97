"""Tags: names on filled grounds, kept inside the picture and off each other."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import attrs
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from runner_core.drawing.palette import BLACK, RGB, WHITE, ink_on
from runner_core.errors import UsageError

FONT_VARIABLE = "RUNNER_FONT"
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Area = tuple[float, float, float, float]
Row = tuple[RGB, str]

_CELL = 4  # pixels: how finely the taken parts of a picture are kept
_PANEL_GROUND = 176  # opacity, 0 to 255


@attrs.frozen
class Style:
    """Sizes in pixels that suit one picture: of lines, of the rims beside them, of letters; and the font."""

    line: int
    rim: int
    letters: int
    font: Font

    @classmethod
    def of(cls, size: tuple[int, int]) -> Style:
        """For a picture of that (width, height). Raises UsageError where RUNNER_FONT names no font."""
        side = math.sqrt(size[0] * size[1])
        letters = min(max(10, round(side / 44)), max(8, size[0] // 10))
        font = load_font(os.environ.get(FONT_VARIABLE, ""), letters)
        return cls(line=max(2, round(side / 350)), rim=max(1, round(side / 1200)), letters=letters, font=font)

    @property
    def high(self) -> int:
        """The height of a line of text with room around it."""
        return round(self.letters * 1.35)

    @property
    def pad(self) -> int:
        """The room left and right of a text."""
        return max(2, round(self.letters * 0.3))

    def fit(self, text: str, width: int) -> str:
        """The text on one line, cut short with an ellipsis where it is wider than ``width`` pixels."""
        line = plain(text)
        if self.font.getlength(line) <= width:
            return line
        kept = next((end for end in range(len(line), 0, -1) if self.font.getlength(line[:end] + "…") <= width), 0)
        return line[:kept].rstrip() + "…" if kept else ""


@lru_cache(maxsize=32)
def load_font(path: str, size: int) -> Font:
    """The font of that file; of none, Pillow's own, which has the letters of English alone."""
    if not path:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(path, size)
    except OSError as error:
        remedy = f"name a .ttf or .otf file in {FONT_VARIABLE}"
        raise UsageError(f"{path}: not a font ({error})", remedy=remedy) from None


def plain(text: str) -> str:
    """One line; where only Pillow's own font is at hand, letters without their accents."""
    line = " ".join(text.split())
    if os.environ.get(FONT_VARIABLE) or line.isascii():
        return line
    return "".join(part for part in unicodedata.normalize("NFKD", line) if not unicodedata.combining(part))


class Tags:
    """Writes tags and panels on one picture, remembering which parts of it they take."""

    def __init__(self, canvas: Image.Image, style: Style) -> None:
        self._canvas, self._draw, self._style = canvas, ImageDraw.Draw(canvas), style
        self._taken = np.zeros((canvas.height // _CELL + 1, canvas.width // _CELL + 1), bool)

    def tag(self, text: str, colour: RGB, area: Area) -> None:
        """Names what lies in ``area`` (x1, y1, x2, y2): above it, else inside or below, where no other tag is."""
        style = self._style
        line = style.fit(text, self._canvas.width - 2 * style.pad)
        if not line:
            return
        size = round(style.font.getlength(line)) + 2 * style.pad, style.high
        left, top = self._place(size, area)
        self._draw.rectangle((left, top, left + size[0] - 1, top + size[1] - 1), fill=colour)
        self._write(line, (left + style.pad, top), ink_on(colour))

    def panel(self, rows: Sequence[Row]) -> None:
        """Lists rows of a colour and a text in the lower left corner, as many as half the height holds."""
        style, canvas = self._style, self._canvas
        shown = rows[: max(1, canvas.height // 2 // style.high)]
        swatch = style.high - 2 * style.pad
        inset = swatch + 3 * style.pad
        lines = [style.fit(text, canvas.width - inset - style.pad) for _, text in shown]
        if not all(lines):
            return
        wide = round(max(style.font.getlength(line) for line in lines)) + inset + style.pad
        top = canvas.height - len(lines) * style.high
        _veil(canvas, (0, top, wide, canvas.height))
        self._take((0, top), (wide, canvas.height - top))
        for row, ((colour, _), line) in enumerate(zip(shown, lines, strict=True)):
            y = top + row * style.high
            corner = style.pad, y + style.pad
            self._draw.rectangle((*corner, corner[0] + swatch, corner[1] + swatch), fill=colour, outline=WHITE)
            self._write(line, (inset, y), WHITE)

    def _write(self, line: str, corner: tuple[float, float], ink: RGB) -> None:
        middle = corner[0], corner[1] + self._style.high / 2
        self._draw.text(middle, line, fill=ink, font=self._style.font, anchor="lm")

    def _place(self, size: tuple[int, int], area: Area) -> tuple[int, int]:
        """The first free corner, else the natural one."""
        inside = [self._clamped(corner, size) for corner in _corners(size, area, self._style)]
        corner = next((corner for corner in inside if not self._is_taken(corner, size)), inside[0])
        self._take(corner, size)
        return corner

    def _clamped(self, corner: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
        left = max(0, min(round(corner[0]), self._canvas.width - size[0]))
        return left, max(0, min(round(corner[1]), self._canvas.height - size[1]))

    def _is_taken(self, corner: tuple[int, int], size: tuple[int, int]) -> bool:
        return bool(self._taken[_cells(corner, size)].any())

    def _take(self, corner: tuple[int, int], size: tuple[int, int]) -> None:
        self._taken[_cells(corner, size)] = True


def _corners(size: tuple[int, int], area: Area, style: Style) -> Iterator[tuple[float, float]]:
    """Upper left corners for a tag, the natural one first."""
    (wide, high), (x1, y1, x2, y2) = size, area
    yield x1 - style.rim, y1 - high
    yield x1, y1
    yield x2 - wide, y1 - high
    yield x2 - wide, y1
    yield x1 - style.rim, y2
    yield x1, y2 - high
    for step in range(1, 6):
        yield x1, y1 + step * high


def _cells(corner: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    (left, top), (wide, high) = corner, size
    return slice(top // _CELL, (top + high - 1) // _CELL + 1), slice(left // _CELL, (left + wide - 1) // _CELL + 1)


def _veil(canvas: Image.Image, area: tuple[int, int, int, int]) -> None:
    """Darkens a part of the picture so that white text stands out."""
    canvas.paste(BLACK, area, Image.new("L", (area[2] - area[0], area[3] - area[1]), _PANEL_GROUND))
