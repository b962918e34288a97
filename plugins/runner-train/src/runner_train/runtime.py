"""TensorFlow and Keras, imported when they are first used."""

from __future__ import annotations

import importlib
from contextlib import suppress
from functools import cache
from typing import Any

from runner_core.discovery import get_registry
from runner_core.errors import NotInstalled


class _Module:
    """A module that is imported when one of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(_import(self._name), name)


@cache
def _import(name: str) -> Any:
    try:
        get_registry().make("engines", "tensorflow").describe()  # imports it without its log, as that engine wants it
        return importlib.import_module(name)
    except (ImportError, NotInstalled) as error:
        raise NotInstalled(f"training needs {name} ({error})", remedy="pip install runner-train") from error


tf: Any = _Module("tensorflow")
keras: Any = _Module("keras")


def constants(function: Any) -> Any:
    """A concrete function whose variables have become constants."""
    module = _import("tensorflow.python.framework.convert_to_constants")
    return module.convert_variables_to_constants_v2(function)


def use_threads(count: int | None) -> None:
    """As many as are given, where nothing of TensorFlow has run in this process yet; else what it has."""
    if count:
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            tf.config.threading.set_inter_op_parallelism_threads(1)
