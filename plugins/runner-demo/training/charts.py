"""Charts drawn with Pillow: bars, lines, areas, points and pies in varied styles."""

from collections.abc import Callable
from random import Random

from attrs import frozen
from PIL import Image, ImageDraw
from text import FAMILIES, font, words

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

PALETTES: tuple[tuple[Colour, ...], ...] = (
    ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189), (140, 86, 75)),
    ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37), (40, 100, 120)),
    ((40, 40, 40), (110, 110, 110), (170, 170, 170), (80, 80, 80), (140, 140, 140), (200, 200, 200)),
    ((0, 63, 92), (188, 80, 144), (255, 166, 0), (88, 80, 141), (255, 99, 97), (60, 140, 120)),
    ((102, 194, 165), (252, 141, 98), (141, 160, 203), (231, 138, 195), (166, 216, 84), (229, 196, 148)),
    ((150, 30, 40), (200, 90, 60), (230, 160, 90), (90, 60, 60), (60, 90, 110), (120, 150, 150)),
)


@frozen
class Style:
    """How one chart looks."""

    paper: Colour
    ink: Colour
    palette: tuple[Colour, ...]
    family: tuple[str, ...]
    frame: str
    grid: str
    panel: Colour | None
    line: int
    text: int


def style(r: Random, size: tuple[int, int], paper: Colour, ink: Colour) -> Style:
    """Return a random style for a chart of `size` on `paper`."""
    unit = min(size)
    palette = list(r.choice(PALETTES))
    r.shuffle(palette)
    panel = r.choice((None, None, None, tuple(int(c * 0.94) for c in paper), (232, 236, 244)))
    return Style(
        paper=paper,
        ink=ink,
        palette=tuple(palette),
        family=r.choice(FAMILIES),
        frame=r.choice(("L", "L", "box", "base", "none")),
        grid=r.choice(("", "", "y", "xy")),
        panel=panel,
        line=max(2, round(unit * r.uniform(0.006, 0.014))),
        text=max(9, round(unit * r.uniform(0.045, 0.075))),
    )


@frozen
class Axes:
    """The place inside a chart where its marks go; `at` turns shares (0 to 1, upwards) into pixels."""

    draw: ImageDraw.ImageDraw
    box: Box
    style: Style

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of the point (x, y) of the unit square."""
        left, top, right, bottom = self.box
        return left + x * (right - left), bottom - y * (bottom - top)

    def bar(self, left: float, low: float, right: float, high: float, fill: Colour) -> None:
        """Draw a filled rectangle between two corners of the unit square."""
        (x1, y1), (x2, y2) = self.at(left, high), self.at(right, low)
        self.draw.rectangle((x1, y1, max(x1, x2), max(y1, y2)), fill=fill)


def walk(r: Random, count: int) -> list[float]:
    """Return `count` values in 0.05 to 0.95 that wander, rise or oscillate."""
    slope, level, values = r.uniform(-1, 1) / count, r.uniform(0.2, 0.8), []
    for _ in range(count):
        level += slope + r.uniform(-1, 1) * 0.8 / count**0.7
        values.append(min(0.95, max(0.05, level)))
    return values


def bars(r: Random, axes: Axes) -> None:
    """Draw upright bars: single, grouped or stacked."""
    count, series, stacked = r.randint(3, 12), r.choice((1, 1, 2, 3)), r.random() < 0.4
    gap = r.uniform(0.15, 0.45)
    for i in range(count):
        left, wide, base = (i + gap / 2) / count, (1 - gap) / count, 0.0
        for s in range(series):
            height = r.uniform(0.08, 0.95) / (series if stacked else 1)
            part = left if stacked else left + s * wide / series
            axes.bar(part, base, part + (wide if stacked else wide / series), base + height, axes.style.palette[s])
            base += height if stacked else 0


def beams(r: Random, axes: Axes) -> None:
    """Draw lying bars."""
    count, gap, ordered = r.randint(3, 9), r.uniform(0.2, 0.5), r.random() < 0.5
    values = [r.uniform(0.1, 0.97) for _ in range(count)]
    for i, value in enumerate(sorted(values) if ordered else values):
        axes.bar(0, (i + gap / 2) / count, value, (i + 1 - gap / 2) / count, axes.style.palette[0])


def histogram(r: Random, axes: Axes) -> None:
    """Draw touching bars under a bell."""
    count, centre, wide = r.randint(10, 26), r.uniform(0.3, 0.7), r.uniform(0.1, 0.3)
    for i in range(count):
        x = (i + 0.5) / count
        height = 0.9 * 2.718 ** (-((x - centre) ** 2) / (2 * wide**2)) * r.uniform(0.8, 1.05)
        axes.bar(i / count, 0, (i + 0.92) / count, height, axes.style.palette[0])


def lines(r: Random, axes: Axes) -> None:
    """Draw one to five lines, with or without markers."""
    marked, count = r.random() < 0.4, r.choice((6, 9, 14, 40))
    for s in range(r.choice((1, 1, 2, 3, 5))):
        points = [axes.at(i / (count - 1), y) for i, y in enumerate(walk(r, count))]
        axes.draw.line(points, fill=axes.style.palette[s], width=axes.style.line + 1, joint="curve")
        for x, y in points if marked and count < 20 else ():
            half = axes.style.line * 2
            axes.draw.ellipse((x - half, y - half, x + half, y + half), fill=axes.style.palette[s])


def areas(r: Random, axes: Axes) -> None:
    """Draw filled areas, the lower before the higher."""
    count, layers = r.choice((8, 16, 40)), r.choice((1, 2, 3))
    for s in range(layers):
        values = [y * (layers - s) / layers for y in walk(r, count)]
        outline = [axes.at(i / (count - 1), y) for i, y in enumerate(values)]
        axes.draw.polygon([axes.at(0, 0), *outline, axes.at(1, 0)], fill=axes.style.palette[s])


def points(r: Random, axes: Axes) -> None:
    """Draw a cloud of points, now and then with its trend."""
    slope, spread, size = r.uniform(-0.8, 0.8), r.uniform(0.05, 0.25), axes.style.line * r.uniform(1.2, 2.6)
    for i in range(r.randint(20, 140)):
        x = r.random()
        y = min(0.98, max(0.02, 0.5 + slope * (x - 0.5) + r.gauss(0, spread)))
        px, py = axes.at(x, y)
        axes.draw.ellipse(
            (px - size, py - size, px + size, py + size),
            fill=axes.style.palette[i % 2 if spread > 0.15 else 0],
        )
    if r.random() < 0.4:
        axes.draw.line(
            [axes.at(0, 0.5 - slope / 2), axes.at(1, 0.5 + slope / 2)],
            fill=axes.style.ink,
            width=axes.style.line,
        )


def pie(r: Random, axes: Axes) -> None:
    """Draw a pie or a ring with labels around it."""
    left, top, right, bottom = axes.box
    radius, x, y = min(right - left, bottom - top) / 2, (left + right) / 2, (top + bottom) / 2
    start, shares = r.uniform(0, 360), [r.uniform(0.3, 2) for _ in range(r.randint(2, 6))]
    for i, share in enumerate(shares):
        sweep = 360 * share / sum(shares)
        axes.draw.pieslice(
            (x - radius, y - radius, x + radius, y + radius),
            start,
            start + sweep,
            fill=axes.style.palette[i],
            outline=axes.style.paper,
            width=axes.style.line,
        )
        start += sweep
    if r.random() < 0.35:
        hole = radius * r.uniform(0.45, 0.65)
        axes.draw.ellipse((x - hole, y - hole, x + hole, y + hole), fill=axes.style.panel or axes.style.paper)


def rule(r: Random, axes: Axes) -> None:
    """Draw axes, grid, ticks and tick labels."""
    draw, look, (left, top, right, bottom) = axes.draw, axes.style, axes.box
    pale = tuple(int((3 * p + i) / 4) for p, i in zip(look.paper, look.ink, strict=True))
    face, thin, unit, years = (
        font(look.family[0], look.text),
        look.line // 2,
        r.choice((1, 5, 10, 20)),
        r.random() < 0.5,
    )
    for i in range(steps := r.randint(3, 6)):
        x, y = axes.at((i + 0.5) / steps, i / (steps - 1))
        if "y" in look.grid:
            draw.line((left, y, right, y), fill=pale, width=thin)
        if "x" in look.grid:
            draw.line((x, top, x, bottom), fill=pale, width=thin)
        draw.text((left - look.text * 0.4, y), str(i * unit), look.ink, face, anchor="rm")
        below = str(2000 + i) if years else words(r, 1, 1)[:4]
        draw.text((x, bottom + look.text * 0.3), below, look.ink, face, anchor="ma")
    shape = {
        "L": [(left, top), (left, bottom), (right, bottom)],
        "base": [(left, bottom), (right, bottom)],
        "none": [],
        "box": [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)],
    }[look.frame]
    if shape:
        draw.line(shape, fill=look.ink, width=look.line)


def legend(r: Random, axes: Axes) -> None:
    """Draw a legend at the right of the axes."""
    look, (_, top, right, _) = axes.style, axes.box
    for i in range(r.randint(2, 4)):
        x, y = right + look.text, top + i * look.text * 1.5
        axes.draw.rectangle((x, y, x + look.text * 0.8, y + look.text * 0.8), fill=look.palette[i])
        axes.draw.text(
            (x + look.text * 1.2, y - look.text * 0.1),
            words(r, 1, 1)[:6],
            look.ink,
            font(look.family[0], look.text),
        )


Mark = Callable[[Random, Axes], None]
MARKS: tuple[Mark, ...] = (
    bars,
    bars,
    beams,
    histogram,
    lines,
    lines,
    areas,
    points,
    pie,
)


def chart(r: Random, size: tuple[int, int], paper: Colour, ink: Colour, marks: Mark | None = None) -> Image.Image:
    """Return an RGB chart of `size` (width, height) in pixels on bare `paper`; drawn twice as large, then reduced.

    `marks` is one of MARKS, drawn by chance where it is not given.
    """
    width, height = size[0] * 2, size[1] * 2
    look, marks = style(r, (width, height), paper, ink), marks or r.choice(MARKS)
    picture = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(picture)
    titled, explained = r.random() < 0.5, r.random() < 0.4
    box = (
        look.text * 2.6,
        look.text * (2.0 if titled else 0.6),
        width - look.text * (6 if explained else 0.6),
        height - look.text * 1.7,
    )
    axes = Axes(draw, box, look)
    if look.panel:
        draw.rectangle(box if r.random() < 0.5 else (0, 0, width, height), fill=look.panel)
    if marks is not pie:
        rule(r, axes)
    marks(r, axes)
    if titled:
        draw.text(
            ((box[0] + box[2]) / 2, look.text * 0.2),
            words(r, 2, 4),
            look.ink,
            font(look.family[1], round(look.text * 1.2)),
            anchor="ma",
        )
    if explained:
        legend(r, axes)
    return picture.reduce(2)
