"""Masks of one thing: a person, the foreground, text. A score from 0 to 1 for each pixel.

Sources: MediaPipe's selfie segmentation; rembg's session for U2Net, which spreads the scores from their least to their
most; PaddleOCR's DB detector, whose sides are whole multiples of 32 (``size=text``).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from answers import Mask
from decode import softmax
from engines import run
from inputs import make_tensor


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Mask:
    """Gives the score of each pixel of the picture."""
    height, width = picture.shape[:2]
    if words.get("size") == "text":
        factor = max(1.0, 736 / min(height, width))
        sides = [round(side * factor / 32) * 32 for side in (height, width)]
        words = {**words, "shape": f"1x3x{sides[0]}x{sides[1]}"}
    out = run(path, make_tensor(path, picture, words))[0][0]
    scores = _get_scores(softmax(out) if words.get("end") == "logits" else out, int(words.get("channel", "0")))
    if words.get("end") == "spread":
        scores = (scores - scores.min()) / (scores.max() - scores.min())
    return Mask(cv2.resize(scores, (width, height), interpolation=cv2.INTER_LINEAR))


def _get_scores(out: np.ndarray, channel: int) -> np.ndarray:
    return out[channel] if out.shape[0] <= 2 else out[..., channel]
