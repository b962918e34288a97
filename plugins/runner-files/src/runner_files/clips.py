"""Files among others that are videos, or whatever else another source reads to its end."""

from __future__ import annotations

from pathlib import PurePath

from runner_core.discovery import get_registry
from runner_core.errors import PluginError
from runner_core.frames import is_picture_name


def is_clip_name(name: str) -> bool:
    """Whether another installed source reads files with this suffix, to their end; options may follow the name."""
    if is_picture_name(name) or not (suffix := PurePath(name.partition("?")[0]).suffix.lower()):
        return False
    for found in get_registry().find_claiming("sources", suffix):
        try:
            return getattr(found.load(), "live", True) is False
        except PluginError:  # what is broken reads nothing
            return False
    return False
