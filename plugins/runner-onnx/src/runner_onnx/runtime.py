"""The runtime: imported when a model is first loaded, and kept from telling anybody about it."""

import importlib
import os
from typing import Any


def runtime() -> Any:
    """The ``onnxruntime`` module. Raises ImportError.

    From 1.29 its official builds send usage events, names of model files among them, unless this variable is set before
    the import; who sets it otherwise is heard.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return importlib.import_module("onnxruntime")
