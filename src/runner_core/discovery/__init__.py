"""Which plugins are installed, and what is wrong with those that do not load."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.discovery.registry import Registry as Registry
    from runner_core.discovery.registry import get_registry as get_registry
    from runner_core.discovery.registry import use_registry as use_registry
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "registry": ["Registry", "get_registry", "use_registry"],
        },
    )
