"""The store of the brains that ship with runner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner_core.cache import Cache
from runner_core.cards import CARD_FILE, Card
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain, StoreError

HERE = Path(__file__).parent
BRAINS = HERE / "brains"
LOOKS = HERE / "looks"
PICTURES = HERE / "pictures"
CLIP = HERE / "clip.mp4"


class DemoStore:
    """``page`` finds pages in a camera picture, ``graphs`` the charts on them. Both are in this package."""

    label = "demo"

    def __init__(self, location: str = "") -> None:
        if location:
            raise StoreError(f"the demo store has no location {location!r}", remedy="name it demo: alone")

    def list(self) -> Iterator[BrainRef]:
        for path in sorted(BRAINS.glob(f"*/{CARD_FILE}")):
            card = Card.read(path)
            yield BrainRef(card.name, card.version, f"{card.task}: {', '.join(card.labels.names)}")

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:  # noqa: ARG002  # nothing is copied
        """The folder inside the package."""
        path = BRAINS / name / CARD_FILE
        if not path.is_file() or version not in (None, Card.read(path).version):
            raise NoSuchBrain(f"the demo store has no brain {name!r} {version or ''}", remedy="it has page and graphs")
        return path.parent
