"""Colours for what was found: one a brain and class, told apart by colour-blind people too."""

from __future__ import annotations

from zlib import crc32

RGB = tuple[int, int, int]

BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)

# Okabe and Ito's set without its black, https://jfly.uni-koeln.de/color/, neighbours as unlike as can be.
_HUES: tuple[RGB, ...] = (
    (213, 94, 0),  # vermilion
    (86, 180, 233),  # sky blue
    (240, 228, 66),  # yellow
    (204, 121, 167),  # reddish purple
    (0, 158, 115),  # bluish green
    (230, 159, 0),  # orange
    (0, 114, 178),  # blue
)


def _mixed(colour: RGB, other: RGB, share: float) -> RGB:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


PALETTE: tuple[RGB, ...] = (
    *_HUES,
    *(_mixed(hue, WHITE, 0.5) for hue in _HUES),
    *(_mixed(hue, BLACK, 0.35) for hue in _HUES),
)


def slot_of(brain: str, model_id: int) -> int:
    """The place in ``PALETTE`` of a brain's class: the same in every picture.

    A brain's name says with which hue its classes begin; 21 successive ones differ, the first seven are full colours.
    """
    tone, step = divmod(model_id % len(PALETTE), len(_HUES))
    return tone * len(_HUES) + (crc32(brain.encode(errors="surrogatepass")) + step) % len(_HUES)


def colour_of(brain: str, model_id: int) -> RGB:
    """The colour of a brain's class."""
    return PALETTE[slot_of(brain, model_id)]


def luminance(colour: RGB) -> float:
    """Relative luminance, 0 to 1, as WCAG 2 defines it: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def ink_on(ground: RGB) -> RGB:
    """Black or white, whichever has the higher contrast on ``ground``."""
    return BLACK if luminance(ground) > 0.179 else WHITE
