"""Metadata beside a bare model: what exporters and servers put into files of their own, spelled as in a model's own.

The keys are those of ``runner_core.tasks``: ``task``, ``names``, ``imgsz``, ... as Ultralytics has them; ``mean`` and
``std`` in pixel units, ``resize`` as a picture spec calls it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import attrs

from runner_core.cards import textproto as text_format

_ULTRALYTICS = ("task", "names", "imgsz", "stride", "kpt_shape", "end2end", "args")


@attrs.frozen
class Told:
    """What one file tells: ``values`` by key, and the ``shapes`` of tensors by name, without a batch axis."""

    file: Path
    values: Mapping[str, str] = attrs.field(factory=dict)
    shapes: Mapping[str, tuple[int | None, ...]] = attrs.field(factory=dict)


def metadata_beside(model: Path) -> tuple[Told, ...]:
    """What the files around a model tell of it, the surest first; a file that is something else tells nothing."""
    there = (folder / name for name in _READERS for folder in folders_of(model))
    found = (_READERS[path.name](path) for path in there if path.is_file())
    return tuple(told for told in found if told.values or told.shapes)


def folders_of(model: Path) -> tuple[Path, ...]:
    """Where files that belong to a model lie: in it, beside it, and above the number that Triton counts versions by."""
    folders = (model, model.parent) if model.is_dir() else (model.parent,)
    return (*folders, model.parent.parent) if model.parent.name.isdecimal() else folders


def read_data(path: Path, parse: Callable[[str], Any]) -> Mapping[str, Any]:
    """What is in a file of a common name; empty where it is something else, and so not for us."""
    try:
        data = parse(path.read_text(encoding="utf-8-sig"))
    except Exception:  # noqa: BLE001  # whatever its reader raises, it is none of the files we know
        return {}
    return data if isinstance(data, Mapping) else {}


def triton_outputs(path: Path) -> Iterator[Mapping[str, str]]:
    """The scalar fields of each output that a ``config.pbtxt`` describes; nothing where it is none."""
    yield from (dict(_scalars(fields)) for fields in _triton(path, "output"))


def _ultralytics(path: Path) -> Told:
    """``metadata.yaml``, in every folder that the exporter makes. Source: ultralytics/engine/exporter.py."""
    import yaml

    data = read_data(path, yaml.safe_load)
    return Told(path, {key: str(data[key]) for key in _ULTRALYTICS if key in data})


def _preprocessor(path: Path) -> Told:
    """A Hugging Face image processor. Source: transformers/image_processing_base.py and image_transforms.py."""
    data = read_data(path, json.loads)
    unit = _number(data.get("rescale_factor", 1 / 255)) if data.get("do_rescale", True) else 1.0
    values: dict[str, str] = {}
    if unit and ("image_mean" in data or "rescale_factor" in data):
        normalises = data.get("do_normalize", True)
        values = _normalised(data.get("image_mean") if normalises else 0, data.get("image_std", 1), unit, normalises)
    cropped = data.get("crop_size") if data.get("do_center_crop") else None
    match cropped or data.get("size"):
        case {"height": int(height), "width": int(width)}:
            values |= {"imgsz": f"[{height}, {width}]", "resize": "crop" if cropped else "stretch"}
        case int(side):
            values |= {"imgsz": f"[{side}, {side}]", "resize": "crop" if cropped else "stretch"}
    return Told(path, values)


def _timm(path: Path) -> Told:
    """``config.json`` of timm. Source: timm/models/_hub.py, ``save_config_for_hf``."""
    data = read_data(path, json.loads)
    config = data.get("pretrained_cfg")
    if not isinstance(config, Mapping):
        return Told(path)
    values = _normalised(config.get("mean"), config.get("std"), 1 / 255, True)
    match config.get("input_size"):
        case [3, int(height), int(width)]:
            values |= {"imgsz": f"[{height}, {width}]", "resize": "crop"}
    names = data.get("label_names", config.get("label_names"))
    return Told(path, values | ({"names": str(names)} if isinstance(names, list) and names else {}))


def _server(path: Path) -> Told:
    """Triton's ``config.pbtxt``, which tells the shapes that a model of free sides is served with.

    Source: https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_configuration.html
    """
    shapes = {}
    for side in ("input", "output"):
        for fields in _triton(path, side):
            dims = [_number(value) for name, value in fields if name == "dims"]
            name = dict(_scalars(fields)).get("name")
            if name and dims and None not in dims:
                shapes[name] = tuple(int(length) if length and length > 0 else None for length in dims)
    return Told(path, shapes=shapes)


def _triton(path: Path, side: str) -> Iterator[text_format.Fields]:
    fields = read_data(path, lambda text: {"fields": text_format.parse(text)}).get("fields", [])
    yield from (value for name, value in fields if name == side and not isinstance(value, str))


def _scalars(fields: text_format.Fields) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in fields if isinstance(value, str))


def _normalised(mean: Any, std: Any, unit: float, normalises: bool) -> dict[str, str]:
    """In pixel units, of numbers that apply to pixels times ``unit``."""
    means, deviations = _numbers(mean), _numbers(std if normalises else 1)
    if means is None or deviations is None or not all(deviations):
        return {}
    return {"mean": _joined(means, unit), "std": _joined(deviations, unit)}


def _joined(numbers: Sequence[float], unit: float) -> str:
    return ",".join(f"{number / unit:.6g}" for number in numbers)


def _numbers(value: Any) -> list[float] | None:
    """One for all channels, or three."""
    numbers = [_number(each) for each in (value if isinstance(value, list) else [value])]
    sound = [number for number in numbers if number is not None]
    return sound if len(sound) == len(numbers) and len(sound) in (1, 3) else None


def _number(value: Any) -> float | None:
    """A finite one."""
    try:
        return float(value) if isfinite(float(value)) else None
    except (TypeError, ValueError):
        return None


_READERS: dict[str, Callable[[Path], Told]] = {
    "metadata.yaml": _ultralytics,
    "preprocessor_config.json": _preprocessor,
    "config.json": _timm,
    "config.pbtxt": _server,
}
METADATA_NAMES = tuple(_READERS)
