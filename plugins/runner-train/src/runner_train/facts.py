"""The facts of a training that a card keeps: of what, how long, how good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from runner_train.base import find_base
from runner_train.measure import Measured
from runner_train.trainer import Task

PARTS = ("trial", "final")


def describe_training(task: Task, spent: float, state: Mapping[str, Any], figures: Measured | None) -> dict[str, Any]:
    """``spent`` seconds; ``state`` has the steps of each part; ``figures`` are of the held-back pictures."""
    plan = task.plan
    facts: dict[str, Any] = {
        "pictures": len(task.data), "rehearsed": len(task.rehearsed), "objects": dict(task.counts),
        "minutes": round(spent / 60, 2), "seed": task.options.seed, "date": date.today().isoformat(),
        "dataset_sha256": task.data.fingerprint(), "base": "efficientnet-lite0", "base_sha256": hash_base(),
        "input": list(plan.size), "stride": plan.stride, "views": plan.views,
        "steps": {name: state[name] for name in PARTS if name in state},
    }  # fmt: skip
    if figures:
        facts["held_back"] = figures.to_json()
        if plan.fold:
            facts["held_back"]["note"] = "measured before the brain learnt from these pictures as well"
    return facts


def hash_base() -> str:
    return hashlib.sha256(find_base().read_bytes()).hexdigest()
