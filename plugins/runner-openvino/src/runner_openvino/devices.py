"""Devices, threads and precision: what a person asks for, in OpenVINO's properties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError


def device_for(asked: str, available: Sequence[str]) -> str:
    """OpenVINO's name of ``cpu``, ``gpu:1``, ``npu``. Raises EngineError naming those there are."""
    name = asked.upper().replace(":", ".")
    if name not in available:
        raise EngineError(f"OpenVINO has no device {asked!r} here", remedy=f"it has {', '.join(devices_of(available))}")
    return name


def devices_of(available: Sequence[str]) -> list[str]:
    """The devices as a person names them."""
    return [name.lower().replace(".", ":") for name in available]


def properties(device: str, options: EngineOptions) -> dict[str, Any]:
    """How to compile: for the quickest single call."""
    found: dict[str, Any] = {"INFERENCE_PRECISION_HINT": options.precision, "PERFORMANCE_HINT": "LATENCY"}
    if not device.startswith("CPU"):
        return found
    found["ENABLE_CPU_PINNING"] = False  # several brains' threads would be pinned to the same cores
    if options.threads:
        found |= {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": options.threads}
    return found
