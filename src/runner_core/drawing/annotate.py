"""Drawing: what brains found, on a copy of the picture.

Pillow and numpy alone, so that a sink of pictures, one of videos and a live view draw alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from runner_core.cards.labels import is_background
from runner_core.drawing.captions import Area, Row, Style, Tags
from runner_core.drawing.palette import PALETTE, RGB, colour_of, ink_on, slot_of
from runner_core.results.columns import NO_NUMBER
from runner_core.results.inference import Inference

FILL = 110  # opacity of masks and class maps, 0 to 255
LEAST_POINT = 0.2  # keypoints that score less are not drawn
MOST_ROWS = 8  # of a legend or of a classification

_UNLABELLED = {"void", "unlabeled", "unlabelled"}  # what datasets call pixels that have no label

# COCO's person: https://cocodataset.org/#keypoints-2020, counted from 0.
PERSON_LIMBS = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8),
    (7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip


def annotate_picture(image: Image.Image, inferences: Sequence[Inference]) -> Image.Image:
    """A new RGB image with class maps, masks, boxes, keypoints and names drawn in; ``image`` (RGB) stays as it is.

    A class has the same colour in every picture. Names carry the brain's where there are several. Raises UsageError
    where RUNNER_FONT names no font.
    """
    canvas = image.copy()
    canvas.info = {}  # a colour profile or a transparent colour belongs to the file, not to these pixels
    style = Style.of(canvas.size)
    for layer in (_draw_class_map, _draw_masks, _draw_boxes, _draw_keypoints):
        for inference in inferences:
            layer(canvas, inference, style)
    _draw_names(Tags(canvas, style), inferences)
    return canvas


def _rising(inference: Inference) -> Iterator[tuple[int, RGB]]:
    """Rows and their colours, the best last so that it lies on top."""
    for row in range(len(inference) - 1, -1, -1):
        yield row, colour_of(inference.brain, int(inference.model_ids[row]))


def _draw_class_map(canvas: Image.Image, inference: Inference, _: Style) -> None:
    if inference.class_map is None:
        return
    counts = class_counts(inference)
    slots = np.zeros(max(counts, default=0) + 1, np.uint8)  # 0 is left bare
    for number in counts:
        slots[number] = slot_of(inference.brain, number) + 1
    shown = slots[np.where(inference.class_map < len(slots), inference.class_map, 0).clip(0)]
    colours = Image.fromarray(shown)
    veil = colours.point([0, *[FILL] * 255])
    colours.putpalette([0, 0, 0, *(part for colour in PALETTE for part in colour)])
    canvas.paste(colours.convert("RGB"), (0, 0), veil)


def class_counts(inference: Inference) -> dict[int, int]:
    """Pixels of each class in the class map; background, unlabelled pixels and negative numbers do not count."""
    if inference.class_map is None:
        return {}
    numbers = inference.class_map.ravel().astype(np.int64, copy=False)
    counts = np.bincount(numbers if numbers.min(initial=0) >= 0 else numbers[numbers >= 0])
    names = {int(number): inference.labels.name(int(number)) for number in np.flatnonzero(counts)}
    return {
        number: int(counts[number])
        for number, name in names.items()
        if not is_background(name) and name.lower() not in _UNLABELLED
    }


def _draw_masks(canvas: Image.Image, inference: Inference, style: Style) -> None:
    if inference.masks is None:
        return
    for row, colour in _rising(inference):
        _draw_mask(canvas, inference.masks[row].array, colour, style)


def _draw_mask(canvas: Image.Image, mask: NDArray[np.bool_], colour: RGB, style: Style) -> None:
    area = _extent(mask)
    if area is None:
        return
    x1, y1, x2, y2 = area
    part = mask[y1:y2, x1:x2]
    _fill(canvas, part, (x1, y1), colour, FILL)
    rim = _eroded(part, style.rim)
    _fill(canvas, part & ~rim, (x1, y1), ink_on(colour), 255)
    _fill(canvas, rim & ~_eroded(rim, style.line), (x1, y1), colour, 255)


def _extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """x1, y1, x2, y2 around the True pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if len(rows) else None


def _fill(canvas: Image.Image, where: NDArray[np.bool_], corner: tuple[int, int], colour: RGB, opacity: int) -> None:
    (x, y), (high, wide) = corner, where.shape
    canvas.paste(colour, (x, y, x + wide, y + high), Image.fromarray(where * np.uint8(opacity)))


def _eroded(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """Without the pixels that are fewer than ``steps`` from the edge, along rows or columns."""
    for _ in range(steps):
        inner = np.zeros_like(mask)
        inner[1:-1, 1:-1] = (
            mask[1:-1, 1:-1] & mask[2:, 1:-1] & mask[:-2, 1:-1] & mask[1:-1, 2:] & mask[1:-1, :-2]
        )  # fmt: skip
        mask = inner
    return mask


def _draw_boxes(canvas: Image.Image, inference: Inference, style: Style) -> None:
    if inference.boxes is None:
        return
    draw, boxes = ImageDraw.Draw(canvas), _inside(inference.boxes, canvas.size)
    for row, colour in _rising(inference):
        _draw_box(draw, boxes[row], colour, style)


def _inside(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.int64]:
    """Whole pixels, first and last, at least one each way, none outside the picture; what is no number is 0."""
    most = np.array(size * 2) - 1
    x1, y1, x2, y2 = np.nan_to_num(boxes, posinf=1e6, neginf=-1e6).clip(-1, 1e6).round().astype(np.int64).T
    return np.stack([x1, y1, np.maximum(x1, x2 - 1), np.maximum(y1, y2 - 1)], axis=1).clip(0, most)


def _draw_box(draw: ImageDraw.ImageDraw, box: NDArray[np.int64], colour: RGB, style: Style) -> None:
    x1, y1, x2, y2 = box.tolist()
    line = min(style.line, max(1, min(x2 - x1, y2 - y1) // 8))
    rim = min(style.rim, line)
    draw.rectangle((x1 - rim, y1 - rim, x2 + rim, y2 + rim), outline=ink_on(colour), width=line + 2 * rim)
    draw.rectangle((x1, y1, x2, y2), outline=colour, width=line)


def _draw_keypoints(canvas: Image.Image, inference: Inference, style: Style) -> None:
    if inference.keypoints is None:
        return
    draw, names = ImageDraw.Draw(canvas), inference.names
    for row, colour in _rising(inference):
        points = inference.keypoints[row]
        seen = np.isfinite(points).all(axis=1) & (points[:, 2] >= LEAST_POINT)
        if names[row] == "person" and len(points) == 17:
            _draw_limbs(draw, points, seen, colour, style)
        for x, y, _ in points[seen].tolist():
            _draw_dot(draw, x, y, colour, style)


def _draw_limbs(
    draw: ImageDraw.ImageDraw, points: NDArray[np.float32], seen: NDArray[np.bool_], colour: RGB, style: Style
) -> None:
    ends = [(one, other) for one, other in PERSON_LIMBS if seen[one] and seen[other]]
    limbs = [(*points[one, :2].tolist(), *points[other, :2].tolist()) for one, other in ends]
    for width, ink in ((style.line + 2 * style.rim, ink_on(colour)), (style.line, colour)):
        for limb in limbs:
            draw.line(limb, fill=ink, width=width)


def _draw_dot(draw: ImageDraw.ImageDraw, x: float, y: float, colour: RGB, style: Style) -> None:
    radius = style.line * 1.5 + 1
    draw.circle((x, y), radius + style.rim, fill=ink_on(colour))
    draw.circle((x, y), radius, fill=colour)


def _draw_names(tags: Tags, inferences: Sequence[Inference]) -> None:
    """Panels first, so that tags keep off them; then tags, the best first, so that it has its natural place."""
    several = len(inferences) > 1
    rows = [row for inference in inferences for row in _panel_rows(inference, several)]
    if rows:
        tags.panel(rows)
    for inference in inferences:
        texts = _texts(inference, several)
        for row, area in enumerate(_areas(inference)):
            if area is not None:
                tags.tag(texts[row], colour_of(inference.brain, int(inference.model_ids[row])), area)


def _panel_rows(inference: Inference, several: bool) -> Iterator[Row]:
    """The legend of a class map, or what was said of the picture as a whole."""
    counts = class_counts(inference)
    for number in sorted(counts, key=lambda number: -counts[number])[:MOST_ROWS]:
        name = _with_brain(inference, inference.labels.name(number), several)
        yield colour_of(inference.brain, number), f"{name} {counts[number] / math.prod(inference.size):.1%}"
    if all(column is None for column in (inference.boxes, inference.masks, inference.keypoints, inference.class_map)):
        for number, text in zip(inference.model_ids.tolist()[:MOST_ROWS], _texts(inference, several), strict=False):
            yield colour_of(inference.brain, number), text


def _texts(inference: Inference, several: bool) -> list[str]:
    """What the tag of each row says: ``brain: label 0.93 #track``."""
    texts = [_with_brain(inference, name, several) for name in inference.names]
    if inference.scores is not None:
        texts = [f"{text} {score:.2f}" for text, score in zip(texts, inference.scores.tolist(), strict=True)]
    if inference.tracks is not None:
        tracks = inference.tracks.tolist()
        texts = [text if track == NO_NUMBER else f"{text} #{track}" for text, track in zip(texts, tracks, strict=True)]
    return texts


def _with_brain(inference: Inference, label: str, several: bool) -> str:
    return f"{inference.brain}: {label}" if several and label != inference.brain else label


def _areas(inference: Inference) -> Iterator[Area | None]:
    """Where each row lies: its box, else around its mask, else around its keypoints."""
    if inference.boxes is not None:
        yield from map(tuple, _inside(inference.boxes, inference.size).tolist())
    elif inference.masks is not None:
        yield from (_extent(mask.array) for mask in inference.masks)
    elif inference.keypoints is not None:
        yield from map(_around, inference.keypoints)


def _around(points: NDArray[np.float32]) -> Area | None:
    seen = points[np.isfinite(points).all(axis=1) & (points[:, 2] >= LEAST_POINT), :2]
    return (*seen.min(axis=0).tolist(), *seen.max(axis=0).tolist()) if len(seen) else None
