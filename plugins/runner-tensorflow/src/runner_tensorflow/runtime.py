"""TensorFlow, imported only here, and without its log. Only what ``load`` and ``describe`` use imports this module.

Four environment variables count at the import; where you have set them, they stay as they are:

``TF_CPP_MIN_LOG_LEVEL``           3 where unset: errors come as exceptions.
``TF_OVERRIDE_GLOBAL_THREADPOOL``  1 where unset: each session has threads of its own. Otherwise the first session of
                                   the process sizes one pool for all, those of the program around runner included.
``KERAS_HOME``                     ``keras`` in RUNNER_HOME where unset: Keras writes its settings there as it is
                                   imported, otherwise into the home folder, or into this one if there is none.
``MPLCONFIGDIR``                   ``matplotlib`` in RUNNER_HOME where unset: Keras imports Matplotlib where that is
                                   installed, which then lists the fonts of this machine there.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from runner_core.util import NoHomeError, find_home

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NOISE = re.compile(rb"[IWE]\d{4} |WARNING: All log messages before absl::InitializeLog")


@contextmanager
def _log_held_back() -> Iterator[None]:
    """Keeps log lines from descriptor 2, and passes on what else is written to it.

    The libraries log while they are loaded, before they read any level.
    """
    try:
        shown, held = os.dup(2), tempfile.TemporaryFile()  # noqa: SIM115  # closed below
    except OSError:  # no standard error, or no room for a file: then the log is shown
        yield
        return
    with held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(shown, 2)
            os.close(shown)
            held.seek(0)
            for line in held:
                if not _NOISE.match(line):
                    os.write(2, line)


def _set_folder(variable: str, name: str) -> None:
    """Where a library keeps what it keeps: in RUNNER_HOME, unless it is set."""
    try:
        folder = str(find_home() / name)
    except NoHomeError:
        folder = os.devnull  # no folder can be made there, and the library goes without
    os.environ.setdefault(variable, folder)


os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
_set_folder("KERAS_HOME", "keras")
_set_folder("MPLCONFIGDIR", "matplotlib")
_quiet = os.environ.setdefault(_LEVEL, "3") == "3" and "tensorflow" not in sys.modules
with _log_held_back() if _quiet else nullcontext():
    import tensorflow as tf
    from tensorflow.core.protobuf.config_pb2 import CallableOptions
    from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph
    from tensorflow.python.framework import op_def_registry
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_from_session_graph as session_to_constants,
    )
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as function_to_constants,
    )
    from tensorflow.python.framework.ops import dismantle_graph
    from tensorflow.python.util import deprecation

# Besides ``tf``: what its public API lacks, or gives only with a warning.
__all__ = [
    "AssetFileDef",
    "CallableOptions",
    "SavedModel",
    "TrackableObjectGraph",
    "deprecation",
    "dismantle_graph",
    "function_to_constants",
    "op_def_registry",
    "session_to_constants",
    "tf",
]
