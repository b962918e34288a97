"""Plan: how a detector is trained, from what its pictures show and the minutes that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets import Dataset
from runner_train.pictures import Boxes, measure_picture, read_objects

AREA, LARGE_AREA, CHOICE_AREA = 320 * 256, 416 * 320, 256 * 224  # pixels of the input
SMALL, BIG = 14 / 320, 0.3  # sides of an object, as shares of the picture
VIEWS_A_MINUTE, LEAST_VIEWS, MOST_VIEWS = 600, 128, 6000
WIDE = 1.15  # width to height of a box that lies
CELLS_AN_OBJECT, LEAST_BEST, MOST_BEST = 8, 128, 768  # cells that answer
MANY = 100  # pictures from which held-back ones are never learnt from


@attrs.frozen
class Shown:
    """What the pictures show: ``aspect`` width to height of most, ``sides`` of the objects as shares of the picture,
    sorted; ``crowd`` objects in a usual picture, ``most`` in one; ``turned`` whether things of a class lie this way and
    that.
    """

    pictures: int
    aspect: float
    sides: NDArray[np.float64]
    reach: tuple[float, float]
    crowd: float
    most: int
    turned: bool


@attrs.frozen
class Plan:
    """``size`` (width, height) of the input, ``stride`` of its cells, ``views`` to learn from.

    ``quarter``  whether views are turned by quarters; ``reach`` as in Grid.
    ``share``    of the pictures that is held back; ``fold`` whether they are learnt from in the end, too.
    ``best``     how many cells answer.
    """

    size: tuple[int, int]
    stride: int
    views: int
    quarter: bool
    reach: tuple[float, float]
    share: float
    fold: bool
    best: int = LEAST_BEST
    reasons: tuple[str, ...] = ()


def look_at(data: Dataset, rehearsed: Sequence[tuple[Boxes, float]] = ()) -> Shown:
    """Reads all labels and the size of each picture; ``rehearsed`` boxes and aspects count as well."""
    seen = [*rehearsed]
    kinds: dict[int, list[Boxes]] = {}
    for example in data:
        wide, high = measure_picture(example)
        boxes, classes = read_objects(example)
        seen.append((boxes, wide / high))
        for kind in set(classes[classes >= 0].tolist()):
            kinds.setdefault(kind, []).append((boxes * np.array([wide, high] * 2))[classes == kind])
    lengths = np.concatenate([boxes[:, 2:] - boxes[:, :2] for boxes, _ in seen])
    reach = np.median(lengths, axis=0) / 2 if len(lengths) else np.array([0.15, 0.15])
    return Shown(
        pictures=len(seen),
        aspect=float(np.median([aspect for _, aspect in seen])),
        sides=np.sort(np.sqrt(np.prod(lengths, axis=1))),
        reach=(float(max(reach[0], 0.02)), float(max(reach[1], 0.02))),
        crowd=float(np.median([len(boxes) for boxes, _ in seen])),
        most=max(len(boxes) for boxes, _ in seen),
        turned=any(_lie_both_ways(np.concatenate(boxes)) for boxes in kinds.values()),
    )


def make_plan(shown: Shown, minutes: float) -> Plan:
    small = float(np.quantile(shown.sides, 0.25)) < SMALL
    size = fit_size(shown.aspect, LARGE_AREA if small else AREA)
    big = float(np.quantile(shown.sides, 0.1)) > BIG
    quarter = shown.turned or shown.crowd >= 6
    stride, best = 16 if big else 8, _count_best(shown)
    plan = Plan(size, stride, _count_views(minutes), quarter, shown.reach, *_hold_back(shown), best)
    return attrs.evolve(plan, reasons=tuple(_explain(plan, shown, minutes)))


def make_choice_plan(shown: Shown, minutes: float) -> Plan:
    """For the class of a whole picture."""
    size = fit_size(shown.aspect, CHOICE_AREA)
    plan = Plan(size, 16, _count_views(minutes), False, shown.reach, *_hold_back(shown))
    reasons = (f"input {size[0]} x {size[1]}: the shape of most pictures", *_explain_rest(plan, shown, minutes))
    return attrs.evolve(plan, reasons=reasons)


def make_pixel_plan(shown: Shown, minutes: float) -> Plan:
    """For the class of each pixel."""
    size = fit_size(shown.aspect, AREA)
    plan = Plan(size, 8, _count_views(minutes), False, shown.reach, *_hold_back(shown))
    reasons = (
        f"input {size[0]} x {size[1]}: the shape of most pictures; a class for every 4 x 4 of its pixels",
        *_explain_rest(plan, shown, minutes),
    )
    return attrs.evolve(plan, reasons=reasons)


def _count_views(minutes: float) -> int:
    return int(np.clip(minutes * VIEWS_A_MINUTE, LEAST_VIEWS, MOST_VIEWS)) // 64 * 64


def _count_best(shown: Shown) -> int:
    return int(np.clip(CELLS_AN_OBJECT * shown.most, LEAST_BEST, MOST_BEST))


def _hold_back(shown: Shown) -> tuple[float, bool]:
    """Which share, and whether they are learnt from in the end."""
    fold = shown.pictures < MANY
    return 0.2 if fold else 0.1, fold


def fit_size(aspect: float, area: int) -> tuple[int, int]:
    """(width, height), multiples of 32 near this area and shape."""
    shape = float(np.clip(aspect, 0.5, 2.0))
    wide = max(96, round((area * shape) ** 0.5 / 32) * 32)
    return wide, max(96, round(area / wide / 32) * 32)


def _explain(plan: Plan, shown: Shown, minutes: float) -> Iterator[str]:
    low, middle, high = (f"{100 * float(np.quantile(shown.sides, part)):.0f}" for part in (0.1, 0.5, 0.9))
    yield f"objects are {low} to {high} % of a picture's side, most {middle} %; {shown.crowd:.0f} in a usual picture"
    large = plan.size[0] * plan.size[1] > 1.2 * AREA
    why = "enlarged for small objects" if large else "as large as is quick"
    yield f"input {plan.size[0]} x {plan.size[1]}: the shape of most pictures, {why}"
    fine = "large objects need no finer ones" if plan.stride == 16 else "boxes are as exact as cells are fine"
    yield f"cells of {plan.stride} pixels: {fine}"
    turns = "things lie in all directions" if shown.turned else "many small things, which have no upper side"
    yield (
        f"views are turned by quarters: {turns}"
        if plan.quarter
        else "views are turned by 8 degrees at most: things stand upright"
    )
    yield from _explain_rest(plan, shown, minutes)


def _explain_rest(plan: Plan, shown: Shown, minutes: float) -> Iterator[str]:
    yield f"{plan.views} views of {shown.pictures} pictures: {minutes:g} minutes"
    folded = "then learnt from as well" if plan.fold else "they pick the best weights"
    yield f"{100 * plan.share:.0f} % of the pictures are held back to measure; {folded}"
    yield "the base stays frozen: with few pictures its own features generalise better than trained ones"


def _lie_both_ways(boxes: Boxes) -> bool:
    """Whether some of a class's boxes, in pixels, are clearly wide and others clearly tall."""
    shape = (boxes[:, 2] - boxes[:, 0]) / np.maximum(boxes[:, 3] - boxes[:, 1], 1e-6)
    return bool(min((shape > WIDE).mean(), (shape < 1 / WIDE).mean()) > 0.05)


PLANNERS = {  # by the kind of the labels
    "object-detection": make_plan,
    "classification": make_choice_plan,
    "semantic-segmentation": make_pixel_plan,
}
