"""FOMO: the centres of small things, as the cells of a coarse map that are surer of a class than of the background.

Source: Edge Impulse, docs "Object detection using centroids (FOMO)" and its SDK,
github.com/edgeimpulse/inferencing-sdk-cpp, ``classifier/ei_fill_result_struct.h``: the middle of the picture; a cell
has 8 x 8 pixels and probabilities by softmax, class 0 is the background; cells of a class from 0.5 on that touch are
one thing.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Inference
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_classes,
    draft_input,
    drop_batch_axis,
    drop_wrong_labels,
    labels_from_metadata,
)
from runner_detection.kind import KIND

MIDDLE = PictureSpec(resize="crop")
CELL = 8  # pixels
BACKGROUND = 0
CENTRES = Guess("kind", "the cells of its map say where things have their centres, as FOMO's do", ("task",))


class Fomo:
    """Roles: ``image``, ``cells`` (1 x H/8 x W/8 x C, probabilities; class 0 is the background).

    An instance has the box of its cells, and one key point, their centre: FOMO knows no sizes.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, MIDDLE, UNIT)
        if drafted is None or len(model.outputs) != 1 or drafted.picture.size is None:
            return None
        (cells,) = model.outputs
        classes = _count_classes(cells, drafted.picture.size)
        if classes is None or model.ends.get(cells.name) != "softmax":
            return None
        card = Card(
            name="",
            task="fomo",
            roles={"image": drafted.image.name, "cells": cells.name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            options={"keypoint_names": ["centre"]},
            notes=(
                *drafted.notes,
                f"cells is output {cells.name}, by its shape and its end: a softmax for each {CELL} x {CELL} pixels",
                "a cell counts from 0.5 on, class 0 is the background, as Edge Impulse has them",
            ),
            guesses=(*drafted.guesses, CENTRES),
        )
        return drop_wrong_labels(card, classes, frozenset({BACKGROUND}))

    def bind(self, card: Card, model: Signature) -> FomoCodec:
        specs = bind_roles(card, model, needed=("image", "cells"))
        picture = bind_normalised_picture(card, specs["image"], model, MIDDLE, UNIT)
        classes = _count_classes(specs["cells"], picture.size or (0, 0))
        if classes is None:
            raise TaskError(
                f"brain {card.name}: cells is {specs['cells']}, the input {picture.size}",
                remedy=f"fomo reads [1 x H/{CELL} x W/{CELL} x C]",
            )
        check_classes(card, classes, frozenset({BACKGROUND}))
        return FomoCodec(card, picture)


@attrs.frozen
class FomoCodec(PictureCodec):
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        cells = drop_batch_axis(self.card, "cells", outputs["cells"], (None, None))
        found = sorted(_list_things(cells, max(self.card.threshold, 1e-6)), key=lambda thing: -thing.score)
        placement = self.placement_of(frame)
        corners = np.array([thing.corners for thing in found], np.float32).reshape(-1, 4)
        centres = np.array([thing.centre for thing in found], np.float32).reshape(-1, 1, 2)
        scores = np.array([thing.score for thing in found], np.float32)
        keypoints = np.concatenate([placement.to_picture(centres * CELL), scores[:, None, None]], axis=2)
        classes = np.array([thing.number for thing in found], np.int64)
        boxes = placement.to_picture(corners * CELL)
        return build_inference(self.card, KIND, frame.size, boxes, scores, classes, keypoints=keypoints)


@attrs.frozen
class Thing:
    """Touching cells of the class ``number``: x1, y1, x2, y2 around them and x, y of their middle, in cells."""

    number: int
    score: float
    corners: tuple[float, ...]
    centre: tuple[float, ...]


def _list_things(cells: NDArray[np.floating], threshold: float) -> Iterator[Thing]:
    for number in range(1, cells.shape[2]):
        scores = cells[..., number]
        for places in _group_touching(scores >= threshold):
            lines, columns = np.array(places).T
            corners = columns.min(), lines.min(), columns.max() + 1, lines.max() + 1
            centre = columns.mean() + 0.5, lines.mean() + 0.5
            yield Thing(number, float(scores[lines, columns].max()), corners, centre)


def _group_touching(map_: NDArray[np.bool_]) -> Iterator[list[tuple[int, int]]]:
    """The (line, column) of each group of true cells that touch, corners included."""
    waiting = set(zip(*(axis.tolist() for axis in np.nonzero(map_)), strict=True))
    while waiting:
        group = [waiting.pop()]
        for line, column in group:  # it grows meanwhile
            near = {(line + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & waiting
            waiting -= near
            group.extend(near)
        yield group


def _count_classes(cells: TensorSpec, size: tuple[int, int]) -> int | None:
    """With the background; None where the output is no map of such cells."""
    shape, grid = cells.shape or (), (size[1] // CELL, size[0] // CELL)
    fits = len(shape) == 4 and shape[0] in (1, None) and shape[1:3] == grid and not any(side % CELL for side in size)
    return shape[3] if fits and (shape[3] or 0) > 1 else None
