"""What to say of a model that no engine opens."""

from __future__ import annotations

from pathlib import Path

from runner_core.engines.foreign_formats import find_by_bytes, find_by_name
from runner_core.errors import UsageError


def make_foreign_error(path: Path) -> UsageError | None:
    """What the file is, or the first such file in the folder, and what to do about it; None where nobody knows."""
    for file in sorted(path.iterdir()) if path.is_dir() and not find_by_name(path) else [path]:
        proved = find_by_bytes(file)
        found = proved or find_by_name(file)
        if found:
            said = "this is" if proved else "its name is that of"
            return UsageError(f"{file}: {said} {found.name}", remedy=found.advise(file))
    return None
