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


def make_properties(device: str, options: EngineOptions) -> dict[str, Any]:
    """OpenVINO's properties for compiling a model so that a single call is quick."""
    found: dict[str, Any] = {"INFERENCE_PRECISION_HINT": options.precision, "PERFORMANCE_HINT": "LATENCY"}
    if not device.startswith("CPU"):
        return found
    found["ENABLE_CPU_PINNING"] = False  # several brains' threads would be pinned to the same cores
    if options.threads:
        found |= {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": options.threads}
    return found
