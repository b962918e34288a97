"""Where a session runs, and with how many threads."""

from __future__ import annotations

import re
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_tensorflow.runtime import tf

_KINDS = {"cpu": "CPU", "cuda": "GPU", "gpu": "GPU"}
_DEVICE = re.compile(r"(cpu|cuda|gpu)(?::(\d+))?")


def list_devices() -> tuple[str, ...]:
    """The devices of this machine as ``--device`` spells them: ``cpu``, ``cuda:0``, ..."""
    return ("cpu", *(f"cuda:{index}" for index in range(_count_devices("GPU"))))


def find_device_name(device: str) -> str:
    """TensorFlow's name of ``cpu``, ``cuda:0``, ``gpu:0``. Raises EngineError where there is no such device."""
    match = _DEVICE.fullmatch(device.lower())
    kind, index = (_KINDS[match[1]], int(match[2] or 0)) if match else ("", 0)
    if index >= _count_devices(kind):
        raise EngineError(f"TensorFlow finds no device {device!r}", remedy=f"there are: {', '.join(list_devices())}")
    return f"/{kind}:{index}"


def make_session_config(options: EngineOptions) -> Any:
    """The ``ConfigProto`` of a session on that device with that many threads."""
    config = tf.compat.v1.ConfigProto(allow_soft_placement=True)  # an op that a GPU lacks runs on the CPU
    config.gpu_options.allow_growth = True
    if options.device.lower().startswith("cpu"):
        config.device_count["GPU"] = 0
    if options.threads is not None:
        config.intra_op_parallelism_threads = options.threads
        config.inter_op_parallelism_threads = -1  # ops follow each other in the caller's thread
    return config


def _count_devices(kind: str) -> int:
    return len(tf.config.list_physical_devices(kind)) if kind else 0
