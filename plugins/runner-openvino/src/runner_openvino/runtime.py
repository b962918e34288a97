"""The runtime: imported when a model is first loaded, with its usage reports switched off."""

import importlib
import sys
from functools import cache
from typing import Any


def import_runtime() -> Any:
    """The ``openvino`` module. Raises ImportError.

    Its import reports itself through openvino-telemetry, which keeps an identity of the machine in the home folder.
    OpenVINO works without it where it cannot be imported, so it is made so, unless it is imported already.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: not to be found
    return importlib.import_module("openvino")


def shared_core() -> Any:
    """The one ``openvino.Core`` of this process. Raises ImportError, RuntimeError.

    One, and it stays: OpenVINO's CPU plugin gives the thread that loads it a stack of its own for signal handlers, and
    when it goes it puts back the stack that it found. After two whose lives overlap that is the stack of the first,
    which is unmapped by then, and the next Ctrl-C is a segmentation fault.
    """
    return _core(import_runtime())


@cache
def _core(openvino: Any) -> Any:
    return openvino.Core()
