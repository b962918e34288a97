"""Pace: how long a view takes on this machine, measured on a few pictures before minutes are spent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

import attrs
import numpy as np

from runner_core.datasets import Dataset
from runner_core.errors import TrainingError
from runner_train.base import Front
from runner_train.head import taps_of
from runner_train.pictures import read_pictures
from runner_train.plan import MOST_VIEWS, Plan
from runner_train.views import Variety, Viewer

T = TypeVar("T")
SAMPLE = 6  # pictures
LEARNING = 0.5  # share of the minutes that one pass may take: the rest is for learning and writing


@attrs.frozen
class Pace:
    """Processor seconds, which other work on the machine makes hardly longer, of one picture and of one view."""

    reading: float
    view: float

    def expect(self, pictures: int, views: int, threads: int) -> float:
        """Seconds from the beginning to the features of so many views."""
        return pictures * self.reading + views * self.view / threads


def see_each(plan: Plan, pictures: int) -> Plan:
    """The plan with as many views as there are pictures, at least, as far as they can be kept."""
    views = min(MOST_VIEWS, math.ceil(pictures / 64) * 64)
    if views <= plan.views:
        return plan
    return attrs.evolve(plan, views=views, reasons=(*plan.reasons, f"{views} views, so that each picture is seen"))


def check_pace(plan: Plan, data: Dataset, minutes: float, threads: int) -> str:
    """What can be said of the time. Raises TrainingError where the minutes are too few to see each picture once."""
    pace = measure_pace(plan, data)
    once = pace.expect(len(data), min(len(data), plan.views), threads) / 60
    if once > LEARNING * minutes:
        raise TrainingError(
            f"{minutes:g} minutes are too few: to see each of {len(data)} pictures once takes {once:.1f} here",
            remedy=f"give at least {math.ceil(once / LEARNING * 10) / 10:g}, or fewer pictures",
        )
    return f"views and features take about {pace.expect(len(data), plan.views, threads):.0f} seconds on this machine"


def measure_pace(plan: Plan, data: Dataset) -> Pace:
    few = data[:: max(1, len(data) // SAMPLE)][:SAMPLE]
    pictures, reading = _time(lambda: read_pictures(few, range(len(data.labels))))
    viewer = Viewer(pictures, plan.size, Variety(quarter=plan.quarter), 0, range(len(pictures)))
    front = Front(taps_of(plan.stride))
    try:
        front.compute(viewer.make_view(0).pixels[None])  # the first time takes longer
        _, seeing = _time(lambda: front.compute(np.stack([viewer.make_view(at).pixels for at in range(SAMPLE)])))
    finally:
        front.close()
    return Pace(reading / len(pictures), seeing / SAMPLE)


def _time(work: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and how long it takes."""
    begun = time.process_time()
    return work(), time.process_time() - begun
