"""The public names of a package, each imported when it is first used, so that importing the package is quick."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def attach_names(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` for a package with these names in its modules.

    Source: PEP 562. Type checkers read the imports under ``TYPE_CHECKING`` beside the call.
    """
    paths = {name: f"{package}.{module}" for module, names in homes.items() for name in names}
    exported = sorted(paths)

    def get_name(name: str) -> Any:
        if name not in paths:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(paths[name]), name)

    return get_name, lambda: exported, exported
