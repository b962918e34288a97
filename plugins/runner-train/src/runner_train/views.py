"""Views: how a picture may also have looked. Each is drawn anew from its number, so that it need not be kept."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from runner_core.frames import Frame, PictureSpec
from runner_train.pictures import IGNORED, UNLABELLED, Boxes, Picture

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]  # 2 x 3: from points of the view to points of the picture, both as shares
VISIBLE, HIDDEN = 0.45, 0.15  # shares of a box: less than the first is ignored, less than the second is nothing
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


@attrs.frozen
class Variety:
    """How far views depart from their picture.

    ``zoom``     least and most; ``aspect`` the most by which a side is stretched; ``turn`` degrees either way.
    ``quarter``  whether quarter turns and reflections are as likely as the picture itself.
    ``mosaic``   the share of views that are put together from four pictures.
    """

    zoom: tuple[float, float] = (0.75, 1.7)
    aspect: float = 0.15
    turn: float = 8.0
    quarter: bool = False
    mirror: bool = True
    mosaic: float = 0.3


@attrs.frozen(eq=False)
class View:
    """``pixels`` H x W x 3; boxes, classes and class map, H x W, as a Picture's; ``known`` as well."""

    pixels: Pixels
    boxes: Boxes
    classes: NDArray[np.int64]
    known: frozenset[int]
    class_map: Pixels | None = None


def make_plain_view(picture: Picture, size: tuple[int, int]) -> View:
    """The picture itself, stretched to (width, height) as a brain stretches it: to twice that, then means of 2 x 2."""
    twice = PictureSpec(size=(2 * size[0], 2 * size[1]))
    seen = Frame.from_array(np.asarray(picture.image)).prepared(twice).tensor
    means = seen.reshape(size[1], 2, size[0], 2, 3).astype(np.float32).mean(axis=(1, 3))
    map_ = picture.class_map
    class_map = None if map_ is None else np.array(map_.resize(size, Image.Resampling.NEAREST))
    return View(np.rint(means).astype(np.uint8), picture.boxes, picture.classes, picture.known, class_map)


class Viewer:
    """Makes views of (width, height) ``size``; the same number gives the same view. ``turns`` are pictures' places."""

    def __init__(
        self, pictures: Sequence[Picture], size: tuple[int, int], variety: Variety, seed: int, turns: Sequence[int]
    ) -> None:
        self._pictures, self._size, self._variety, self._seed, self._turns = pictures, size, variety, seed, turns
        self._homes = _find_homes(pictures)

    def make_view(self, number: int) -> View:
        chance = np.random.default_rng((self._seed, number))
        first = self._turns[number % len(self._turns)]
        if chance.random() < self._variety.mosaic and len(self._pictures) > 1:
            view = self._join_four(first, chance)
        else:
            view = self._look(self._choose(first, chance), self._size, chance)
        return attrs.evolve(view, pixels=_recolour(view.pixels, chance))

    def _choose(self, first: int, chance: np.random.Generator) -> Picture:
        """Every other view shows a class that is drawn among all, so that rare ones are seen as often."""
        if chance.random() < 0.5 or not self._homes:
            return self._pictures[first]
        homes = self._homes[chance.integers(len(self._homes))]
        return self._pictures[homes[chance.integers(len(homes))]]

    def _join_four(self, first: int, chance: np.random.Generator) -> View:
        wide, high = self._size
        x, y = (int(side * chance.uniform(0.35, 0.65)) for side in self._size)
        canvas, map_ = np.empty((high, wide, 3), np.uint8), np.full((high, wide), UNLABELLED, np.uint8)
        boxes, classes, known = [], [], []
        for place, (left, top, right, bottom) in enumerate(
            ((0, 0, x, y), (x, 0, wide, y), (0, y, x, high), (x, y, wide, high))
        ):
            number = first if place == 0 else self._turns[int(chance.integers(len(self._turns)))]
            part = self._look(self._choose(number, chance), (right - left, bottom - top), chance, scale=0.6)
            canvas[top:bottom, left:right] = part.pixels
            if part.class_map is not None:
                map_[top:bottom, left:right] = part.class_map
            factor = np.array([right - left, bottom - top] * 2) / np.array([wide, high] * 2)
            boxes.append(part.boxes * factor + np.array([left / wide, top / high] * 2))
            classes.append(part.classes)
            known.append(part.known)
        return View(
            canvas, np.concatenate(boxes).astype(np.float32), np.concatenate(classes), frozenset.intersection(*known),
            map_ if self._pictures[first].class_map else None,
        )  # fmt: skip

    def _look(self, picture: Picture, size: tuple[int, int], chance: np.random.Generator, scale: float = 1.0) -> View:
        """The picture through a camera that is moved, turned and zoomed by chance."""
        matrix = self._move_camera(picture, size, chance, scale)
        pixels = transform(picture, matrix, size, chance)
        boxes, seen = _carry_boxes(picture.boxes, matrix)
        keep = seen > HIDDEN
        classes = np.where(seen >= VISIBLE, picture.classes, IGNORED)[keep]
        class_map = None if picture.class_map is None else _transform_map(picture.class_map, matrix, size)
        return View(pixels, boxes[keep], classes, picture.known, class_map)

    def _move_camera(
        self, picture: Picture, size: tuple[int, int], chance: np.random.Generator, scale: float
    ) -> Matrix:
        variety = self._variety
        zoom = np.exp(chance.uniform(*np.log(variety.zoom)))
        angle = np.deg2rad(chance.uniform(-variety.turn, variety.turn)) * (chance.random() < 0.5)
        if variety.quarter:
            angle += np.pi / 2 * chance.integers(4)
        stretch = np.exp(chance.uniform(-variety.aspect, variety.aspect, 2) / 2)
        # In pixels: a part of a mosaic shows its picture at `scale` of the size at which a whole view does.
        whole = np.array(self._size) / np.array(picture.image.size)
        fit = np.array(size) / (np.array(picture.image.size) * whole * zoom * scale * stretch)
        turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        pixels = np.array(size, float)
        linear = np.diag(fit) @ np.diag(1 / pixels) @ turned @ np.diag(pixels)
        if variety.mirror and chance.random() < 0.5:
            linear[:, 0] *= -1
        middle = self._aim(picture, np.abs(linear).sum(axis=1), chance)
        return np.column_stack([linear, middle - linear @ [0.5, 0.5]])

    def _aim(self, picture: Picture, reach: Matrix, chance: np.random.Generator) -> Matrix:
        """Where the middle of the view lies in the picture; ``reach`` is how much of the picture it shows."""
        objects = np.flatnonzero(picture.classes >= 0)
        if len(objects) and chance.random() < 0.6:
            kinds = np.unique(picture.classes[objects])
            objects = objects[picture.classes[objects] == kinds[chance.integers(len(kinds))]]
            box = picture.boxes[objects[chance.integers(len(objects))]]
            target = (box[:2] + box[2:]) / 2 + chance.uniform(-0.4, 0.4, 2) * reach
        else:
            target = chance.uniform(0, 1, 2)
        room = np.abs(1 - reach) / 2
        free = np.where(reach < 1, room, room + 0.1)
        aim: Matrix = np.clip(target, 0.5 - free, 0.5 + free)
        return aim


def _find_homes(pictures: Sequence[Picture]) -> list[list[int]]:
    """By class, the pictures that show it."""
    kinds = sorted({int(kind) for picture in pictures for kind in picture.classes if kind >= 0})
    return [[at for at, picture in enumerate(pictures) if kind in picture.classes] for kind in kinds]


def transform(picture: Picture, matrix: Matrix, size: tuple[int, int], chance: np.random.Generator) -> Pixels:
    """The view's pixels; what lies beyond the picture's border has one colour."""
    shrunk = np.sqrt(abs(np.linalg.det(matrix[:, :2])) * np.prod(picture.image.size) / np.prod(size))
    source = picture.shrink(shrunk * 1.15)
    fill = tuple(int(value) for value in chance.integers(0, 256) + chance.integers(-20, 21, 3))
    seen = source.transform(
        size,
        Image.Transform.AFFINE,
        _in_pixels(matrix, size, source.size),
        resample=Image.Resampling.BILINEAR,
        fillcolor=fill,
    )
    if chance.random() < 0.2:
        seen = seen.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.3)))
    return np.array(seen)


def _transform_map(class_map: Image.Image, matrix: Matrix, size: tuple[int, int]) -> Pixels:
    coefficients = _in_pixels(matrix, size, class_map.size)
    seen = class_map.transform(
        size, Image.Transform.AFFINE, coefficients, resample=Image.Resampling.NEAREST, fillcolor=UNLABELLED
    )
    return np.array(seen)


def _in_pixels(matrix: Matrix, view: tuple[int, int], picture: tuple[int, int]) -> tuple[float, ...]:
    """The matrix between pixels of both (width, height), as Pillow wants it."""
    scale = np.array(picture, float)
    linear, offset = np.diag(scale) @ matrix[:, :2] @ np.diag(1 / np.array(view, float)), scale * matrix[:, 2]
    return (*linear[0], offset[0], *linear[1], offset[1])


def _carry_boxes(boxes: Boxes, matrix: Matrix) -> tuple[Boxes, Matrix]:
    """Boxes in the view, cut at its borders, and which share of each is seen.

    A turned box is taken for an ellipse: the extent of its corners would be too large for nearly every thing.
    """
    if not len(boxes):
        return boxes, np.zeros(0)
    back = np.linalg.inv(matrix[:, :2])
    middles = ((boxes[:, :2] + boxes[:, 2:]) / 2 - matrix[:, 2]) @ back.T
    halves = np.sqrt(((boxes[:, 2:] - boxes[:, :2]) / 2) ** 2 @ (back.T**2))
    whole = np.concatenate([middles - halves, middles + halves], axis=1)
    cut = np.clip(whole, 0, 1)
    area = np.prod(cut[:, 2:] - cut[:, :2], axis=1) / np.maximum(np.prod(2 * halves, axis=1), 1e-9)
    return cut.astype(np.float32), area


def _recolour(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """Other light, another white, more or less colour, noise."""
    steps = np.arange(256, dtype=np.float32) / 255
    curves = np.empty((256, 3), np.float32)
    gamma, contrast, light = np.exp(chance.normal(0, 0.2)), np.exp(chance.normal(0, 0.15)), chance.normal(0, 0.06)
    tint = np.exp(chance.normal(0, 0.06, 3))
    for colour in range(3):
        curves[:, colour] = ((steps**gamma - 0.5) * contrast + 0.5 + light) * tint[colour] * 255
    colours = curves[pixels, np.arange(3)]
    grey = (colours @ _GREY)[..., None]
    colours = grey + (colours - grey) * np.exp(chance.normal(0, 0.25))
    if chance.random() < 0.4:
        colours += chance.normal(0, chance.uniform(1, 9), pixels.shape).astype(np.float32)
    changed: Pixels = np.clip(colours, 0, 255).astype(np.uint8)
    return changed
