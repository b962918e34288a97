"""The picture that YOLO networks take: letterboxed on grey, 0 to 1.

Source: ultralytics/data/augment.py, ``LetterBox``.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from runner_core.frames.preprocess import PictureSpec
from runner_core.tasks.metadata import size_of

GREY = (114, 114, 114)
FREE_SIZE = (640, 640)  # of an input that takes any, where the metadata do not say
LETTERBOXED = PictureSpec(resize="letterbox", layout="nchw", pad=GREY)


def letterboxed(metadata: Mapping[str, str]) -> PictureSpec:
    """Of the size that an export's metadata tell; values are left to who knows the input's dtype."""
    return attrs.evolve(LETTERBOXED, size=size_of(metadata) or FREE_SIZE)
