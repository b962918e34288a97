"""Sheets of paper: text, headings, charts, tables, photographs and diagrams set in columns."""

from functools import partial
from importlib.util import find_spec
from random import Random

from attrs import define, field, frozen
from charts import PALETTES, Colour, chart, pie
from figures import diagram, mix, rings, table
from photo import photo
from PIL import Image, ImageChops, ImageDraw, ImageFont
from plots import plot
from text import FAMILIES, SANS, clipped, font, sentence, words

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are one past the last pixel."""

LOOKS: dict[str, tuple[tuple[Colour, ...], tuple[Colour, ...]]] = {
    "paper": (
        ((255, 255, 255), (252, 252, 250), (250, 246, 236), (244, 236, 218), (246, 246, 248), (238, 232, 222)),
        ((20, 20, 22), (34, 30, 28), (10, 10, 40), (60, 60, 62)),
    ),
    "dark": (
        ((28, 30, 34), (16, 18, 22), (24, 34, 54), (30, 44, 40), (44, 36, 40)),
        ((236, 238, 240), (214, 222, 232), (250, 236, 206), (190, 206, 200)),
    ),
}
"""Papers and inks."""
MATPLOTLIB = find_spec("matplotlib") is not None
HEIGHTS = {"book": 1.42, "report": 1.4142, "slide": 0.6, "letter": 1.29, "plate": 1.3}


@frozen
class Sheet:
    """A flat page as printed: RGB pixels and the ink boxes of its charts."""

    image: Image.Image
    charts: tuple[Box, ...]


@define
class Press:
    """A sheet while it is set: where the next block goes and how it looks."""

    r: Random
    picture: Image.Image
    paper: Colour
    ink: Colour
    accent: Colour
    family: tuple[str, ...]
    body: int
    subject: str
    draw: ImageDraw.ImageDraw = field(init=False)
    charts: list[Box] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.draw = ImageDraw.Draw(self.picture)

    def face(self, scale: float = 1, weight: int = 0) -> ImageFont.FreeTypeFont:
        """Return the sheet's font, `scale` times the body size."""
        return font(self.family[weight], max(6, round(self.body * scale)))


def press(r: Random, width: int, height: int, look: str, subject: str) -> Press:
    """Return an empty sheet of `width` x `height` pixels with its typography chosen."""
    paper, ink = map(r.choice, LOOKS[look])
    return Press(
        r=r,
        picture=Image.new("RGB", (width, height), paper),
        paper=paper,
        ink=ink,
        accent=r.choice((ink, ink, r.choice(PALETTES)[0])),
        family=r.choice(FAMILIES),
        body=max(6, round(min(width, height * 1.4) * r.uniform(0.016, 0.026))),
        subject=subject,
    )


def fitted(face: ImageFont.FreeTypeFont, written: list[str], wide: float) -> int:
    """Return how many of the words `written` fit on a line `wide` pixels long."""
    total, space = 0.0, face.getlength(" ")
    for count, word in enumerate(written):
        total += face.getlength(word) + space
        if total - space > wide:
            return max(1, count)
    return len(written)


def paragraph(p: Press, left: float, top: float, wide: float, room: float) -> float:
    """Set justified text; return the height used."""
    face, step, y = p.face(), p.body * 1.32, top
    written = " ".join(sentence(p.r) for _ in range(p.r.randint(2, 7))).split()
    while written and y + step < top + room:
        count = fitted(face, written, wide)
        line, written = written[:count], written[count:]
        slack = wide - face.getlength(" ".join(line)) if written else 0
        space, x = face.getlength(" ") + slack / max(1, count - 1), left
        for word in line:
            p.draw.text((x, y), word, p.ink, face)
            x += face.getlength(word) + space
        y += step
    return y - top + p.body * p.r.choice((0.2, 0.7))


def heading(p: Press, left: float, top: float, wide: float, room: float) -> float:
    """Set a heading; return the height used."""
    if room < p.body * 6:  # a heading does not end a page
        return room
    scale = p.r.uniform(1.25, 1.9)
    written = clipped(words(p.r, 1, 4), wide / p.body / scale * 1.5)
    p.draw.text((left, top + p.body * 0.5), written, p.accent, p.face(scale, 1))
    return p.body * (scale * 1.4 + 0.9)


def points(p: Press, left: float, top: float, wide: float, room: float) -> float:
    """Set a list; return the height used."""
    y, mark = top, p.r.choice(("-", "*", "1"))
    for i in range(p.r.randint(2, 5)):
        if y + p.body * 1.5 > top + room:
            break
        p.draw.text((left + p.body, y), (f"{i + 1}." if mark == "1" else "\u2022"), p.ink, p.face())
        p.draw.text((left + p.body * 2.4, y), clipped(words(p.r, 2, 8), wide / p.body * 1.5), p.ink, p.face())
        y += p.body * 1.5
    return y - top + p.body * 0.5


def ink_box(sprite: Image.Image, paper: Colour) -> Box:
    """Return the box of all that differs from bare paper."""
    difference = ImageChops.difference(sprite, Image.new("RGB", sprite.size, paper)).convert("L")
    return difference.point(lambda v: 255 * (v > 12)).getbbox() or (0, 0, *sprite.size)


def figure(p: Press, left: float, top: float, wide: float, room: float, kind: str) -> float:
    """Set a chart, table, photograph or diagram with its caption; return the height used."""
    caption = p.r.random() < 0.6
    share = p.r.uniform(0.5, 0.95) if kind != "photo" else p.r.uniform(0.5, 1.2)
    high = min(room - p.body * 3.4, wide * share)
    if high < max(wide * 0.4, 40):
        return paragraph(p, left, top, wide, room)
    size, place = (round(wide), round(high)), (round(left), round(top + p.body * 0.6))
    draw = {
        "chart": plot if MATPLOTLIB and p.r.random() < 0.55 else chart,
        "table": table,
        "diagram": diagram,
        "pie": partial(chart, marks=pie),
        "rings": partial(diagram, kind=rings),
    }.get(kind)
    sprite = draw(p.r, size, p.paper, p.ink) if draw else photo(p.r, size)
    p.picture.paste(sprite, place)
    if p.subject == ("chart" if kind == "pie" else kind):
        x1, y1, x2, y2 = ink_box(sprite, p.paper)
        p.charts.append((place[0] + x1, place[1] + y1, place[0] + x2, place[1] + y2))
    if caption:
        kinds = ("Table", "Tab.", "List") if kind == "table" else ("Figure", "Fig.", "Plate")
        label = clipped(f"{p.r.choice(kinds)} {p.r.randint(1, 30)}. {words(p.r, 3, 9)}", wide / p.body * 1.9)
        p.draw.text((left, place[1] + size[1] + p.body * 0.5), label, p.ink, p.face(0.88, p.r.choice((0, 2))))
    return high + p.body * (3.4 if caption else 1.8)


MIXES = {
    "prose": {"paragraph": 8, "heading": 1},
    "charts": {"paragraph": 3, "heading": 1, "chart": 4, "points": 0.5},
    "mixed": {
        "paragraph": 4,
        "heading": 1.5,
        "chart": 1.2,
        "table": 1,
        "photo": 1.2,
        "diagram": 1,
        "points": 0.7,
    },
    "hard": {"paragraph": 3, "heading": 1, "table": 1.5, "photo": 2, "diagram": 1.5},
}
ON_REQUEST = {
    "round": {"paragraph": 3, "heading": 1, "pie": 2, "rings": 1.5, "chart": 0.7},
    "dense": {"paragraph": 0.5, "heading": 0.3, "chart": 6, "table": 0.5},
}
"""Blends that chance never draws: what charts are confused with, and pages full of them."""


def column(p: Press, left: float, top: float, wide: float, bottom: float, blend: dict[str, float]) -> None:
    """Fill one column from `top` to `bottom` with blocks drawn by the weights of `blend`."""
    y = top
    while bottom - y > p.body * 3:
        kind = p.r.choices(list(blend), list(blend.values()))[0]
        setter = {"paragraph": paragraph, "heading": heading, "points": points}.get(kind)
        used = setter(p, left, y, wide, bottom - y) if setter else figure(p, left, y, wide, bottom - y, kind)
        y += max(used, p.body)
        if y > (top + bottom) / 2 and p.r.random() < 0.04:  # chapters end somewhere
            return


def furniture(p: Press, margin: float) -> float:
    """Set running head, page number and now and then a title; return where the columns begin."""
    width, height = p.picture.size
    if p.r.random() < 0.7:
        p.draw.text(
            (width * p.r.choice((0.5, 0.88)), height - margin * 0.6),
            str(p.r.randint(1, 400)),
            p.ink,
            p.face(0.9),
            anchor="mm",
        )
    if p.r.random() < 0.4:
        p.draw.text((margin, margin * 0.5), words(p.r, 2, 5), p.ink, p.face(0.85, 2))
        p.draw.line((margin, margin * 0.5 + p.body * 1.4, width - margin, margin * 0.5 + p.body * 1.4), fill=p.ink)
    if p.r.random() < 0.35:
        if p.r.random() < 0.3:
            p.draw.rectangle((0, 0, width, margin + p.body * 3.2), fill=mix(p.paper, p.accent, 0.85))
            p.draw.text((margin, margin), words(p.r, 2, 4), p.paper, font(SANS[1], round(p.body * 2)))
        else:
            p.draw.text((margin, margin), words(p.r, 2, 4), p.accent, p.face(2.2, 1))
        return margin + p.body * 4.2
    return margin


def sheet(
    r: Random,
    width: int,
    kind: str | None = None,
    fill: str | None = None,
    look: str = "paper",
    subject: str = "chart",
) -> Sheet:
    """Return a printed sheet `width` pixels wide; `kind` and `fill` are drawn by chance where they are not given.

    `subject` is the kind of figure whose boxes are wanted.
    """
    kind = kind or r.choices(list(HEIGHTS), (4, 4, 1, 1, 1))[0]
    fill = fill or r.choices(list(MIXES), (2, 3.5, 3, 2))[0]
    height = round(width * HEIGHTS[kind] * r.uniform(0.95, 1.05))
    p = press(r, width, height, look, subject)
    margin = min(width, height) * r.uniform(0.07, 0.13)
    top, columns = furniture(p, margin), 2 if kind == "slide" or r.random() < 0.3 else 1
    gap = width * 0.04
    wide = (width - 2 * margin - gap * (columns - 1)) / columns
    for i in range(columns):
        column(p, margin + i * (wide + gap), top, wide, height - margin, (MIXES | ON_REQUEST)[fill])
    return Sheet(p.picture, tuple(p.charts))
