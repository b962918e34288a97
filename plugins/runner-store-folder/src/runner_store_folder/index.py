"""``index.json``: what a folder of brains holds, for those who see it through a web server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from runner_core.artifact import describe_files
from runner_core.atomic import write_text
from runner_core.card import FILE_NAME, Card

INDEX = "index.json"


def write_index(root: Path, brains: Iterable[Path]) -> None:
    """Lists the brains below ``root``, by name, version, and every file with sha256 and size; whole or not at all."""
    write_text(root / INDEX, json.dumps({"brains": [_entry(root, folder) for folder in brains]}, indent=1) + "\n")


def _entry(root: Path, folder: Path) -> dict[str, Any]:
    card = Card.read(folder / FILE_NAME)
    return {
        "name": card.name,
        "version": card.version,
        "summary": f"{card.task}: {', '.join(card.labels.names[:5])}",
        "folder": folder.relative_to(root).as_posix(),
        "files": [attrs.asdict(file) for file in describe_files(folder, folder)],
    }
