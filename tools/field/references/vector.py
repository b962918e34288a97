"""Embeddings and regressions: numbers that are no classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Vector
from engines import run
from inputs import make_tensor


def refer(path: Path, picture: np.ndarray, words: dict[str, str]) -> Vector:
    """Gives the model's numbers; with ``batch`` in the words, of the first of that many equal pictures."""
    tensor = make_tensor(path, picture, words)
    batch = int(words.get("batch", "1"))
    out = run(path, np.repeat(tensor, batch, axis=0))[int(words.get("output", "0"))]
    return Vector((out[0] if batch > 1 else out).reshape(-1))
