"""The runtime: imported when a model is first loaded, with its usage reports switched off."""

import importlib
import os
from typing import Any


def import_runtime() -> Any:
    """The ``onnxruntime`` module. Raises ImportError.

    From 1.29 its official builds send usage events, names of model files among them, unless this variable is set before
    the import; a value that is set already stays.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return importlib.import_module("onnxruntime")
