"""Tolerance: how far two answers may differ and still count as the same."""

from __future__ import annotations

import attrs


@attrs.frozen
class Tolerance:
    """How far two answers may differ and still count as the same.

    ``iou``        smallest IoU of boxes, and of masks, 0 to 1.
    ``score``      largest difference of scores.
    ``threshold``  the score threshold of the answers: an instance within ``score`` of it may be missing.
    ``pixels``     smallest share of a class map's pixels that have the same label, 0 to 1.
    ``keypoints``  largest distance of a keypoint that scores ``threshold`` in both answers, as a share of the picture's
                   longer side.
    """

    iou: float = 0.9
    score: float = 0.03
    threshold: float = 0.5
    pixels: float = 0.98
    keypoints: float = 0.02

    def widen_to(self, other: Tolerance) -> Tolerance:
        """The wider limit of both in each field; ``threshold`` stays."""
        return attrs.evolve(
            self,
            iou=min(self.iou, other.iou),
            score=max(self.score, other.score),
            pixels=min(self.pixels, other.pixels),
            keypoints=max(self.keypoints, other.keypoints),
        )
