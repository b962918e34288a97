"""What lies about on a desk, seen from above: mugs, pens, phones, notebooks. All are RGBA sprites."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

import numpy as np
from charts import Colour
from PIL import Image, ImageDraw, ImageFilter
from text import SANS, font, words


def solid(mask: Image.Image, colour: Colour, radius: float, low: float = 0.55) -> Image.Image:
    """Return `mask` (L) filled with `colour` and lit from the upper left, as if rounded off over `radius` pixels."""
    height = np.asarray(mask.filter(ImageFilter.GaussianBlur(max(1, radius))), np.float32) / 255
    slope = height - np.roll(height, (round(radius), round(radius)), (0, 1))
    light = np.clip(low + (1 - low) * height + slope * 0.35, 0.2, 1.25)
    pixels = np.clip(np.asarray(colour, np.float32) * light[..., None], 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([pixels, np.asarray(mask)]))


def canvas(width: float, height: float, mode: str = "L") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return an empty picture and its pen."""
    picture = Image.new(mode, (max(4, round(width)), max(4, round(height))))
    return picture, ImageDraw.Draw(picture)


def mug(r: Random, unit: float) -> Image.Image:
    """Return a mug of coffee or tea; `unit` is its width in pixels."""
    mask, draw = canvas(unit * 1.4, unit)
    draw.ellipse((0, 0, unit - 1, unit - 1), fill=255)
    draw.rounded_rectangle((unit * 0.9, unit * 0.43, unit * 1.35, unit * 0.57), unit * 0.06, fill=255)
    picture = solid(
        mask,
        r.choice(((236, 232, 226), (60, 90, 130), (170, 60, 50), (50, 52, 56), (214, 190, 140))),
        unit * 0.05,
        0.6,
    )
    draw, edge = ImageDraw.Draw(picture), unit * 0.07
    draw.ellipse((edge, edge, unit - edge, unit - edge), fill=(64, 50, 42, 255))
    edge += unit * 0.03
    draw.ellipse(
        (edge, edge, unit - edge, unit - edge),
        fill=r.choice(((58, 34, 20, 255), (140, 84, 34, 255), (176, 134, 98, 255))),
    )
    draw.arc(
        (edge * 1.4, edge * 1.4, unit - edge * 1.4, unit - edge * 1.4),
        190,
        250,
        fill=(210, 190, 170, 255),
        width=max(1, int(unit / 60)),
    )
    return picture


def pen(r: Random, unit: float) -> Image.Image:
    """Return a pen or a pencil, `unit` pixels long."""
    thick = unit * r.uniform(0.045, 0.065)
    mask, draw = canvas(unit, thick)
    draw.polygon([(0, thick / 2), (unit * 0.09, 0), (unit, 0), (unit, thick), (unit * 0.09, thick)], fill=255)
    colour = r.choice(((34, 34, 40), (30, 70, 160), (230, 170, 30), (180, 40, 40), (210, 210, 212), (40, 120, 80)))
    picture = solid(mask, colour, thick / 4)
    draw, tip = ImageDraw.Draw(picture), r.choice(((216, 182, 140, 255), (190, 190, 196, 255)))
    draw.polygon([(0, thick / 2), (unit * 0.09, 0), (unit * 0.09, thick)], fill=tip)
    draw.rectangle(
        (unit * 0.9, 0, unit, thick),
        fill=r.choice(((190, 190, 196, 255), (220, 140, 140, 255), (*colour, 255))),
    )
    return picture


def phone(r: Random, unit: float) -> Image.Image:
    """Return a telephone, `unit` pixels high, its screen dark or lit."""
    wide = unit * 0.48
    mask, draw = canvas(wide, unit)
    draw.rounded_rectangle((0, 0, wide - 1, unit - 1), wide * 0.14, fill=255)
    picture = solid(mask, (44, 44, 48), unit * 0.01)
    draw, edge, lit = ImageDraw.Draw(picture), wide * 0.04, r.random() < 0.4
    draw.rounded_rectangle(
        (edge, edge, wide - edge, unit - edge),
        wide * 0.1,
        fill=(40, 70, 120, 255) if lit else (14, 15, 18, 255),
    )
    for i in range(16 if lit else 0):
        x, y, side = wide * (0.12 + 0.2 * (i % 4)), unit * (0.3 + 0.13 * (i // 4)), wide * 0.13
        draw.rounded_rectangle(
            (x, y, x + side, y + side), side / 4, fill=(*(r.randint(60, 255) for _ in range(3)), 255)
        )
    if not lit:
        draw.polygon(
            [(edge, unit * 0.5), (wide - edge, unit * 0.15), (wide - edge, unit * 0.3), (edge, unit * 0.65)],
            fill=(34, 36, 40, 255),
        )
    return picture


def notebook(r: Random, unit: float) -> Image.Image:
    """Return a closed notebook or a book's cover, `unit` pixels high: shaped like a page, but none."""
    wide = unit * r.uniform(0.66, 0.8)
    mask, draw = canvas(wide, unit)
    draw.rounded_rectangle((0, 0, wide - 1, unit - 1), unit * 0.02, fill=255)
    colour = r.choice(
        (
            (30, 34, 44),
            (130, 36, 40),
            (36, 84, 76),
            (40, 60, 110),
            (196, 130, 50),
            (96, 66, 46),
            (84, 60, 100),
        )
    )
    picture = solid(mask, colour, unit * 0.008, 0.8)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, wide * 0.06, unit), fill=tuple(int(c * 0.75) for c in colour) + (255,))
    if r.random() < 0.6:
        draw.text(
            (wide * 0.53, unit * 0.3),
            words(r, 1, 2),
            (236, 224, 190, 255),
            font(SANS[1], max(8, int(unit * 0.05))),
            anchor="mm",
        )
    else:
        draw.rectangle((wide * 0.86, 0, wide * 0.89, unit), fill=(20, 20, 20, 255))
    return picture


def note(r: Random, unit: float) -> Image.Image:
    """Return a sticky note, `unit` pixels wide."""
    mask, _ = canvas(unit, unit)
    mask.paste(255, (0, 0, *mask.size))
    picture = solid(
        mask, r.choice(((250, 230, 90), (250, 160, 180), (150, 220, 150), (140, 200, 240))), unit * 0.02, 0.9
    )
    draw = ImageDraw.Draw(picture)
    for i in range(r.randint(1, 4)):
        draw.text(
            (unit * 0.1, unit * (0.12 + 0.2 * i)),
            words(r, 1, 2)[:12],
            (40, 50, 110, 255),
            font(SANS[2], max(7, int(unit * 0.12))),
        )
    return picture


def keyboard(r: Random, unit: float) -> Image.Image:
    """Return a keyboard, `unit` pixels wide."""
    high, tone = unit * 0.34, r.choice((40, 60, 200, 226))
    mask, draw = canvas(unit, high)
    draw.rounded_rectangle((0, 0, unit - 1, high - 1), unit * 0.015, fill=255)
    picture = solid(mask, (tone, tone, tone + 4), unit * 0.008)
    draw, key, face = ImageDraw.Draw(picture), unit / 15.5, (tone + 22, tone + 22, tone + 26, 255)
    for row in range(5):
        for i in range(15):
            x, y = key * (0.25 + i), key * (0.2 + row)
            draw.rounded_rectangle((x, y, x + key * 0.86, y + key * 0.86), key * 0.14, fill=face)
    return picture


def glasses(r: Random, unit: float) -> Image.Image:
    """Return folded spectacles, `unit` pixels wide."""
    picture, draw = canvas(unit, unit * 0.45, "RGBA")
    colour, line = (
        r.choice(((30, 26, 24, 255), (110, 66, 34, 255), (120, 120, 126, 255))),
        max(2, int(unit * 0.03)),
    )
    for x in (0.02, 0.54):
        draw.rounded_rectangle(
            (unit * x, unit * 0.04, unit * (x + 0.42), unit * 0.38),
            unit * 0.13,
            fill=(220, 230, 240, 40),
            outline=colour,
            width=line,
        )
    draw.line((unit * 0.43, unit * 0.16, unit * 0.55, unit * 0.16), fill=colour, width=line)
    draw.line((unit * 0.06, unit * 0.4, unit * 0.92, unit * 0.43), fill=colour, width=line)
    return picture


def plant(r: Random, unit: float) -> Image.Image:
    """Return a potted plant from above, `unit` pixels wide."""
    picture = Image.new("RGBA", (round(unit), round(unit)))
    pot, draw = canvas(unit, unit)
    draw.ellipse((unit * 0.27, unit * 0.27, unit * 0.73, unit * 0.73), fill=255)
    picture.alpha_composite(solid(pot, r.choice(((190, 104, 70), (220, 218, 212))), unit * 0.03))
    for i in range(r.randint(9, 18)):
        leaf, draw = canvas(unit, unit)
        turn, length = 2 * pi * i * 0.382, unit * r.uniform(0.28, 0.47)
        line = [
            (
                unit / 2 + length * (t * cos(turn) - s * sin(turn)),
                unit / 2 + length * (t * sin(turn) + s * cos(turn)),
            )
            for t, s in ((0.05, 0), (0.35, 0.15), (0.65, 0.17), (1, 0), (0.65, -0.17), (0.35, -0.15))
        ]
        draw.polygon(line, fill=255)
        green = r.randint(90, 150)
        picture.alpha_composite(solid(leaf, (green // 2, green, green // 3), unit * 0.02, 0.5))
    return picture


Item = tuple[Callable[[Random, float], Image.Image], float]
"""A thing and its usual size as a share of the picture's shorter side."""
SMALL: tuple[Item, ...] = ((pen, 0.36), (pen, 0.36), (note, 0.17), (glasses, 0.36), (phone, 0.3))
"""What people put down on a page."""
ITEMS: tuple[Item, ...] = (
    *SMALL,
    (mug, 0.22),
    (phone, 0.38),
    (notebook, 0.6),
    (keyboard, 0.85),
    (plant, 0.34),
)

SUBJECTS: dict[str, Item] = {"mug": (mug, 0.26), "keyboard": (keyboard, 0.6)}
"""Things that a data set may be about."""


def item(r: Random, side: float, choice: tuple[Item, ...] = ITEMS) -> Image.Image:
    """Return one of the things, sized for a picture whose shorter side is `side` pixels long."""
    draw, share = r.choice(choice)
    return draw(r, side * share * r.uniform(0.8, 1.2))
