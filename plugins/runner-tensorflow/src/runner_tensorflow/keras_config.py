"""What a file asks Keras to build, checked before Keras sees it.

Keras's own safe mode refuses a Lambda's Python; layers that read files or load SavedModels are another matter. So all
that the configuration names must be on a list, ``keras_objects.txt`` (see ``safety``), however deep it is nested.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner_core.errors import EngineError
from runner_tensorflow.safety import make_untrusted_error, read_list

_CONFIG = "config.json"
_MEMBERS = frozenset({_CONFIG, "metadata.json", "model.weights.h5"})  # assets belong to layers that are not listed
_LARGEST = 64 << 20  # bytes of configuration
_MOST_RATIO = 200  # unpacked to packed; weights hardly shrink, a bomb does
# How Keras writes values and functions: keras/src/saving/serialization_lib.py
_VALUES = frozenset({"__bytes__", "__ellipsis__", "__keras_tensor__", "__numpy__", "__slice__", "__tensor__"})
_FUNCTION = "function"
# Ours, for what Keras 2 describes: they check what they are asked for.
_OWN = frozenset(
    f"runner_tensorflow.tensorflow_functions.{name}"
    for name in ("SlicingOpLambda", "TFOpLambda", "hard_sigmoid_of_keras_2")
)
_BUILTINS = ("keras.activations", "keras.losses", "keras.metrics")  # where it looks for functions of "builtins"


def demand_known(file: Path, path: Path) -> None:
    """Raises UntrustedError for a ``.keras`` file that holds, or asks for, what is not listed; EngineError for none.

    ``path`` is what the file is called in messages.
    """
    with zipfile.ZipFile(file) as archive:
        _check_size(archive, path, file.stat().st_size)
        config = _read_config(archive, path)
        strange = sorted(set(archive.namelist()) - _MEMBERS)
    if strange:
        raise make_untrusted_error(path, f"it holds {strange[0]!r}")
    config["compile_config"] = None  # for training, so it is not built
    demand_listed(config, path)


def demand_listed(config: Mapping[str, Any], path: Path) -> None:
    """Raises UntrustedError for a description that asks for what is not listed, at any depth."""
    for described in _list_described(config):
        if not _is_listed(described):
            raise make_untrusted_error(path, f"it is built with {described.get('module')}.{described['class_name']}")


def _check_size(archive: zipfile.ZipFile, path: Path, packed: int) -> None:
    """Keras reads a member whole into memory."""
    size = sum(entry.file_size for entry in archive.infolist())
    if size > _LARGEST + _MOST_RATIO * packed:
        raise EngineError(f"{path}: it unpacks to {size} bytes, far more than weights do", remedy="fetch it again")


def _read_config(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        if archive.getinfo(_CONFIG).file_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST} bytes")
        config = json.loads(archive.read(_CONFIG))
    except (KeyError, RecursionError, ValueError) as error:
        raise EngineError(f"{path}: its {_CONFIG} cannot be read ({error})", remedy="fetch it again") from None
    if not isinstance(config, dict):
        raise EngineError(f"{path}: its {_CONFIG} describes no model", remedy="fetch it again")
    return config


def _list_described(config: object) -> Iterator[Mapping[str, Any]]:
    """Everything that names a class, at any depth."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
            if "class_name" in value:
                yield value
        elif isinstance(value, list):
            waiting.extend(value)


def _is_listed(described: Mapping[str, Any]) -> bool:
    module, name, function = described.get("module"), described["class_name"], described.get("config")
    if name in _VALUES:
        return True
    if described.get("registered_name") not in (None, name, function):  # a class from outside Keras
        return False
    modules = _BUILTINS if (name, module) == (_FUNCTION, "builtins") else (module,)
    wanted = function if name == _FUNCTION else name
    return any(f"{module}.{wanted}" in read_list("keras_objects.txt") | _OWN for module in modules)
