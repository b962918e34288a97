"""Metadata: what a file that OpenVINO reads says of itself.

An ONNX file's properties stay as they are. OpenVINO reads none of a .tflite file, so the file itself is read.
An IR's ``rt_info/model_info`` is Model API's; where its keys differ from the usual ones, the usual ones are added.
``model_name`` is how the converter named the network.
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
_NAME = ["conversion_parameters", "model_name"]
_TRUE = ("true", "yes", "1")


def read_metadata(path: Path, model: Any) -> dict[str, str]:
    """Metadata by key; lists are joined by blanks, as Model API has them."""
    if path.suffix.lower() == ".tflite":
        return read_tflite_metadata(path)
    named = {"model_name": str(model.get_rt_info(_NAME).value)} if model.has_rt_info(_NAME) else {}
    own = named | dict(_read_entries(model, "model_info"))
    return dict(_read_entries(model, "framework")) | own | _to_usual_keys(own)


def _read_entries(model: Any, part: str) -> Iterator[tuple[str, str]]:
    if model.has_rt_info([part]):
        found: Mapping[str, Any] = model.get_rt_info([part]).astype(dict)
        yield from ((key, str(each.value)) for key, each in found.items())


def _to_usual_keys(metadata: Mapping[str, str]) -> dict[str, str]:
    """``labels`` one a line; ``mean``, ``std``, ``colour``, ``resize`` and ``pad``.

    Values are scaled only where the numbers are given: a model in which Model API has embedded its own steps takes
    pixels. It reads pictures as blue, green, red, and reverses the channels where a model wants the other order.
    """
    found = {}
    if metadata.get("labels"):
        found["labels"] = "\n".join(metadata["labels"].split())
    if metadata.get("mean_values") or metadata.get("scale_values"):
        found["mean"] = ",".join(metadata.get("mean_values", "0").split())
        found["std"] = ",".join(metadata.get("scale_values", "1").split())
    if "reverse_input_channels" in metadata:
        found["colour"] = "rgb" if metadata["reverse_input_channels"].lower() in _TRUE else "bgr"
    if metadata.get("resize_type") in _RESIZES:
        found["resize"] = _RESIZES[metadata["resize_type"]]
    if metadata.get("pad_value"):
        found["pad"] = metadata["pad_value"].partition(".")[0]
    return found
