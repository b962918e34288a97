"""Asks runner about a picture as a new user would: ``runner predict PICTURE --brain FILE --json``, and nothing more."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import attrs
import numpy as np


@attrs.frozen(eq=False)
class Prediction:
    """What runner printed: its JSON, or ``None`` and the message with which it refused the model."""

    answer: dict[str, Any] | None
    message: str

    @property
    def guesses(self) -> list[str]:
        """What runner says that it guessed."""
        return list(self.answer.get("guesses") or []) if self.answer else []

    @property
    def instances(self) -> list[dict[str, Any]]:
        """The rows of the answer."""
        return list(self.answer["instances"]) if self.answer else []

    @property
    def is_vector(self) -> bool:
        """Whether the answer is numbers without a meaning."""
        return any("vector" in row for row in self.instances)

    def read_class_map(self) -> np.ndarray | None:
        """Reads the class of each pixel, int [height, width]; None where the answer has none."""
        told = self.answer.get("class_map") if self.answer else None
        if not told:
            return None
        values, lengths = np.array(told["runs"]).T
        return np.repeat(values, lengths).reshape(told["size"])

    def read_masks(self) -> np.ndarray | None:
        """Reads the pixels of all instances, bool [height, width]; None where none has a mask."""
        from pycocotools import mask

        told = [row["mask"] for row in self.instances if row.get("mask")]
        return np.any([mask.decode(one) for one in told], axis=0) if told else None


def predict(path: Path, picture: Path, settle: str = "", timeout: float = 300) -> Prediction:
    """Runs the command in a process of its own; ``settle`` follows the model's path after a question mark."""
    brain = f"{path}?{settle}" if settle else str(path)
    command = ["runner", "predict", str(picture), "--brain", brain, "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    except subprocess.TimeoutExpired:
        return Prediction(None, f"no answer within {timeout:.0f} s")
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    told = [line for line in done.stderr.splitlines() if line.startswith(("runner:", "Error", "Traceback"))]
    return Prediction(json.loads(lines[0]) if lines else None, " ".join(told) or done.stderr.strip()[-400:])
