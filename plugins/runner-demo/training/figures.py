"""What else stands on pages between the lines: tables, diagrams, formulas, forms. None of it is a chart."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from charts import PALETTES, Colour
from PIL import Image, ImageDraw
from text import FAMILIES, MONO, font, number, words
from texture import Size


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` of the way from `first` to `second`."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def table(r: Random, size: Size, paper: Colour, ink: Colour) -> Image.Image:
    """Return a table: ruled, striped, or with a coloured head."""
    width, height = size
    picture = Image.new("RGB", size, paper)
    draw, family = ImageDraw.Draw(picture), r.choice(FAMILIES)
    columns, rows = r.randint(2, 7), max(3, round(height / (width * r.uniform(0.045, 0.075))))
    step, wide, line = height / rows, width / columns, max(1, width // 250)
    face, bold = (font(family[i], max(7, round(step * 0.52))) for i in (0, 1))
    grid, striped, head = (
        r.choice(("", "rows", "all", "book")),
        r.random() < 0.35,
        r.choice((None, mix(paper, ink, 0.15), *r.choice(PALETTES)[:2])),
    )
    for i in range(rows):
        y = i * step
        if i == 0 and head:
            draw.rectangle((0, 0, width, step), fill=head)
        elif striped and i % 2:
            draw.rectangle((0, y, width, y + step), fill=mix(paper, ink, 0.09))
        for j in range(columns):
            written = words(r, 1, 1)[:9] if i == 0 or j == 0 else number(r)
            colour = paper if i == 0 and head and sum(head) < 400 else ink
            draw.text(
                (j * wide + step * 0.3, y + step * 0.5),
                written,
                colour,
                bold if i == 0 else face,
                anchor="lm",
            )
        if grid in ("rows", "all") or (grid == "book" and i in (0, 1)):
            draw.line((0, y, width, y), fill=ink, width=line)
    draw.line((0, height - line, width, height - line), fill=ink, width=line)
    for j in range(columns + 1) if grid == "all" else ():
        draw.line((min(j * wide, width - line), 0, min(j * wide, width - line), height), fill=ink, width=line)
    return picture


def arrow(
    draw: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float], ink: Colour, line: int
) -> None:
    """Draw an arrow between two points."""
    draw.line((*start, *end), fill=ink, width=line)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(1.0, (dx * dx + dy * dy) ** 0.5)
    dx, dy, head = dx / length, dy / length, line * 4
    draw.polygon(
        [
            end,
            (end[0] - dx * head - dy * head / 2, end[1] - dy * head + dx * head / 2),
            (end[0] - dx * head + dy * head / 2, end[1] - dy * head - dx * head / 2),
        ],
        fill=ink,
    )


def flow(r: Random, size: Size, paper: Colour, ink: Colour) -> Image.Image:
    """Return boxes with arrows from one to the next."""
    width, height = size
    picture = Image.new("RGB", size, paper)
    draw, line = ImageDraw.Draw(picture), max(2, width // 180)
    columns, rows, fill = (
        r.randint(2, 4),
        r.randint(2, 4),
        r.choice((None, mix(paper, r.choice(r.choice(PALETTES)), 0.35))),
    )
    wide, high, before = width / columns, height / rows, None
    face = font(r.choice(FAMILIES)[0], max(8, round(min(wide, high) * 0.17)))
    for j in range(rows):
        for i in range(columns):
            if r.random() < 0.2:
                continue
            x, y = (i + 0.5) * wide, (j + 0.5) * high
            box = (x - wide * 0.34, y - high * 0.27, x + wide * 0.34, y + high * 0.27)
            if before:
                arrow(
                    draw,
                    (before[0] + wide * 0.34, before[1]) if before[1] == y else (before[0], before[1] + high * 0.27),
                    (box[0], y) if before[1] == y else (x, box[1]),
                    ink,
                    line,
                )
            shape = r.choice(("rounded", "rounded", "ellipse"))
            (draw.ellipse if shape == "ellipse" else draw.rectangle)(box, fill=fill or paper, outline=ink, width=line)
            draw.text((x, y), words(r, 1, 1)[:8], ink, face, anchor="mm")
            before = (x, y)
    return picture


def web(r: Random, size: Size, paper: Colour, ink: Colour) -> Image.Image:
    """Return nodes joined by edges: a tree, a ring or a random network."""
    width, height = size
    picture = Image.new("RGB", size, paper)
    draw, count, fill = ImageDraw.Draw(picture), r.randint(5, 11), r.choice(r.choice(PALETTES))
    radius, line = min(size) * r.uniform(0.04, 0.08), max(2, width // 200)
    if r.random() < 0.5:
        places = [
            (width * (0.5 + 0.4 * cos(2 * pi * i / count)), height * (0.5 + 0.4 * sin(2 * pi * i / count)))
            for i in range(count)
        ]
    else:
        places = [(width * r.uniform(0.08, 0.92), height * r.uniform(0.08, 0.92)) for _ in range(count)]
    for i in range(1, count):
        for j in {r.randrange(i), i - 1}:
            draw.line((*places[i], *places[j]), fill=ink, width=line)
    for i, (x, y) in enumerate(places):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=ink, width=line)
        draw.text((x, y), chr(65 + i), paper, font(FAMILIES[4][1], max(8, int(radius))), anchor="mm")
    return picture


def plan(r: Random, size: Size, paper: Colour, ink: Colour) -> Image.Image:
    """Return a floor plan or a circuit: straight lines that plot nothing."""
    picture = Image.new("RGB", size, paper)
    draw, line = ImageDraw.Draw(picture), max(2, size[0] // 90)

    def split(box: tuple[float, float, float, float], depth: int) -> None:
        draw.rectangle(box, outline=ink, width=line)
        left, top, right, bottom = box
        if not depth:
            draw.text(
                ((left + right) / 2, (top + bottom) / 2),
                words(r, 1, 1)[:6],
                ink,
                font(FAMILIES[4][0], max(8, size[0] // 28)),
                anchor="mm",
            )
        elif right - left > bottom - top:
            cut = left + (right - left) * r.uniform(0.35, 0.65)
            split((left, top, cut, bottom), depth - 1)
            split((cut, top, right, bottom), depth - 1)
        else:
            cut = top + (bottom - top) * r.uniform(0.35, 0.65)
            split((left, top, right, cut), depth - 1)
            split((left, cut, right, bottom), depth - 1)

    split((line, line, size[0] - line, size[1] - line), r.randint(2, 3))
    return picture


def rings(r: Random, size: Size, paper: Colour, ink: Colour) -> Image.Image:
    """Return overlapping or nested circles with words: set diagrams, orbits."""
    width, height = size
    picture = Image.new("RGB", size, paper)
    draw, unit, palette = ImageDraw.Draw(picture, "RGBA"), min(size) / 2, r.choice(PALETTES)
    nested, line = r.random() < 0.4, max(2, width // 200)
    for i in range(count := r.randint(2, 4)):
        radius = unit * (1 - i / count) * 0.95 if nested else unit * 0.55
        x = width / 2 + (0 if nested else unit * 0.5 * cos(2 * pi * i / count))
        y = height / 2 + (0 if nested else unit * 0.4 * sin(2 * pi * i / count))
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius),
            fill=(*palette[i], r.choice((0, 60))),
            outline=(*ink, 255),
            width=line,
        )
        draw.text(
            (x, y - radius * 0.8),
            words(r, 1, 1)[:7],
            ink,
            font(FAMILIES[4][0], max(8, int(unit * 0.13))),
            anchor="mm",
        )
    return picture


def listing(r: Random, size: Size, paper: Colour, ink: Colour) -> Image.Image:
    """Return lines of a program in a shaded box."""
    picture = Image.new("RGB", size, mix(paper, ink, 0.07))
    draw, step = ImageDraw.Draw(picture), size[0] / r.uniform(20, 32)
    y, indent, face = step * 0.4, 0, font(MONO[0], max(7, int(step * 0.72)))
    while y < size[1] - step:
        indent = max(0, min(3, indent + r.choice((-1, 0, 0, 1))))
        draw.text(
            (step * (0.5 + indent), y),
            " ".join(r.choice((words(r, 1, 1).lower(), "=", "(x)", "+", "if", ":")) for _ in range(r.randint(2, 6))),
            ink,
            face,
        )
        y += step
    return picture


Diagram = Callable[[Random, Size, Colour, Colour], Image.Image]
DIAGRAMS: tuple[Diagram, ...] = (flow, flow, web, web, plan, rings, listing)


def diagram(r: Random, size: Size, paper: Colour, ink: Colour, kind: Diagram | None = None) -> Image.Image:
    """Return a diagram, drawn twice as large, then reduced; `kind` is one of DIAGRAMS, or left to chance."""
    return (kind or r.choice(DIAGRAMS))(r, (size[0] * 2, size[1] * 2), paper, ink).reduce(2)
