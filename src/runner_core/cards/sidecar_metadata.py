"""Metadata in files beside a model without a card, as exporters and servers write them.

The keys are those of a model's own metadata, as ``runner_core.tasks`` reads it: ``task``, ``names``, ``imgsz``, ... as
Ultralytics spells them; ``mean`` and ``std`` in pixel units (0 to 255); ``resize`` as in a picture spec.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards.teachable_machine import find_teachable_machine
from runner_core.cards.textproto import Fields, parse_textproto
from runner_core.util.plain_file import parse_plain_yaml, read_plain_text

log = logging.getLogger("runner")

_ULTRALYTICS_KEYS = ("task", "names", "imgsz", "stride", "kpt_shape", "end2end", "args")


@attrs.frozen
class SidecarMetadata:
    """What one file says: ``values`` by key, and the ``shapes`` of tensors by name, without a batch axis."""

    file: Path
    values: Mapping[str, str] = attrs.field(factory=dict)
    shapes: Mapping[str, tuple[int | None, ...]] = attrs.field(factory=dict)


def find_sidecar_metadata(model: Path) -> tuple[SidecarMetadata, ...]:
    """What the files in ``list_sidecar_folders`` say, the most reliable first; unrelated files are left out."""
    there = (folder / name for name in _READERS for folder in list_sidecar_folders(model))
    read = [_READERS[path.name](path) for path in there if path.is_file()]
    if teachable := find_teachable_machine(model):
        read.append(SidecarMetadata(*teachable))
    read += [_read_anchors(path) for path in _find_anchor_files(model)]
    return tuple(metadata for metadata in read if metadata.values or metadata.shapes)


def list_sidecar_folders(model: Path) -> tuple[Path, ...]:
    """The folders of files that belong to a model: itself, the one it is in, and the one above a Triton version."""
    folders = (model, model.parent) if model.is_dir() else (model.parent,)
    return (*folders, model.parent.parent) if model.parent.name.isdecimal() else folders


def read_mapping(path: Path, parse: Callable[[str], Any]) -> Mapping[str, Any]:
    """The mapping in a file; empty if the file, whose name is a common one, holds something else.

    A file that cannot be read or parsed is left out, and a warning says so.
    """
    try:
        data = parse(read_plain_text(path))
    except Exception as error:  # noqa: BLE001  # a parser may raise anything
        log.warning("%s: not read (%s)", path, getattr(error, "strerror", None) or " ".join(str(error).split()))
        return {}
    return data if isinstance(data, Mapping) else {}


def read_triton_outputs(path: Path) -> Iterator[Mapping[str, str]]:
    """The scalar fields of each output in a Triton ``config.pbtxt``; none if the file is something else."""
    yield from (dict(_select_scalars(fields)) for fields in _read_triton_tensors(path, "output"))


def _read_ultralytics(path: Path) -> SidecarMetadata:
    """``metadata.yaml`` of Ultralytics' exporter. Source: ultralytics/engine/exporter.py."""
    data = read_mapping(path, parse_plain_yaml)
    return SidecarMetadata(path, {key: str(data[key]) for key in _ULTRALYTICS_KEYS if key in data})


def _read_preprocessor(path: Path) -> SidecarMetadata:
    """``preprocessor_config.json`` of Hugging Face.

    Source: transformers/image_processing_base.py and image_transforms.py.
    """
    data = read_mapping(path, json.loads)
    unit = _to_number(data.get("rescale_factor", 1 / 255)) if data.get("do_rescale", True) else 1.0
    values: dict[str, str] = {}
    if unit and ("image_mean" in data or "rescale_factor" in data):
        normalizes = data.get("do_normalize", True)
        mean = data.get("image_mean") if normalizes else 0
        values = _format_normalization(mean, data.get("image_std", 1), unit, normalizes)
    cropped = data.get("crop_size") if data.get("do_center_crop") else None
    match cropped or data.get("size"):
        case {"height": int(height), "width": int(width)}:
            values |= {"imgsz": f"[{height}, {width}]", "resize": "crop" if cropped else "stretch"}
        case int(side):
            values |= {"imgsz": f"[{side}, {side}]", "resize": "crop" if cropped else "stretch"}
    return SidecarMetadata(path, values)


def _read_timm(path: Path) -> SidecarMetadata:
    """``config.json`` of timm. Source: timm/models/_hub.py, ``save_config_for_hf``."""
    data = read_mapping(path, json.loads)
    config = data.get("pretrained_cfg")
    if not isinstance(config, Mapping):
        return SidecarMetadata(path)
    values = _format_normalization(config.get("mean"), config.get("std"), 1 / 255, True)
    match config.get("input_size"):
        case [3, int(height), int(width)]:
            values |= {"imgsz": f"[{height}, {width}]", "resize": "crop"}
    names = data.get("label_names", config.get("label_names"))
    return SidecarMetadata(path, values | ({"names": str(names)} if isinstance(names, list) and names else {}))


def _read_anomalib(path: Path) -> SidecarMetadata:
    """``metadata.json`` of Anomalib 0 and 1: thresholds, and the scales between the least and the greatest number seen.

    Version 0 also has the normalization of pictures, which later ones do in the graph. Source:
    src/anomalib/deploy/export.py of version 0.7, src/anomalib/deploy/inferencers/base_inferencer.py of 1.1 and 1.2.
    """
    data = read_mapping(path, json.loads)
    values = {}
    for part, prefix in (("image", "pred_scores."), ("pixel", "anomaly_maps.")):
        threshold = _to_number(data.get(f"{part}_threshold"))
        if threshold is None:
            return SidecarMetadata(path)
        values[f"{part}_threshold"] = f"{threshold:.9g}"
        least, most = (_to_number(data.get(prefix + end, data.get(end))) for end in ("min", "max"))
        if least is not None and most is not None and most > least:
            values[f"{part}_scale"] = f"{most - least:.9g}"
    return SidecarMetadata(path, values | _read_transform(data.get("transform")))


def _read_transform(transform: Any) -> dict[str, str]:
    """The normalization among the steps of albumentations, which it writes by their class names."""
    match transform:
        case {"transform": {"transforms": [*steps]}}:
            for step in steps:
                if isinstance(step, Mapping) and str(step.get("__class_fullname__", "")).endswith("Normalize"):
                    return _format_normalization(step.get("mean"), step.get("std"), 1 / 255, True)
    return {}


def _find_anchor_files(model: Path) -> Iterator[Path]:
    """The one text file beside the model that is named for anchors; none where there are several."""
    found = [path for folder in list_sidecar_folders(model) for path in sorted(folder.glob("*anchors*.txt"))]
    yield from found if len(found) == 1 else ()


def _read_anchors(path: Path) -> SidecarMetadata:
    """Widths and heights in turn, as Darknet's ``anchors`` and Keras' ports of YOLO have them: ``10,14, 23,27``."""
    try:
        numbers = [_to_number(part) for part in read_plain_text(path).replace(",", " ").split()]
    except (OSError, ValueError):
        return SidecarMetadata(path)
    return SidecarMetadata(path) if None in numbers or not numbers else SidecarMetadata(path, {"anchors": str(numbers)})


def _read_triton_shapes(path: Path) -> SidecarMetadata:
    """Triton's ``config.pbtxt``, which has the shapes that a model with free axes is served with.

    Source: https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_configuration.html
    """
    shapes = {}
    for side in ("input", "output"):
        for fields in _read_triton_tensors(path, side):
            dims = [_to_number(value) for name, value in fields if name == "dims"]
            name = dict(_select_scalars(fields)).get("name")
            if name and dims and None not in dims:
                shapes[name] = tuple(int(length) if length and length > 0 else None for length in dims)
    return SidecarMetadata(path, shapes=shapes)


def _read_triton_tensors(path: Path, side: str) -> Iterator[Fields]:
    fields = read_mapping(path, lambda text: {"fields": parse_textproto(text)}).get("fields", [])
    yield from (value for name, value in fields if name == side and not isinstance(value, str))


def _select_scalars(fields: Fields) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in fields if isinstance(value, str))


def _format_normalization(mean: Any, std: Any, unit: float, normalizes: bool) -> dict[str, str]:
    """``mean`` and ``std`` in pixel units, from numbers that apply to pixels times ``unit``."""
    means, deviations = _to_channel_numbers(mean), _to_channel_numbers(std if normalizes else 1)
    if means is None or deviations is None or not all(deviations):
        return {}
    return {"mean": _format_numbers(means, unit), "std": _format_numbers(deviations, unit)}


def _format_numbers(numbers: Sequence[float], unit: float) -> str:
    return ",".join(f"{number / unit:.6g}" for number in numbers)


def _to_channel_numbers(value: Any) -> list[float] | None:
    """One number for all channels, or three; None for anything else."""
    numbers = [_to_number(each) for each in (value if isinstance(value, list) else [value])]
    sound = [number for number in numbers if number is not None]
    return sound if len(sound) == len(numbers) and len(sound) in (1, 3) else None


def _to_number(value: Any) -> float | None:
    """A finite number; None for anything else."""
    try:
        return float(value) if isfinite(float(value)) else None
    except (TypeError, ValueError):
        return None


_READERS: dict[str, Callable[[Path], SidecarMetadata]] = {
    "metadata.yaml": _read_ultralytics,
    "preprocessor_config.json": _read_preprocessor,
    "config.json": _read_timm,
    "config.pbtxt": _read_triton_shapes,
    "metadata.json": _read_anomalib,
}
SIDECAR_METADATA_FILES = tuple(_READERS)
