"""Models that no family of runner reads, and files that no engine opens: to be refused, with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from answers import Refusal


def refer(_path: Path, _picture: np.ndarray, words: dict[str, str]) -> Refusal:
    """Gives the reason that the words of the table name."""
    return Refusal(words["why"].replace("_", " "))
