"""Devices: ``cpu``, ``cuda:0``, ... and ONNX Runtime's names of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runner_core.errors import EngineError

_SUFFIX = "ExecutionProvider"
_CPU = f"CPU{_SUFFIX}"
_ELSEWHERE = f"Azure{_SUFFIX}"  # sends tensors to a service

Provider = tuple[str, dict[str, Any]]


def list_devices(providers: Sequence[str]) -> list[str]:
    """The execution providers of this build as ``--device`` spells them: ``cpu``, ``cuda``, ``tensorrt``, ..."""
    return sorted(name.removesuffix(_SUFFIX).lower() for name in providers if name != _ELSEWHERE)


def find_providers(device: str, available: Sequence[str]) -> list[Provider]:
    """The provider of a device, then the CPU for what that cannot run. Raises EngineError that names the devices."""
    kind, colon, index = device.partition(":")
    chosen = [name for name in available if name != _ELSEWHERE and name.removesuffix(_SUFFIX).lower() == kind.lower()]
    if not chosen or (colon and not index.isdigit()):
        raise EngineError(
            f"ONNX Runtime has no device {device!r} here",
            remedy=f"it has {', '.join(list_devices(available))}; other builds, such as onnxruntime-gpu, have others",
        )
    if chosen == [_CPU]:
        return [(_CPU, {})]
    return [(chosen[0], {"device_id": index} if colon else {}), (_CPU, {})]
