"""Classifiers: one picture, one score a class.

Sources: the examples of each publisher, as the words of the table tell them; ``end=logits`` is for a model whose
publisher takes the softmax.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Classes
from decode import softmax
from engines import run
from inputs import make_tensor


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Classes:
    """Gives the scores of all classes; of the class ``background`` of the words none, since it is no answer."""
    scores = run(path, make_tensor(path, picture, words))[0].reshape(-1)
    scores = softmax(scores) if words.get("end") == "logits" else scores.copy()
    if "background" in words:
        scores[int(words["background"])] = 0
    return Classes(scores)
