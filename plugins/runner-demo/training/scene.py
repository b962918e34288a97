"""Whole camera pictures: pages and other things on a desk, seen by a camera, with exact boxes."""

from collections.abc import Callable
from functools import lru_cache
from random import Random

import numpy as np
from attrs import frozen
from binding import Piece, book, leaf
from camera import View, exposed, view
from hands import SKINS, hand, thumb
from page import HEIGHTS, Sheet, sheet
from PIL import Image, ImageFilter
from texture import Size, desk
from things import ITEMS, SMALL, SUBJECTS, Item, item

PAGE, GRAPH = 0, 1
UPRIGHT = tuple(kind for kind in HEIGHTS if kind != "slide")
LAYOUTS = {"one": 4, "book": 3, "two": 1.6, "several": 1.4, "near": 1.2, "none": 0.6}
PLACES = [(0.2, 0.27), (0.52, 0.25), (0.82, 0.3), (0.22, 0.76), (0.5, 0.78), (0.8, 0.74)]
SIZES = {
    "small": ((480, 360), (480, 360), (360, 480), (512, 384), (480, 270), (400, 400), (640, 480)),
    "large": ((640, 480), (480, 640), (800, 600), (960, 720), (720, 960), (960, 540), (720, 720)),
}
SHARED, POOL = 6, 4
"""So many neighbouring pictures draw on a pool of so many sheets: setting a sheet costs as much as taking a picture."""


@frozen
class Picture:
    """A rendered picture and its objects: N x 5 float32 rows of class, left, top, right, bottom in pixels."""

    image: Image.Image
    objects: np.ndarray


@lru_cache(maxsize=3 * POOL)
def printed(
    pool: int,
    index: int,
    width: int,
    upright: bool,
    fill: str | None,
    look: str = "paper",
    subject: str = "chart",
) -> Sheet:
    """Return sheet `index` of `pool`, set once."""
    r = Random(f"sheet {pool} {index}")
    return sheet(r, width, r.choice(UPRIGHT) if upright else None, fill, look, subject)


@frozen
class Stage:
    """A desk with its label map under a camera. `stock` gives the n-th (upright) sheet of its pool."""

    r: Random
    camera: View
    top: Image.Image
    labels: Image.Image
    stock: Callable[[int, bool], Sheet]

    def scale(self, x: float, y: float) -> float:
        """Return desk pixels a picture pixel at (x, y)."""
        a, b = self.camera.to_desk(np.array([(x - 4.0, y), (x + 4.0, y)]))
        return float(np.hypot(*(b - a))) / 8

    def lay(
        self,
        sprite: Image.Image,
        x: float,
        y: float,
        turn: float,
        labels: Image.Image | None = None,
        height: float = 0.006,
    ) -> None:
        """Put `sprite` down with its middle at picture pixel (x, y), `turn` in degrees, `height` above the desk."""
        turned = sprite.rotate(turn, Image.Resampling.BILINEAR, expand=True)
        cx, cy = self.camera.to_desk(np.array([(x, y)]))[0]
        place = (round(cx - turned.width / 2), round(cy - turned.height / 2))
        self.throw(turned, place, height * max(self.camera.size))
        self.top.paste(turned, place, turned)
        if labels:
            flat = labels.rotate(turn, Image.Resampling.NEAREST, expand=True)
            self.labels.paste(flat, place, flat.point(lambda v: 255 * (v > 0)))

    def throw(self, sprite: Image.Image, place: tuple[int, int], height: float) -> None:
        """Darken the desk where `sprite` throws its shadow: a soft one of the room and a sharper one of the lamp."""
        room = round(height * 5)
        alpha = Image.new("L", (sprite.width + 2 * room, sprite.height + 2 * room))
        alpha.paste(sprite.getchannel("A"), (room, room))
        for shift, blur, depth in ((0, 1.6, 0.35), (1.0, 0.7, 0.4)):
            soft = alpha.reduce(2).filter(ImageFilter.GaussianBlur(height * blur / 2)).resize(alpha.size)
            spot = (place[0] - room + round(height * shift), place[1] - room + round(height * shift * 1.2))
            self.top.paste((12, 10, 8), spot, soft.point(lambda v, depth=depth: v * depth))

    def piece(self, number: int, width: float, scale: float, bound: bool = False) -> Piece:
        """Return the page (or the two pages of a book) `number`, `width` picture pixels wide each."""
        wide = max(24, round(width * scale))
        if bound:
            return book(self.r, self.stock(number, True), self.stock(number + 1, True), (number, number + 1), wide)
        return leaf(self.r, self.stock(number, False), number, wide)


def set_pages(stage: Stage, layout: str) -> None:
    """Lay the pages of `layout` on the desk."""
    r, (width, height) = stage.r, stage.camera.size
    turn = r.choices((r.gauss(0, 5), r.uniform(-30, 30), r.choice((90, 180, -90)) + r.gauss(0, 4)), (6, 2.5, 1))[0]
    x, y = width * r.uniform(0.42, 0.58), height * r.uniform(0.44, 0.56)
    if layout == "book":
        wide = min(width * 0.5, height * 0.74) * r.uniform(0.8, 1.06)
        turn = turn if abs(turn) < 60 or height > width else r.gauss(0, 5)
        put(stage, stage.piece(1, wide, stage.scale(x, y), bound=True), x, y, turn)
    elif layout in ("one", "near"):
        wide = min(width * 0.9, height * 0.7) * (r.uniform(0.66, 1.05) if layout == "one" else r.uniform(1.1, 1.5))
        put(stage, stage.piece(1, wide, stage.scale(x, y)), x, y, turn)
    elif layout == "two":
        scatter(stage, [(0.27, 0.5), (0.74, 0.5)], 0.42, turn)
    elif layout == "several":
        scatter(stage, r.sample(PLACES, r.randint(3, 5)), 0.27, turn)


def scatter(stage: Stage, places: list[tuple[float, float]], share: float, turn: float) -> None:
    """Lay a page near each of `places` (shares of the picture), each about `share` of the picture wide."""
    r, (width, height) = stage.r, stage.camera.size
    wide = min(width, height * 1.3) * share
    for i, place in enumerate(places):
        u, v = place if width >= height else place[::-1]
        x, y = width * (u + r.gauss(0, 0.02)), height * (v + r.gauss(0, 0.02))
        piece = stage.piece(i + 1, wide * r.uniform(0.8, 1.05), stage.scale(x, y))
        put(stage, piece, x, y, turn + r.gauss(0, 9))


def put(stage: Stage, piece: Piece, x: float, y: float, turn: float) -> None:
    """Lay one piece."""
    stage.lay(piece.image, x, y, turn, piece.labels, stage.r.uniform(0.002, 0.009))


def clutter(stage: Stage, count: int, choice: tuple[Item, ...]) -> None:
    """Lay `count` things of a choice down before the pages: mostly near the edges."""
    r, (width, height) = stage.r, stage.camera.size
    for _ in range(count):
        u, v = r.choice(
            (
                (r.uniform(0, 0.14), r.random()),
                (r.uniform(0.86, 1), r.random()),
                (r.random(), r.uniform(0, 0.14)),
                (r.random(), r.uniform(0.86, 1)),
            )
        )
        x, y = u * width, v * height
        stage.lay(
            item(r, min(width, height) * stage.scale(x, y), choice),
            x,
            y,
            r.uniform(0, 360),
            height=r.uniform(0.006, 0.02),
        )


def cover(stage: Stage) -> None:
    """Lay something over the pages: a pen, a small thing, or hands that hold or point."""
    r, (width, height) = stage.r, stage.camera.size
    side, skin = min(width, height), r.choice(SKINS)
    kind = r.choices(("nothing", "item", "hand", "thumb"), (5, 1.5, 1.2, 1.2))[0]
    if kind == "item":
        x, y = width * r.uniform(0.1, 0.9), height * r.uniform(0.1, 0.9)
        thing = item(r, side * stage.scale(x, y) * 0.8, SMALL)
        stage.lay(thing, x, y, r.uniform(0, 360), height=0.008)
    elif kind == "hand":
        x, unit = width * r.uniform(0.1, 0.9), side * r.uniform(0.13, 0.19)
        reaching = hand(r, unit * stage.scale(x, height * 0.95), skin)
        stage.lay(reaching, x, height - unit * r.uniform(-0.6, 0.9), r.gauss(0, 18), height=0.012)
    elif kind == "thumb":
        unit = side * r.uniform(0.14, 0.2)
        for x, turn in r.sample(((unit * 0.2, -60), (width - unit * 0.2, 60)), r.randint(1, 2)):
            y = height * r.uniform(0.6, 0.95)
            stage.lay(thumb(unit * stage.scale(x, y), skin), x, y, turn + r.gauss(0, 12), height=0.01)


def show(stage: Stage, thing: Item, r: Random) -> None:
    """Lay one to three of a thing down, and label these alone."""
    width, height = stage.camera.size
    draw, share = thing
    stage.labels.paste(0, (0, 0, *stage.labels.size))
    for number, (u, v) in enumerate(r.sample(PLACES, r.randint(1, 3)), 1):
        x, y = width * (u + r.gauss(0, 0.03)), height * (v + r.gauss(0, 0.03))
        sprite = draw(r, min(width, height) * stage.scale(x, y) * share * r.uniform(0.7, 1.3))
        labels = sprite.getchannel("A").point(lambda v, number=number: 16 * number * (v > 127))
        stage.lay(sprite, x, y, r.uniform(0, 360), labels, r.uniform(0.006, 0.02))


def objects(labels: Image.Image, least: float = 0.03) -> np.ndarray:
    """Return the visible boxes of a label map; slivers (below `least` of the longer side) are left out."""
    present = [value for value, count in enumerate(labels.histogram()) if value and count]
    wanted = [(PAGE, {v for v in present if v // 16 == page}) for page in sorted({v // 16 for v in present})]
    wanted += [(GRAPH, {v}) for v in present if v % 16]
    rows = []
    for kind, values in wanted:
        left, top, right, bottom = labels.point([255 * (v in values) for v in range(256)]).getbbox()
        if min(right - left, bottom - top) >= least * max(labels.size):
            rows.append((kind, left, top, right, bottom))
    return np.array(rows, np.float32).reshape(-1, 5)


def laid(r: Random, camera: View, stock: Callable[[int, bool], Sheet], layout: str, subject: str = "chart") -> Stage:
    """Return the desk under `camera` with pages and other things on it, none of which is the subject."""
    stage = Stage(r, camera, desk(r, camera.desk), Image.new("L", camera.desk), stock)
    choice = tuple(each for each in ITEMS if each[0] is not SUBJECTS.get(subject, (None,))[0])
    clutter(stage, r.choice((0, 1, 2, 3)) if layout != "none" else r.randint(2, 7), choice)
    set_pages(stage, layout)
    cover(stage)
    return stage


def scene(
    seed: int,
    size: Size | str = "small",
    layout: str | None = None,
    fill: str | None = None,
    fine: int = 1,
    look: str = "paper",
    subject: str = "chart",
) -> Picture:
    """Return the picture of `seed`.

    `size` is in pixels or one of SIZES, `fill` is what the pages mostly hold (see page.MIXES), chance decides where
    they are not given; `look` is one of page.LOOKS. `subject` is a kind of figure, labelled besides pages, or one of
    things.SUBJECTS, labelled alone. `fine` renders that many times larger and reduces, as a good camera
    in good light does.
    """
    r = Random(f"scene {seed}")
    size = r.choice(SIZES[size]) if isinstance(size, str) else size
    layout = layout or r.choices(list(LAYOUTS), list(LAYOUTS.values()))[0]
    camera = view(r, (size[0] * fine, size[1] * fine))
    width, many = (1500, 8) if fine > 1 else (560, POOL)

    def stock(number: int, upright: bool) -> Sheet:
        index = (number + seed) % (many - upright)
        return printed(seed // SHARED, index, width, index < many - 1, fill, look, subject)

    stage = laid(r, camera, stock, layout, subject)
    if subject in SUBJECTS:
        show(stage, SUBJECTS[subject], Random(f"subject {seed}"))
    seen = objects(camera.take(stage.labels, Image.Resampling.NEAREST)) / np.array(
        (1, fine, fine, fine, fine), np.float32
    )
    return Picture(exposed(r, camera.take(stage.top, Image.Resampling.BILINEAR).reduce(fine), fine > 1), seen)
