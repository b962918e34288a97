"""Colours for classes, one for each class of a brain, which colour-blind people can distinguish too."""

from __future__ import annotations

from zlib import crc32

RGB = tuple[int, int, int]

BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)

# Okabe and Ito's colours without black, ordered so that neighbours differ most. Source: https://jfly.uni-koeln.de/color/
_HUES: tuple[RGB, ...] = (
    (213, 94, 0),  # vermilion
    (86, 180, 233),  # sky blue
    (240, 228, 66),  # yellow
    (204, 121, 167),  # reddish purple
    (0, 158, 115),  # bluish green
    (230, 159, 0),  # orange
    (0, 114, 178),  # blue
)


def _mix(colour: RGB, other: RGB, share: float) -> RGB:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


PALETTE: tuple[RGB, ...] = (
    *_HUES,
    *(_mix(hue, WHITE, 0.5) for hue in _HUES),
    *(_mix(hue, BLACK, 0.35) for hue in _HUES),
)


def choose_palette_index(brain: str, model_id: int) -> int:
    """The index in ``PALETTE`` of a brain's class: the same in every picture.

    The brain's name decides the hue of its first class. 21 successive classes differ; the first seven are full colours.
    """
    tone, step = divmod(model_id % len(PALETTE), len(_HUES))
    return tone * len(_HUES) + (crc32(brain.encode(errors="surrogatepass")) + step) % len(_HUES)


def choose_colour(brain: str, model_id: int) -> RGB:
    """The colour of a brain's class: the same in every picture."""
    return PALETTE[choose_palette_index(brain, model_id)]


def compute_luminance(colour: RGB) -> float:
    """Relative luminance, 0 to 1. Source: WCAG 2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    red, green, blue = (_linearize(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linearize(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def choose_ink(ground: RGB) -> RGB:
    """Black or white, whichever has the higher contrast on ``ground``."""
    return BLACK if compute_luminance(ground) > 0.179 else WHITE
