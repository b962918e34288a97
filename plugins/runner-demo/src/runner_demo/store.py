"""The store of the brains that ship with runner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner_core.card import FILE_NAME, Card
from runner_core.contracts import BrainRef
from runner_core.errors import StoreError

HERE = Path(__file__).parent
BRAINS = HERE / "brains"
PICTURES = HERE / "pictures"


class DemoStore:
    """``page`` finds pages in a camera picture, ``graphs`` the charts on them. It has one place: this package."""

    def __init__(self, location: str = "") -> None:
        if location:
            raise StoreError(f"the demo store has no location {location!r}", remedy="name it demo: alone")

    def list(self) -> Iterator[BrainRef]:
        for path in sorted(BRAINS.glob(f"*/{FILE_NAME}")):
            card = Card.read(path)
            yield BrainRef(card.name, card.version, f"{card.task}: {', '.join(card.labels.names)}")

    def fetch(self, name: str) -> Path:
        """The folder inside the package; nothing is copied."""
        folder = BRAINS / name
        if not (folder / FILE_NAME).is_file():
            raise StoreError(f"the demo store has no brain named {name!r}", remedy="it has page and graphs")
        return folder
