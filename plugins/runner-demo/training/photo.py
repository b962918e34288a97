"""Procedural photographs: printed on pages, they are what charts are confused with."""

from math import pi, sin
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from texture import Size, blend, cloud, generator, image

Colour = tuple[int, int, int]
SKIES = (
    ((66, 118, 190), (206, 224, 240)),
    ((36, 48, 96), (244, 170, 110)),
    ((150, 160, 172), (222, 224, 226)),
)


def gradient(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    """Return a vertical gradient."""
    ramp = np.repeat(np.linspace(0, 1, size[1], dtype=np.float32)[:, None], size[0], axis=1)
    return image(blend(ramp, top, bottom))


def landscape(r: Random, size: Size) -> Image.Image:
    """Return hills behind hills under a sky."""
    width, height = size
    picture = gradient(size, *r.choice(SKIES))
    draw = ImageDraw.Draw(picture)
    x, y, sun = r.uniform(0.1, 0.9) * width, r.uniform(0.1, 0.35) * height, height * r.uniform(0.04, 0.09)
    draw.ellipse((x - sun, y - sun, x + sun, y + sun), fill=(255, 246, 214))
    far, near, layers = (132, 154, 178), r.choice(((38, 64, 36), (78, 66, 40), (28, 42, 58))), r.randint(2, 5)
    for i in range(layers):
        share = (i + 1) / layers
        ridge = cloud(r, (width, 2), (r.uniform(2, 7), 2), 5)[0] * height * r.uniform(0.15, 0.4)
        level = height * (0.42 + 0.45 * share)
        tone = tuple(int(a + (b - a) * share) for a, b in zip(far, near, strict=True))
        line = [(i, level - float(h)) for i, h in enumerate(ridge)]
        draw.polygon([(0, height), *line, (width, height)], fill=tone)
    texture = 1 + (cloud(r, size, (20, 20), 3) - 0.5) * 0.25
    return image(np.asarray(picture, np.float32) * texture[..., None])


def town(r: Random, size: Size) -> Image.Image:
    """Return houses side by side with lit windows: close to a bar chart, and none."""
    width, height = size
    picture = gradient(size, *r.choice(SKIES))
    draw, x = ImageDraw.Draw(picture), 0.0
    while x < width:
        wide, top = width * r.uniform(0.07, 0.2), height * r.uniform(0.15, 0.7)
        tone = r.randint(40, 150)
        wall = (tone + r.randint(0, 30), tone + r.randint(0, 15), tone)
        draw.rectangle((x, top, x + wide, height), fill=wall)
        step = wide / r.randint(3, 5)
        for row in np.arange(top + step / 2, height, step):
            for column in np.arange(x + step / 3, x + wide - step / 3, step):
                lit = r.choice(((240, 214, 140), tuple(int(c * 0.6) for c in wall)))
                draw.rectangle((column, row, column + step / 2, row + step / 2), fill=lit)
        x += wide
    return picture.filter(ImageFilter.GaussianBlur(width / 400))


def portrait(r: Random, size: Size) -> Image.Image:
    """Return head and shoulders before a blurred background."""
    width, height = size
    back = [tuple(r.randint(40, 210) for _ in range(3)) for _ in range(2)]
    picture = image(blend(cloud(r, size), *back))
    draw, x, y = ImageDraw.Draw(picture), width * r.uniform(0.4, 0.6), height * r.uniform(0.38, 0.48)
    unit = min(width, height * 0.8) * r.uniform(0.18, 0.26)
    skin = r.choice(((226, 180, 150), (198, 144, 108), (122, 82, 58), (240, 204, 178)))
    hair = r.choice(((40, 28, 22), (96, 62, 34), (160, 150, 140), (190, 150, 90)))
    draw.ellipse(
        (x - unit * 2.1, y + unit * 1.3, x + unit * 2.1, y + unit * 6),
        fill=tuple(r.randint(20, 220) for _ in range(3)),
    )
    draw.ellipse((x - unit * 1.12, y - unit * 1.5, x + unit * 1.12, y + unit * 1.1), fill=hair)
    draw.rectangle((x - unit * 0.4, y + unit, x + unit * 0.4, y + unit * 1.7), fill=tuple(int(c * 0.85) for c in skin))
    draw.ellipse((x - unit * 0.88, y - unit * 1.05, x + unit * 0.88, y + unit * 1.3), fill=skin)
    for side in (-0.36, 0.36):
        draw.ellipse(
            (x + unit * (side - 0.1), y - unit * 0.1, x + unit * (side + 0.1), y + unit * 0.04),
            fill=(40, 30, 30),
        )
    draw.arc(
        (x - unit * 0.4, y + unit * 0.2, x + unit * 0.4, y + unit * 0.8),
        30,
        150,
        fill=(140, 60, 60),
        width=max(1, int(unit / 12)),
    )
    light = 1.15 - 0.5 * np.linspace(0, 1, width, dtype=np.float32)[None, :, None] * np.ones((height, 1, 1), np.float32)
    return image(np.asarray(picture.filter(ImageFilter.GaussianBlur(unit / 10)), np.float32) * light)


def fruit(r: Random, size: Size) -> Image.Image:
    """Return shaded balls on a table."""
    width, height = size
    pixels = np.array(gradient(size, (70, 64, 60), (176, 150, 120)), np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(r.randint(3, 8)):
        radius, cx, cy = (
            height * r.uniform(0.1, 0.22),
            width * r.uniform(0.1, 0.9),
            height * r.uniform(0.4, 0.85),
        )
        colour = np.array(
            r.choice(((200, 40, 30), (230, 150, 30), (110, 160, 50), (150, 60, 110), (230, 210, 80))),
            np.float32,
        )
        dx, dy = (x - cx) / radius, (y - cy) / radius
        inside = dx * dx + dy * dy < 1
        shade = np.clip(1.05 - 0.75 * np.hypot(dx + 0.35, dy + 0.4), 0.15, 1.1)
        pixels[inside] = (colour * shade[..., None])[inside]
    return image(pixels).filter(ImageFilter.GaussianBlur(height / 250))


def bokeh(r: Random, size: Size) -> Image.Image:
    """Return soft discs of light, or cells under a microscope."""
    picture = image(
        blend(
            cloud(r, size),
            tuple(r.randint(0, 90) for _ in range(3)),
            tuple(r.randint(60, 220) for _ in range(3)),
        )
    )
    draw = ImageDraw.Draw(picture, "RGBA")
    for _ in range(r.randint(8, 60)):
        x, y, radius = r.uniform(0, size[0]), r.uniform(0, size[1]), size[1] * r.uniform(0.02, 0.12)
        colour = (*(r.randint(80, 255) for _ in range(3)), r.randint(60, 180))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(size[1] / r.choice((30, 80, 200))))


def leaves(r: Random, size: Size) -> Image.Image:
    """Return foliage: leaf upon leaf, the nearer the lighter."""
    picture = Image.new("RGB", size, (24, 34, 20))
    draw = ImageDraw.Draw(picture)
    for i in range(90):
        x, y, length, turn = (
            r.uniform(0, size[0]),
            r.uniform(0, size[1]),
            size[1] * r.uniform(0.08, 0.25),
            r.uniform(0, 2 * pi),
        )
        tone = 0.35 + 0.65 * i / 90
        outline = [
            (
                x + length * (t * sin(turn + pi / 2) + s * sin(turn)),
                y + length * (t * sin(turn) - s * sin(turn + pi / 2)),
            )
            for t, s in ((0, 0), (0.3, 0.16), (0.6, 0.16), (1, 0), (0.6, -0.16), (0.3, -0.16))
        ]
        draw.polygon(
            outline,
            fill=(
                int(r.randint(60, 130) * tone),
                int(r.randint(120, 190) * tone),
                int(r.randint(30, 80) * tone),
            ),
        )
    return picture.filter(ImageFilter.GaussianBlur(size[1] / 250))


KINDS = (landscape, landscape, town, town, portrait, fruit, bokeh, leaves)


def photo(r: Random, size: Size) -> Image.Image:
    """Return a photograph of `size`, in colour, grey or sepia, with grain."""
    picture = r.choice(KINDS)(r, size)
    if r.random() < 0.4:
        picture = ImageOps.grayscale(picture).convert("RGB")
        if r.random() < 0.3:
            picture = ImageOps.colorize(ImageOps.grayscale(picture), (40, 26, 16), (250, 236, 210))
    grain = generator(r).normal(0, r.uniform(0, 8), (size[1], size[0], 1)).astype(np.float32)
    return image(np.asarray(picture, np.float32) + grain)
