"""The error for a path that does not exist."""

from __future__ import annotations

from pathlib import Path

from runner_core.errors import SourceError
from runner_core.util import find_alike_paths


def make_missing_error(path: str) -> SourceError:
    """An error that names the path and existing paths with similar spelling."""
    alike = " or ".join(find_alike_paths(Path(path)))
    remedy = f"did you mean {alike}?" if alike else "check the path"
    return SourceError(f"{path}: no such file or folder", remedy=remedy)
