"""The runtime: imported when a model is first loaded, and kept from telling anybody about it."""

import importlib
import sys
from typing import Any


def runtime() -> Any:
    """The ``openvino`` module. Raises ImportError.

    Its import reports itself through openvino-telemetry, which keeps an identity of the machine in the home folder.
    OpenVINO does without where that cannot be imported, so it cannot, unless somebody else has done so before.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: not to be found
    return importlib.import_module("openvino")
