"""Noise fields and desk tops, as numpy arrays."""

from random import Random

import numpy as np
from PIL import Image

Size = tuple[int, int]
Field = np.ndarray
"""Height x width float32, roughly 0 to 1."""


def generator(r: Random) -> np.random.Generator:
    """Return a numpy generator that follows from `r`: one seed still decides everything."""
    return np.random.default_rng(r.getrandbits(32))


def cloud(r: Random, size: Size, cells: tuple[float, float] = (4, 4), octaves: int = 3) -> Field:
    """Return smooth noise of `size` (width, height) with about `cells` blobs along each side."""
    random, (width, height) = generator(r), size
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        shape = [min(max(2, round(n * 2**octave)), side) for n, side in zip(cells, size, strict=True)]
        grid = Image.fromarray(random.random((shape[1], shape[0]), np.float32))
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) / 2**octave
    low, high = float(total.min()), float(total.max())
    return (total - low) / (high - low + 1e-6)


def blend(mix: Field, first: tuple[int, ...], second: tuple[int, ...]) -> np.ndarray:
    """Return H x W x 3 float32 that goes from colour `first` to `second` where `mix` goes from 0 to 1."""
    return np.asarray(first, np.float32) + mix[..., None] * (
        np.asarray(second, np.float32) - np.asarray(first, np.float32)
    )


def image(pixels: np.ndarray) -> Image.Image:
    """Return H x W x 3 float pixels (0 to 255) as a Pillow picture."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


WOODS = (
    ((92, 58, 34), (150, 102, 64)),
    ((168, 122, 78), (208, 166, 118)),
    ((58, 38, 28), (96, 66, 48)),
    ((190, 158, 120), (222, 196, 160)),
    ((112, 80, 60), (140, 110, 84)),
    ((128, 72, 42), (176, 112, 70)),
)


def wood(r: Random, size: Size) -> Image.Image:
    """Return planks: noise stretched along the grain, one tone and one seam a plank."""
    width, height = size
    dark, light = r.choice(WOODS)
    planks, fine = r.choice((1, 3, 4, 5, 7)), r.uniform(40, 90)
    pixels = np.zeros((height, width, 3), np.float32)
    for i in range(planks):
        top, bottom = i * height // planks, (i + 1) * height // planks
        part = (width, bottom - top)
        rings = cloud(r, part, (2.5, 9), 3)
        grain = 0.55 * (0.5 + 0.5 * np.sin(rings * r.uniform(18, 40))) + 0.45 * cloud(r, part, (5, fine), 2)
        plank = blend(grain, dark, light) * r.uniform(0.88, 1.1)
        if planks > 1:
            plank[: max(1, height // 300)] *= 0.45
        pixels[top:bottom] = plank
    return image(pixels)


def plain(r: Random, size: Size) -> Image.Image:
    """Return a lacquered or painted top: one colour, barely uneven."""
    tone = r.choice(
        (
            (60, 62, 66),
            (122, 124, 126),
            (176, 172, 164),
            (205, 200, 190),
            (44, 52, 70),
            (86, 100, 92),
            (146, 60, 52),
            (36, 36, 38),
            (70, 96, 130),
            (188, 150, 110),
        )
    )
    grain = generator(r).standard_normal((size[1], size[0], 1), np.float32) * 2
    return image(blend(cloud(r, size, (3, 3)), tuple(int(c * 0.92) for c in tone), tone) + grain)


def cloth(r: Random, size: Size) -> Image.Image:
    """Return a woven table cloth with folds, sometimes checked or striped."""
    width, height = size
    tone = np.array([r.randint(50, 200) for _ in range(3)], np.float32)
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    weave = np.sin(x * r.uniform(1.2, 2.2)) * np.sin(y * r.uniform(1.2, 2.2)) * 0.05
    folds = (cloud(r, size, (3, 2)) - 0.5) * 0.3
    stripes = np.zeros((height, width), np.float32)
    if r.random() < 0.6:
        period, share = height / r.uniform(5, 16), r.choice((0.15, 0.3, 0.5))
        stripes += (x % period < period * share) * 0.18
        stripes += (y % period < period * share) * r.choice((0, 0.18))
    return image(tone * (1 + weave + folds - stripes)[..., None])


def stone(r: Random, size: Size) -> Image.Image:
    """Return speckled or veined stone."""
    base = r.choice(((214, 210, 204), (70, 72, 74), (150, 140, 128), (112, 116, 122)))
    veins = 1 - np.abs(cloud(r, size, (4, 3), 5) - 0.5) * 2
    speckles = generator(r).standard_normal((size[1], size[0], 1), np.float32) * r.choice((1.5, 6.0, 12.0))
    return image(blend(veins ** r.uniform(8, 20), base, tuple(int(c * 0.72) for c in base)) + speckles)


def desk(r: Random, size: Size) -> Image.Image:
    """Return a desk top of `size`; wood more often than not."""
    top = r.choices((wood, plain, cloth, stone), (5, 3, 2, 1.5))[0](r, size)
    return top.transpose(Image.Transpose.ROTATE_90).resize(size) if r.random() < 0.25 else top
