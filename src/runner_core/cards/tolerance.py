"""Tolerance: how far two answers may lie apart and still say the same."""

from __future__ import annotations

import attrs


@attrs.frozen
class Tolerance:
    """How far two answers may lie apart and still say the same.

    ``iou``        least overlap of boxes, and of masks.
    ``score``      greatest difference of scores.
    ``threshold``  what an instance had to score to be told: one within ``score`` of it may be missing.
    ``pixels``     least share of a class map's pixels that have the same label.
    ``keypoints``  greatest distance of a keypoint that scores ``threshold`` on both sides, as a share of the picture's
                   longer side.
    """

    iou: float = 0.9
    score: float = 0.03
    threshold: float = 0.5
    pixels: float = 0.98
    keypoints: float = 0.02

    def allowing(self, other: Tolerance) -> Tolerance:
        """With what the other allows more."""
        return attrs.evolve(
            self,
            iou=min(self.iou, other.iou),
            score=max(self.score, other.score),
            pixels=min(self.pixels, other.pixels),
            keypoints=max(self.keypoints, other.keypoints),
        )
