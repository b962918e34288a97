"""Metadata: what a file that OpenVINO has read says of itself.

An ONNX file's properties stay as they are; of a .tflite file OpenVINO reads none, so the file is. An IR's
``rt_info/model_info`` is Model API's; what that calls otherwise than everybody else is told under the usual name too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner_core.cards import read_tflite_metadata

# Source: https://github.com/open-edge-platform/model_api, docs/source/guides/model-configuration.md
_RESIZES = {
    "standard": "stretch",
    "fit_to_window": "pad",
    "fit_to_window_letterbox": "letterbox",
    "crop": "crop",
}
_TRUE = ("true", "yes", "1")


def metadata_of(path: Path, model: Any) -> dict[str, str]:
    """Lists are joined by blanks, as Model API has them."""
    if path.suffix.lower() == ".tflite":
        return read_tflite_metadata(path)
    own = dict(_entries(model, "model_info"))
    return dict(_entries(model, "framework")) | own | _usual(own)


def _entries(model: Any, part: str) -> Iterator[tuple[str, str]]:
    if model.has_rt_info([part]):
        found: Mapping[str, Any] = model.get_rt_info([part]).astype(dict)
        yield from ((key, str(each.value)) for key, each in found.items())


def _usual(told: Mapping[str, str]) -> dict[str, str]:
    """``labels`` one a line; ``mean``, ``std``, ``colour``, ``resize`` and ``pad``.

    Values are scaled only where the numbers are told: a model that Model API has embedded its own steps in takes
    pixels. It reads pictures in the order blue, green, red, and reverses them where a model wants the other one.
    """
    found = {}
    if told.get("labels"):
        found["labels"] = "\n".join(told["labels"].split())
    if told.get("mean_values") or told.get("scale_values"):
        found["mean"] = ",".join(told.get("mean_values", "0").split())
        found["std"] = ",".join(told.get("scale_values", "1").split())
    if "reverse_input_channels" in told:
        found["colour"] = "rgb" if told["reverse_input_channels"].lower() in _TRUE else "bgr"
    if told.get("resize_type") in _RESIZES:
        found["resize"] = _RESIZES[told["resize_type"]]
    if told.get("pad_value"):
        found["pad"] = told["pad_value"].partition(".")[0]
    return found
