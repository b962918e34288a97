"""Hands over a desk: one that points, and a thumb that holds a sheet. Both are RGBA sprites."""

from itertools import pairwise
from random import Random

from charts import Colour
from PIL import Image, ImageDraw, ImageFilter
from things import canvas, solid

SKINS = ((228, 184, 154), (206, 152, 118), (172, 118, 84), (112, 74, 54), (240, 206, 182))


def limb(draw: ImageDraw.ImageDraw, joints: list[tuple[float, float, float]]) -> None:
    """Draw a round limb through `joints` of (x, y, thickness)."""
    for (x1, y1, t1), (x2, y2, t2) in pairwise(joints):
        for i in range(steps := 24):
            share = i / (steps - 1)
            x, y, half = x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, (t1 + (t2 - t1) * share) / 2
            draw.ellipse((x - half, y - half, x + half, y + half), fill=255)


def hand(r: Random, unit: float, skin: Colour) -> Image.Image:
    """Return a hand that reaches in from below; `unit` is the width of the palm in pixels, finger tips are on top."""
    size, left = (unit * 2.3, unit * 3.4), unit * 0.45
    spread = r.uniform(0.02, 0.1)
    parts, nails = [], []
    for i, length in enumerate((0.8, 1.03, 1.12, 0.96)):
        x, y = left + unit * (0.13 + 0.25 * i), unit * 1.55
        tip = (x + unit * spread * (i - 1.5) * 2, unit * (1.34 - length))
        parts.append([(x, y, unit * 0.27), ((x + tip[0]) / 2, (y + tip[1]) / 2, unit * 0.235), (*tip, unit * 0.185)])
        nails.append(tip)
    parts.append(
        [
            (left + unit * 0.8, unit * 2.3, unit * 0.42),
            (left + unit * 1.22, unit * 1.75, unit * 0.29),
            (left + unit * 1.42, unit * 1.35, unit * 0.22),
        ]
    )
    palm, draw = canvas(*size)
    draw.rounded_rectangle((left, unit * 1.35, left + unit, unit * 2.6), unit * 0.28, fill=255)
    limb(
        draw,
        [
            (left + unit * 0.5, unit * 2.25, unit * 0.96),
            (left + unit * 0.5, unit * 2.7, unit * 0.74),
            (left + unit * 0.5, size[1], unit * 0.82),
        ],
    )
    whole = palm.copy()
    draw = ImageDraw.Draw(whole)
    for joints in parts:
        limb(draw, joints)
    picture = solid(whole.filter(ImageFilter.GaussianBlur(unit * 0.008)), skin, unit * 0.055, 0.5)
    draw = ImageDraw.Draw(picture)
    for x, y in nails:
        nail = tuple(min(255, int(c * 1.05 + 6)) for c in skin) + (255,)
        draw.rounded_rectangle(
            (x - unit * 0.055, y - unit * 0.07, x + unit * 0.055, y + unit * 0.07), unit * 0.05, fill=nail
        )
    return picture


def thumb(unit: float, skin: Colour) -> Image.Image:
    """Return a thumb and the ball of the hand that holds a sheet from below; `unit` is the thumb's length in pixels."""
    mask, draw = canvas(unit * 1.2, unit * 2)
    wide, middle = unit * 0.34, unit * 0.6
    draw.rounded_rectangle((middle - wide / 2, unit * 0.04, middle + wide / 2, unit * 1.4), wide / 2, fill=255)
    draw.ellipse((middle - wide * 0.58, unit * 0.55, middle + wide * 0.58, unit * 1.2), fill=255)
    draw.ellipse((unit * 0.1, unit * 0.95, unit * 1.1, unit * 3), fill=255)
    picture = solid(mask.filter(ImageFilter.GaussianBlur(unit * 0.008)), skin, unit * 0.06, 0.5)
    nail = tuple(min(255, int(c * 1.06 + 10)) for c in skin) + (255,)
    ImageDraw.Draw(picture).rounded_rectangle(
        (middle - wide * 0.3, unit * 0.08, middle + wide * 0.3, unit * 0.36), wide * 0.24, fill=nail
    )
    return picture
