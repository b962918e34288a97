"""From flat sheets to things that lie on a desk: loose leaves, piles, open books, with their label maps."""

from math import sin
from random import Random

import numpy as np
from attrs import frozen
from page import Sheet
from PIL import Image, ImageDraw
from texture import cloud

CHARTS_A_PAGE = 15
"""A label map holds `16 * page` on paper and `16 * page + chart` on a chart, both counted from 1."""


@frozen
class Piece:
    """An RGBA sprite and its label map (L, same size, 0 where no page is)."""

    image: Image.Image
    labels: Image.Image


def labelled(sheet: Sheet, number: int, size: tuple[int, int]) -> Piece:
    """Return `sheet` reduced to `size`, with its label map as page `number`."""
    scale = size[0] / sheet.image.width
    labels = Image.new("L", size, 16 * number)
    draw = ImageDraw.Draw(labels)
    for i, box in enumerate(sheet.charts[:CHARTS_A_PAGE]):
        left, top, right, bottom = (v * scale for v in box)
        draw.rectangle(
            (round(left), round(top), max(round(left), round(right) - 1), max(round(top), round(bottom) - 1)),
            fill=16 * number + i + 1,
        )
    return Piece(
        sheet.image.resize(
            size, Image.Resampling.BOX if scale < 0.6 else Image.Resampling.BICUBIC, reducing_gap=2.0
        ).convert("RGBA"),
        labels,
    )


def shaded(piece: Piece, light: np.ndarray) -> Piece:
    """Return `piece` with its colours multiplied by `light` (H x W float32)."""
    pixels = np.array(piece.image)
    pixels[..., :3] = np.clip(pixels[..., :3] * light[..., None], 0, 255)
    return Piece(Image.fromarray(pixels), piece.labels)


def bent(piece: Piece, lift: np.ndarray) -> Piece:
    """Return `piece` with its columns moved up by `lift` (pixels, at equally spaced columns); the canvas grows."""
    width, height = piece.image.size
    room = int(np.ceil(np.abs(lift).max())) + 1
    edges = np.linspace(0, width, len(lift)).round().astype(int)
    mesh = []
    for i in range(len(lift) - 1):
        (x1, x2), (a, b) = edges[i : i + 2], lift[i : i + 2]
        top, bottom = -room, height + room
        mesh.append(
            (
                (int(x1), 0, int(x2), height + 2 * room),
                (x1, top + a, x1, bottom + a, x2, bottom + b, x2, top + b),
            )
        )
    size = (width, height + 2 * room)
    return Piece(
        piece.image.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR),
        piece.labels.transform(size, Image.Transform.MESH, mesh, Image.Resampling.NEAREST),
    )


def leaf(r: Random, sheet: Sheet, number: int, width: int) -> Piece:
    """Return a loose leaf `width` pixels wide: slightly wavy, sometimes folded, punched or on top of a pile."""
    size = (width, round(width * sheet.image.height / sheet.image.width))
    light = 1 - (cloud(r, size, (2, 2), 2) - 0.3) * r.uniform(0, 0.14)
    if r.random() < 0.15:
        fold = round(size[1] * r.choice((0.5, 0.33)))
        light[fold:] *= r.uniform(0.9, 0.97)
        light[fold : fold + max(1, width // 300)] *= 1.06
    piece = shaded(labelled(sheet, number, size), light)
    if r.random() < 0.4:
        steps = np.linspace(0, 1, 12)
        piece = bent(piece, np.sin(steps * r.uniform(2, 5) + r.uniform(0, 6)) * width * r.uniform(0.002, 0.012))
    return pile(r, piece) if r.random() < 0.25 else piece


def pile(r: Random, top: Piece) -> Piece:
    """Return `top` on a few bare sheets that stick out beneath it."""
    width, height = top.image.size
    room = round(width * 0.05)
    image, labels = (Image.new(mode, (width + 2 * room, height + 2 * room)) for mode in ("RGBA", "L"))
    for i in range(r.randint(1, 4)):
        tone = r.randint(206, 246) - 6 * i
        under = Image.new(
            "RGBA", (round(width * 0.985), round(height * 0.985)), (tone, tone, tone - r.randint(0, 10), 255)
        )
        under = under.rotate(r.uniform(-1.6, 1.6), expand=True, resample=Image.Resampling.BICUBIC)
        image.alpha_composite(under, (r.randint(0, room), r.randint(0, room)))
    image.alpha_composite(top.image, (room, room))
    labels.paste(top.labels, (room, room))
    return Piece(image, labels)


def book(r: Random, left: Sheet, right: Sheet, numbers: tuple[int, int], width: int) -> Piece:
    """Return an open book whose two pages are `width` pixels wide each; its pages arch towards the spine."""
    height = round(width * left.image.height / left.image.width)
    image, labels = Image.new("RGBA", (2 * width, height)), Image.new("L", (2 * width, height))
    for i, (page, number) in enumerate(zip((left, right), numbers, strict=True)):
        part = labelled(page, number, (width, height))
        image.paste(part.image, (i * width, 0))
        labels.paste(part.labels, (i * width, 0))
    away = np.abs(np.arange(2 * width, dtype=np.float32) + 0.5 - width) / width
    arch = 1 - r.uniform(0.4, 0.65) * np.exp(-away / r.uniform(0.03, 0.07)) + 0.05 * np.exp(-((away - 0.3) ** 2) / 0.03)
    side = np.where(np.arange(2 * width) < width, r.uniform(0.9, 1), r.uniform(0.9, 1)) * (1 - 0.06 * away)
    spread = shaded(Piece(image, labels), np.broadcast_to(arch * side, (height, 2 * width)).astype(np.float32))
    reach = np.abs(np.linspace(-1, 1, 41))
    rise = np.array([sin(min(1.0, x * 1.15 + 0.03) ** 0.55 * 3.1416) for x in reach]) * width * r.uniform(0.015, 0.05)
    return bound(r, bent(spread, rise), round(float(rise.max())) + 1)


def bound(r: Random, spread: Piece, rise: int) -> Piece:
    """Return `spread`, whose pages rise by `rise` pixels, upon the edges of the pages below it and a cover."""
    width, height = spread.image.size
    room, thick = round(width * 0.03), width * r.uniform(0.006, 0.02)
    cover = r.choice(((40, 44, 60), (120, 40, 38), (50, 80, 70), (180, 170, 150), (60, 50, 44), (228, 226, 220)))
    image, labels = (Image.new(mode, (width + 2 * room, height + 2 * room)) for mode in ("RGBA", "L"))
    draw, edge = ImageDraw.Draw(image), thick + width * 0.006
    top, bottom = room + 2 * rise + 2, room + height - rise
    draw.rounded_rectangle((room - edge, top - edge, room + width + edge, bottom + edge), edge / 2, fill=(*cover, 255))
    for i in range(layers := 6):
        out, tone = thick * (1 - i / layers), 190 + 40 * (i % 2)
        draw.rectangle((room - out, top, room + width + out, bottom + out / 3), fill=(tone, tone - 4, tone - 16, 255))
    image.alpha_composite(spread.image, (room, room))
    labels.paste(spread.labels, (room, room))
    return Piece(image, labels)
