"""What the tests of this distribution share."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference


@pytest.fixture(scope="session")
def expected(testdata: Path) -> Mapping[str, Any]:
    """Picture -> what a direct call of TensorFlow finds in it above 0.5."""
    return json.loads((testdata / "expected.json").read_text())


@pytest.fixture
def frame() -> Frame:
    """640 x 480 pixels."""
    return Frame.from_array(np.zeros((480, 640, 3), np.uint8))


@pytest.fixture
def demand_found() -> Callable[..., None]:
    return _demand_found


def _demand_found(told: Inference, expected: Mapping[str, Any], *, iou: float, score: float, near: float = 0.0) -> None:
    """Every expected detection is told, and nothing else; what scores within ``near`` of 0.5 may be missing or new."""
    found = [(one.label, one.score, one.box) for one in told.instances]
    wanted = [(one["label"], one["score"], one["box"]) for one in expected["detections"]]
    for here, there in ((wanted, found), (found, wanted)):
        for label, confidence, box in here:
            match = any(label == a and abs(confidence - b) <= score and overlap(box, c) >= iou for a, b, c in there)
            assert match or confidence < 0.5 + near, f"{label} {confidence:.3f} {box} is not among {there}"


def overlap(one, other) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, wide) * max(0.0, high)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)
