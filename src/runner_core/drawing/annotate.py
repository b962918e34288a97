"""Drawing what brains found on a copy of the picture.

With Pillow and numpy only, so that the sinks of pictures and of videos and the live view draw alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from runner_core.cards.labels import is_background
from runner_core.drawing.captions import Area, Captions, LegendRow, Style
from runner_core.drawing.drawable import Drawable
from runner_core.drawing.palette import PALETTE, RGB, choose_colour, choose_ink, choose_palette_index

FILL_OPACITY = 110  # opacity of masks and class maps, 0 to 255
MIN_KEYPOINT_SCORE = 0.2  # keypoints with a lower score are not drawn
HEAT_OPACITY = 190  # opacity of the hottest pixel, 0 to 255
MAX_ROWS = 8  # of a legend or of a classification

# From cold to hot, evenly apart; legible in grey too. Source: matplotlib's inferno, from a quarter of it on.
_HEAT_COLOURS = ((87, 16, 110), (147, 38, 103), (203, 65, 73), (243, 120, 25), (252, 190, 45), (252, 255, 164))

_UNLABELLED = {"void", "unlabeled", "unlabelled"}  # what datasets call pixels that have no label

# Keypoint numbers of COCO's person, from 0. Source: https://cocodataset.org/#keypoints-2020
PERSON_LIMBS = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8),
    (7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip


def annotate_picture(image: Image.Image, inferences: Sequence[Drawable]) -> Image.Image:
    """A new RGB image with maps, masks, boxes, keypoints and captions; ``image`` (RGB) stays as it is.

    A class has the same colour in every picture. Captions name the brain if there are several. Raises UsageError if
    RUNNER_FONT does not name a font.
    """
    canvas = image.copy()
    canvas.info = {}  # a colour profile or a transparent colour belongs to the file, not to these pixels
    style = Style.of(canvas.size)
    for layer in (_draw_class_map, _draw_pixel_map, _draw_masks, _draw_boxes, _draw_keypoints):
        for inference in inferences:
            layer(canvas, inference, style)
    _draw_captions(Captions(canvas, style), inferences)
    return canvas


def _iterate_rows(inference: Drawable) -> Iterator[tuple[int, RGB]]:
    """Rows and their colours, the best last, so that it is drawn on top."""
    for row in range(len(inference) - 1, -1, -1):
        yield row, choose_colour(inference.brain, int(inference.model_ids[row]))


def _draw_class_map(canvas: Image.Image, inference: Drawable, _: Style) -> None:
    if inference.class_map is None:
        return
    counts = count_classes(inference)
    indices = np.zeros(max(counts, default=0) + 1, np.uint8)  # 0 is not drawn
    for number in counts:
        indices[number] = choose_palette_index(inference.brain, number) + 1
    shown = indices[np.where(inference.class_map < len(indices), inference.class_map, 0).clip(0)]
    colours = Image.fromarray(shown)
    opacity = colours.point([0, *[FILL_OPACITY] * 255])
    colours.putpalette([0, 0, 0, *(part for colour in PALETTE for part in colour)])
    canvas.paste(colours.convert("RGB"), (0, 0), opacity)


def _draw_pixel_map(canvas: Image.Image, inference: Drawable, _: Style) -> None:
    """A matte in the colour of the best row's class, as opaque as it is; heat in the colours of heat."""
    if inference.pixel_map is None:
        return
    levels = inference.pixel_map.levels
    if inference.pixel_map.kind == "alpha":
        number = int(inference.model_ids[0]) if len(inference) else 0
        canvas.paste(choose_colour(inference.brain, number), (0, 0, *canvas.size), _to_opacity(levels, FILL_OPACITY))
    else:
        steps = np.linspace(0, 255, len(_HEAT_COLOURS))
        ramp = np.stack([np.interp(np.arange(256), steps, part) for part in zip(*_HEAT_COLOURS, strict=True)], axis=1)
        heat = Image.fromarray(ramp.round().astype(np.uint8)[levels])
        canvas.paste(heat, (0, 0), _to_opacity(levels, HEAT_OPACITY))


def _to_opacity(levels: NDArray[np.uint8], most: int) -> Image.Image:
    return Image.fromarray(levels).point([step * most // 255 for step in range(256)])


def count_classes(inference: Drawable) -> dict[int, int]:
    """Pixels of each model_id in the class map; background, unlabelled pixels and negative numbers do not count."""
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


def _draw_masks(canvas: Image.Image, inference: Drawable, style: Style) -> None:
    if inference.masks is None:
        return
    opacity = FILL_OPACITY if inference.pixel_map is None else 0  # the map shows what is inside
    for row, colour in _iterate_rows(inference):
        _draw_mask(canvas, inference.masks[row].array, colour, style, opacity)


def _draw_mask(canvas: Image.Image, mask: NDArray[np.bool_], colour: RGB, style: Style, opacity: int) -> None:
    area = _find_extent(mask)
    if area is None:
        return
    x1, y1, x2, y2 = area
    part = mask[y1:y2, x1:x2]
    _fill(canvas, part, (x1, y1), colour, opacity)
    rim = _erode(part, style.rim)
    _fill(canvas, part & ~rim, (x1, y1), choose_ink(colour), 255)
    _fill(canvas, rim & ~_erode(rim, style.line), (x1, y1), colour, 255)


def _find_extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """x1, y1, x2, y2 around the True pixels; None if there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if len(rows) else None


def _fill(canvas: Image.Image, where: NDArray[np.bool_], corner: tuple[int, int], colour: RGB, opacity: int) -> None:
    (x, y), (high, wide) = corner, where.shape
    canvas.paste(colour, (x, y, x + wide, y + high), Image.fromarray(where * np.uint8(opacity)))


def _erode(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """Without the pixels that are fewer than ``steps`` from the edge along a row or column."""
    for _ in range(steps):
        inner = np.zeros_like(mask)
        inner[1:-1, 1:-1] = (
            mask[1:-1, 1:-1] & mask[2:, 1:-1] & mask[:-2, 1:-1] & mask[1:-1, 2:] & mask[1:-1, :-2]
        )  # fmt: skip
        mask = inner
    return mask


def _draw_boxes(canvas: Image.Image, inference: Drawable, style: Style) -> None:
    if inference.boxes is None:
        return
    draw, boxes, corners = ImageDraw.Draw(canvas), _to_pixel_boxes(inference.boxes, canvas.size), inference.corners
    for row, colour in _iterate_rows(inference):
        if corners is None:
            _draw_box(draw, boxes[row], colour, style)
        else:
            _draw_turned_box(draw, corners[row], colour, style)


def _to_pixel_boxes(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.int64]:
    """N x 4 first and last pixels (x1, y1, x2, y2) in the picture, at least one in each direction; NaN becomes 0."""
    most = np.array(size * 2) - 1
    x1, y1, x2, y2 = np.nan_to_num(boxes, posinf=1e6, neginf=-1e6).clip(-1, 1e6).round().astype(np.int64).T
    return np.stack([x1, y1, np.maximum(x1, x2 - 1), np.maximum(y1, y2 - 1)], axis=1).clip(0, most)


def _draw_box(draw: ImageDraw.ImageDraw, box: NDArray[np.int64], colour: RGB, style: Style) -> None:
    x1, y1, x2, y2 = box.tolist()
    line = min(style.line, max(1, min(x2 - x1, y2 - y1) // 8))
    rim = min(style.rim, line)
    draw.rectangle((x1 - rim, y1 - rim, x2 + rim, y2 + rim), outline=choose_ink(colour), width=line + 2 * rim)
    draw.rectangle((x1, y1, x2, y2), outline=colour, width=line)


def _draw_turned_box(draw: ImageDraw.ImageDraw, corners: NDArray[np.float32], colour: RGB, style: Style) -> None:
    """``corners`` is 4 x 2; one that is not finite is not drawn."""
    if not np.isfinite(corners).all():
        return
    points = [(x, y) for x, y in corners.clip(-1e6, 1e6).tolist()]
    for width, ink in ((style.line + 2 * style.rim, choose_ink(colour)), (style.line, colour)):
        draw.line([*points, *points[:2]], fill=ink, width=width, joint="curve")


def _draw_keypoints(canvas: Image.Image, inference: Drawable, style: Style) -> None:
    if inference.keypoints is None:
        return
    draw, names = ImageDraw.Draw(canvas), inference.names
    for row, colour in _iterate_rows(inference):
        points = inference.keypoints[row]
        visible = np.isfinite(points).all(axis=1) & (points[:, 2] >= MIN_KEYPOINT_SCORE)
        if names[row] == "person" and len(points) == 17:
            _draw_limbs(draw, points, visible, colour, style)
        for x, y, _ in points[visible].tolist():
            _draw_dot(draw, x, y, colour, style)


def _draw_limbs(
    draw: ImageDraw.ImageDraw, points: NDArray[np.float32], visible: NDArray[np.bool_], colour: RGB, style: Style
) -> None:
    ends = [(one, other) for one, other in PERSON_LIMBS if visible[one] and visible[other]]
    limbs = [(*points[one, :2].tolist(), *points[other, :2].tolist()) for one, other in ends]
    for width, ink in ((style.line + 2 * style.rim, choose_ink(colour)), (style.line, colour)):
        for limb in limbs:
            draw.line(limb, fill=ink, width=width)


def _draw_dot(draw: ImageDraw.ImageDraw, x: float, y: float, colour: RGB, style: Style) -> None:
    radius = style.line * 1.5 + 1
    draw.circle((x, y), radius + style.rim, fill=choose_ink(colour))
    draw.circle((x, y), radius, fill=colour)


def _draw_captions(captions: Captions, inferences: Sequence[Drawable]) -> None:
    """The legend first, so that captions avoid it; then captions, the best first, for its preferred place."""
    several = len(inferences) > 1
    rows = [row for inference in inferences for row in _list_legend_rows(inference, several)]
    if rows:
        captions.add_legend(rows)
    for inference in inferences:
        texts = _format_captions(inference, several)
        for row, area in enumerate(_locate_rows(inference)):
            if area is not None:
                captions.add_caption(texts[row], choose_colour(inference.brain, int(inference.model_ids[row])), area)


def _list_legend_rows(inference: Drawable, several: bool) -> Iterator[LegendRow]:
    """The legend of a class map, or the answer for the picture as a whole."""
    if inference.verdict:
        name = _prefix_brain(inference, inference.verdict.label, several)
        yield choose_colour(inference.brain, inference.verdict.model_id), f"{name} {inference.verdict.score:.2f}"
    counts = count_classes(inference)
    for number in sorted(counts, key=lambda number: -counts[number])[:MAX_ROWS]:
        name = _prefix_brain(inference, inference.labels.name(number), several)
        yield choose_colour(inference.brain, number), f"{name} {counts[number] / math.prod(inference.size):.1%}"
    if all(column is None for column in (inference.boxes, inference.masks, inference.keypoints, inference.class_map)):
        for number, text in zip(
            inference.model_ids.tolist()[:MAX_ROWS], _format_captions(inference, several), strict=False
        ):
            yield choose_colour(inference.brain, number), text


def _format_captions(inference: Drawable, several: bool) -> list[str]:
    """The caption of each row: ``brain: label 0.93 #track``."""
    texts = [_prefix_brain(inference, name, several) for name in inference.names]
    if inference.scores is not None:
        texts = [f"{text} {score:.2f}" for text, score in zip(texts, inference.scores.tolist(), strict=True)]
    if inference.tracks is not None:
        tracks = inference.tracks.tolist()
        texts = [text if track < 0 else f"{text} #{track}" for text, track in zip(texts, tracks, strict=True)]
    return texts


def _prefix_brain(inference: Drawable, label: str, several: bool) -> str:
    return f"{inference.brain}: {label}" if several and label != inference.brain else label


def _locate_rows(inference: Drawable) -> Iterator[Area | None]:
    """Where each row lies: its box, else around its mask, else around its keypoints."""
    if inference.outer_boxes is not None:
        yield from map(tuple, _to_pixel_boxes(inference.outer_boxes, inference.size).tolist())
    elif inference.masks is not None:
        yield from (_find_extent(mask.array) for mask in inference.masks)
    elif inference.keypoints is not None:
        yield from map(_enclose_points, inference.keypoints)


def _enclose_points(points: NDArray[np.float32]) -> Area | None:
    visible = points[np.isfinite(points).all(axis=1) & (points[:, 2] >= MIN_KEYPOINT_SCORE), :2]
    return (*visible.min(axis=0).tolist(), *visible.max(axis=0).tolist()) if len(visible) else None
