"""Changes of a picture that change nothing in it, and pictures that show nothing: what ``runner inspect --try`` shows.

Each change knows how an answer to the changed picture is carried back to the picture itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.frames.frame import Frame
from runner_core.loading.evidence import Answers
from runner_core.results.boxes import clip_boxes
from runner_core.results.inference import Inference

LONGEST = 1280  # pixels: larger pictures are shrunk, for eight of each are kept
MOVE = 0.06  # of a side
DARKER = 0.7
BRIGHTER = (0.8, 51.0)  # times, plus
FLATTER = 0.6  # of the contrast

Pixels = NDArray[np.uint8]
Brain = Callable[[Frame], Inference]


@attrs.frozen
class Change:
    """``apply`` makes the changed pixels, ``undo`` the answer to the picture from that to the changed one."""

    apply: Callable[[Pixels], Pixels]
    undo: Callable[[Inference], Inference] = lambda answer: answer


@attrs.frozen
class PictureTrial:
    """A picture, it changed by each of CHANGES, and pictures of its size that show nothing."""

    picture: Frame
    changed: tuple[Frame, ...]
    empty: tuple[Frame, ...]

    @classmethod
    def of(cls, frame: Frame) -> PictureTrial:
        """Raises ImageError for a picture that cannot be read."""
        pixels = _shrink(frame.pixels)
        noise = np.random.default_rng(0).integers(0, 256, pixels.shape, np.uint8)
        plain = np.broadcast_to(_to_bytes(pixels.mean(axis=(0, 1))), pixels.shape).copy()
        shown, *changed = (
            Frame.from_array(each, source=frame.source)
            for each in (pixels, *(change.apply(pixels) for change in CHANGES))
        )
        return cls(shown, tuple(changed), (Frame.from_array(plain), Frame.from_array(noise)))

    def ask(self, brain: Brain) -> Answers:
        """What the brain says of each, eight calls in all."""
        changed = zip(CHANGES, self.changed, strict=True)
        return Answers(
            brain(self.picture),
            tuple(change.undo(brain(frame)) for change, frame in changed),
            tuple(brain(frame) for frame in self.empty),
        )


def _shrink(pixels: Pixels) -> Pixels:
    if max(pixels.shape) <= LONGEST:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR)
    return np.asarray(image)


def _to_bytes(values: NDArray[np.floating]) -> Pixels:
    rounded: Pixels = np.rint(values.clip(0, 255)).astype(np.uint8)
    return rounded


def _mirror(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def unmirror(answer: Inference) -> Inference:
    """The answer to a mirrored picture, for the picture. Its points keep their names: left ones are then right ones."""
    width = np.float32(answer.size[0])
    boxes, points, class_map = answer.boxes, answer.keypoints, answer.class_map
    if boxes is not None:
        left, top, right, bottom = boxes.T
        boxes = np.stack([width - right, top, width - left, bottom], axis=1)
    if points is not None:
        points = np.concatenate([width - points[..., :1], points[..., 1:]], axis=-1)
    class_map = None if class_map is None else class_map[:, ::-1]
    angles = None if answer.angles is None else -answer.angles
    pixel_map = None if answer.pixel_map is None else answer.pixel_map.with_pixels(answer.pixel_map.array[:, ::-1])
    return attrs.evolve(
        answer, masks=None, boxes=boxes, angles=angles, keypoints=points, class_map=class_map, pixel_map=pixel_map
    )


def _measure_move(width: int, height: int) -> tuple[int, int]:
    return round(MOVE * width), round(MOVE * height)


def _move(pixels: Pixels) -> Pixels:
    """To the right and down; the edges are repeated."""
    height, width = pixels.shape[:2]
    right, down = _measure_move(width, height)
    return np.pad(pixels, ((down, 0), (right, 0), (0, 0)), mode="edge")[:height, :width]


def unmove(answer: Inference) -> Inference:
    """The answer to a moved picture, for the picture."""
    width, height = answer.size
    right, down = _measure_move(width, height)
    boxes, points, class_map = answer.boxes, answer.keypoints, answer.class_map
    if boxes is not None:
        boxes = boxes - np.array([right, down, right, down], np.float32)
        boxes = boxes if answer.angles is not None else clip_boxes(boxes, answer.size)
    if points is not None:
        points = points - np.array([right, down, 0], np.float32)
    back = partial(_move_back, right=right, down=down)
    class_map = None if class_map is None else back(class_map)
    pixel_map = None if answer.pixel_map is None else answer.pixel_map.with_pixels(back(answer.pixel_map.array))
    return attrs.evolve(answer, masks=None, boxes=boxes, keypoints=points, class_map=class_map, pixel_map=pixel_map)


def _move_back(pixels: NDArray[Any], *, right: int, down: int) -> NDArray[Any]:
    """H x W: to the left and up; the edges are repeated."""
    return np.pad(pixels, ((0, down), (0, right)), mode="edge")[down:, right:]


def _darken(pixels: Pixels) -> Pixels:
    return _to_bytes(pixels.astype(np.float32) * DARKER)


def _brighten(pixels: Pixels) -> Pixels:
    times, plus = BRIGHTER
    return _to_bytes(pixels.astype(np.float32) * times + plus)


def _flatten(pixels: Pixels) -> Pixels:
    mean = pixels.mean()
    return _to_bytes((pixels.astype(np.float32) - mean) * FLATTER + mean)


CHANGES = (Change(_mirror, unmirror), Change(_move, unmove), Change(_darken), Change(_brighten), Change(_flatten))
