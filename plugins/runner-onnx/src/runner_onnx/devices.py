"""Devices: ``cpu``, ``cuda:0``, ... and what ONNX Runtime calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runner_core.errors import EngineError

_SUFFIX = "ExecutionProvider"
_CPU = f"CPU{_SUFFIX}"
_ELSEWHERE = f"Azure{_SUFFIX}"  # sends tensors to a service

Provider = tuple[str, dict[str, Any]]


def devices_of(providers: Sequence[str]) -> list[str]:
    """The execution providers of this build as a person names them: ``cpu``, ``cuda``, ``tensorrt``, ``coreml``, ..."""
    return sorted(name.removesuffix(_SUFFIX).lower() for name in providers if name != _ELSEWHERE)


def providers_for(device: str, available: Sequence[str]) -> list[Provider]:
    """The provider for a device, then the processor for what that cannot. Raises EngineError naming what is there."""
    kind, colon, index = device.partition(":")
    chosen = [name for name in available if name != _ELSEWHERE and name.removesuffix(_SUFFIX).lower() == kind.lower()]
    if not chosen or (colon and not index.isdigit()):
        raise EngineError(
            f"ONNX Runtime has no device {device!r} here",
            remedy=f"it has {', '.join(devices_of(available))}; others come with other builds, such as onnxruntime-gpu",
        )
    if chosen == [_CPU]:
        return [(_CPU, {})]
    return [(chosen[0], {"device_id": index} if colon else {}), (_CPU, {})]
