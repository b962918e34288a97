"""Devices, threads and precision: EngineOptions in OpenVINO's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError


def find_device(asked: str, available: Sequence[str]) -> str:
    """OpenVINO's name of ``cpu``, ``gpu:1``, ``npu``. Raises EngineError that names the available ones."""
    name = asked.upper().replace(":", ".")
    if name not in available:
        raise EngineError(
            f"OpenVINO has no device {asked!r} here", remedy=f"it has {', '.join(list_devices(available))}"
        )
    return name


def list_devices(available: Sequence[str]) -> list[str]:
    """The devices as ``--device`` spells them."""
    return [name.lower().replace(".", ":") for name in available]


# Keeps quantised networks in floating point, rounded where their file says so. In 8 bits, dot products overflow on
# processors without VNNI, and everywhere other steps are rounded than in the runtime that the file was made for. The
# first property is internal. Source: openvino, inference/dev_api/openvino/runtime/internal_properties.hpp
NO_EIGHT_BITS = {"LP_TRANSFORMS_MODE": False, "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}

# One thread: the caller's. One stream of one thread is no slower, but there OpenVINO 2026.4 drops the error that a run
# ends in and keeps the run queued, so that the next run of any model on that stream repeats it first, and crashes where
# its request is gone. Source: openvino, inference/src/dev/threading/cpu_streams_executor.cpp, ``Defer``
ON_CALLERS_THREAD = {"NUM_STREAMS": 0, "INFERENCE_NUM_THREADS": 1}


def drops_errors(device: str, compiled: Any) -> bool:
    """Whether the model was compiled for one stream of one thread: asked for, or all that there is on one core."""
    return device.startswith("CPU") and all(
        compiled.get_property(name) == 1 for name in ("NUM_STREAMS", "INFERENCE_NUM_THREADS")
    )


def make_properties(device: str, options: EngineOptions, *, own_format: bool = True) -> dict[str, Any]:
    """OpenVINO's properties for compiling a model so that a single call is quick.

    Unless it is in OpenVINO's ``own_format``, a quantised model was made for another runtime: it is not computed in 8
    bits.
    """
    found: dict[str, Any] = {"INFERENCE_PRECISION_HINT": options.precision, "PERFORMANCE_HINT": "LATENCY"}
    if not device.startswith("CPU"):
        return found
    if not own_format:
        found |= NO_EIGHT_BITS
    found["ENABLE_CPU_PINNING"] = False  # several brains' threads would be pinned to the same cores
    if options.threads:
        several = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": options.threads}
        found |= ON_CALLERS_THREAD if options.threads == 1 else several
    return found
