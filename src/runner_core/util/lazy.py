"""The public names of a package, each imported when it is first used: importing the package costs nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def attach_names(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` for a package whose modules have these names.

    Source: PEP 562. Type checkers read the imports that stand beside the call, under ``TYPE_CHECKING``.
    """
    places = {name: f"{package}.{module}" for module, names in homes.items() for name in names}
    exported = sorted(places)

    def get_name(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(places[name]), name)

    return get_name, lambda: exported, exported
