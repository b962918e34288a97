"""Class-wise non-maximum suppression of 10,000 boxes: ours in numpy against OpenCV's in C++, on the same boxes.

Each gets the boxes as it likes them, ready made: xyxy float32 as codecs have them, xywh float64 as OpenCV reads them.
"""

from __future__ import annotations

import sys

import attrs
import cv2
import numpy as np
from _measure import alternate, print_verdict
from numpy.typing import NDArray

from runner_core.results.nms import nms

COUNT, IOU, BAR, ROUNDS = 10_000, 0.45, 1.5, 11
PICTURE = 640  # pixels a side


@attrs.frozen
class Scene:
    """``things`` of ``classes``, each with its share of the boxes around it."""

    things: int
    classes: int

    def boxes(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        """xyxy N x 4, scores N, classes N."""
        random = np.random.default_rng(self.things + self.classes)
        places, sides = random.uniform(0, PICTURE, (self.things, 2)), random.uniform(10, 60, (self.things, 2))
        classes, thing = random.integers(0, self.classes, self.things), random.integers(0, self.things, COUNT)
        centres = places[thing] + random.normal(0, 0.1, (COUNT, 2)) * sides[thing]
        halves = sides[thing] * np.exp(random.normal(0, 0.1, (COUNT, 2))) / 2
        corners = np.concatenate([centres - halves, centres + halves], axis=1).astype(np.float32)
        return corners, random.random(COUNT, np.float32), classes[thing].astype(np.int32)


SCENES = [Scene(things, classes) for things in (10_000, 1_000, 100, 10, 1) for classes in (1, 80) if things >= classes]


def compare(scene: Scene) -> float:
    """Prints a line of the table; our time as a share of OpenCV's. Exits where the boxes that stay differ."""
    corners, scores, classes = scene.boxes()
    sized = corners.astype(np.float64)
    sized[:, 2:] -= sized[:, :2]

    def ours() -> list[int]:
        return nms(corners, scores, classes, IOU).tolist()  # type: ignore[no-any-return]

    def theirs() -> list[int]:
        return np.asarray(cv2.dnn.NMSBoxesBatched(sized, scores, classes, 0.0, IOU)).tolist()  # type: ignore[no-any-return]

    kept = ours()
    if kept != theirs():
        sys.exit(f"MISSED {scene}: other boxes stay than with OpenCV")
    spent = alternate({"ours": ours, "theirs": theirs}, rounds=ROUNDS)
    ratio = spent["ours"] / spent["theirs"]
    print(f"{scene.things:6} {scene.classes:7} {len(kept):6} {spent['theirs']:9.2f} {spent['ours']:9.2f} {ratio:6.2f}")
    return ratio


def main() -> int:
    print(f"{COUNT} boxes, IoU {IOU}, medians of {ROUNDS} alternating calls in ms; the same boxes stay")
    print(f"{'things':>6} {'classes':>7} {'stay':>6} {'OpenCV':>9} {'runner':>9} {'ratio':>6}")
    worst = max([compare(scene) for scene in SCENES])
    return 0 if print_verdict("runner's nms, of OpenCV's time, in the worst scene", worst, BAR, "times") else 1


if __name__ == "__main__":
    sys.exit(main())
