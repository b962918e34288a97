"""An engine whose code ends the process, or never ends, at some files: what is written in one says how."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import EngineOptions, Tensors
from runner_core.errors import EngineError
from runner_core.plugin import Plugin
from runner_core.testing.fakes import PICTURE, FakeSession, fake_rows

FRAGILE = Plugin("fragile", "fragile_engine:FragileEngine", "ends the process", claims=(".frail", ".sound"))
PARENT = "FRAGILE_ENGINE_PARENT"  # names the process in which no file does any harm


class FragileEngine:
    """Notes each opening in the file ``opened`` beside the model."""

    fragile = (".frail",)

    def load(self, artifact: Path, options: EngineOptions) -> FakeSession:
        """Raises EngineError for a file that says "refuse", and in the parent for one that would do harm."""
        says, at_home = artifact.read_text(), os.environ[PARENT] == str(os.getpid())
        with artifact.with_name("opened").open("a") as note:
            note.write("parent " if at_home else "child ")
        if says == "refuse" or (at_home and says.startswith(("crash", "hang"))):
            raise EngineError(f"{artifact}: it says {says!r}")
        while says == "hang":
            time.sleep(1)
        if says == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        return FragileSession(says)

    def describe(self) -> dict[str, str]:
        return {"devices": "cpu"}


class FragileSession(FakeSession):
    """Finds a box in every picture, or ends the process."""

    def __init__(self, says: str) -> None:
        super().__init__(fake_rows((0, 0, 10, 10, 0.9, 1)), {PICTURE: np.zeros((1, 32, 32, 3), np.uint8)})
        self._says = says

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> dict[str, NDArray[Any]]:
        if self._says == "crash when run":
            os.abort()
        return super().run(feeds, fetches)
