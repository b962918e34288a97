"""A store that runs the brains named by its location, separated by commas, and offers no files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner_core.brain import Brain
from runner_core.cache.cache import Cache
from runner_core.cards.card import Card
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain
from runner_core.plugin import Plugin
from runner_core.testing import FAKE_TASK, fake_brain, fake_rows
from runner_core.testing.fakes import PICTURE, ROWS

PLUGIN = Plugin("online", "online_store:OnlineStore", "brains that run elsewhere")


class OnlineStore:
    asked: tuple[str, str | None, float | None] | None = None  # what the last brain was asked for with

    def __init__(self, location: str) -> None:
        self.label = f"online:{location}"
        self._names = location.split(",")

    def list(self) -> Iterator[BrainRef]:
        return (BrainRef(name, "1") for name in self._names)

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        raise NoSuchBrain(f"{self.label} gives no brain away")

    def online(self, name: str, version: str | None, conf: float | None) -> Brain:
        if name not in self._names:
            raise NoSuchBrain(f"{self.label} has no {name}")
        OnlineStore.asked = (name, version, conf)
        return fake_brain(
            outputs=fake_rows((1, 2, 3, 4, 0.9, 0)),
            card=Card(name, FAKE_TASK.name, roles={PICTURE: PICTURE, ROWS: ROWS}),
        )
