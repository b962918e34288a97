"""Exports of Google's Teachable Machine: how they take a picture, which only the code that comes with them says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from runner_core.util.plain_file import read_plain_text

_MODELS = frozenset({"keras_model.h5", "keras_model.keras", "model_unquant.tflite", "model.tflite"})
_LINE = re.compile(r"(\d+) \S.*")  # of its labels.txt: "0 cat"

# The picture is cropped around its middle, resized by Pillow's LANCZOS and divided by 127.5, less 1.
# Source: the snippet of Python that an export offers, github.com/googlecreativelab/teachablemachine-community,
# snippets/markdown/image/tensorflow-keras.
VALUES = {"colour": "rgb", "resize": "crop", "resample": "lanczos", "mean": "127.5", "std": "127.5"}


def find_teachable_machine(model: Path) -> tuple[Path, Mapping[str, str]] | None:
    """The file that says so, and how the model takes a picture, by the keys of metadata; None for other models."""
    if model.name not in _MODELS:
        return None
    labels, metadata = model.parent / "labels.txt", model.parent / "metadata.json"
    if labels.is_file() and _counts_from_nought(labels):
        return labels, VALUES
    return (metadata, VALUES) if metadata.is_file() and _names_its_package(metadata) else None


def _counts_from_nought(labels: Path) -> bool:
    """Whether each line is a number and a name, the numbers from 0: no other tool writes label files so."""
    try:
        lines = read_plain_text(labels).splitlines()
    except (OSError, ValueError):
        return False
    found = [_LINE.fullmatch(line.strip()) for line in lines if line.strip()]
    return bool(found) and all(match and int(match[1]) == number for number, match in enumerate(found))


def _names_its_package(metadata: Path) -> bool:
    try:
        told = json.loads(read_plain_text(metadata))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and str(told.get("packageName", "")).startswith("@teachablemachine/")
