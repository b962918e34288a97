"""Finds a model's reference by the words of the table."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
from answers import Answer
from gather import FieldModel


def refer(model: FieldModel, path: Path, picture: np.ndarray) -> Answer:
    """Gives what a model's publisher would answer about a picture: RGB uint8, [height, width, 3]."""
    family, *told = model.reference.split()
    words = dict(word.partition("=")[::2] for word in told)
    answer: Answer = importlib.import_module(f"references.{family}").refer(path, picture, words)
    return answer
