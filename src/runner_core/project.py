"""Project: stores, and the brains in them by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner_core.brain import Brain
from runner_core.contracts import BrainRef, Store
from runner_core.errors import StoreError, UsageError
from runner_core.opening import Choices, open_path
from runner_core.registry import registry


class Project:
    """The installed stores, or the one named: ``Project()``, ``Project("demo")``."""

    def __init__(self, store: str | None = None) -> None:
        names = [store] if store else list(registry().all("stores"))
        self._stores: dict[str, Store] = {name: registry().make("stores", name, "") for name in names}

    def brains(self) -> Iterator[tuple[str, BrainRef]]:
        """What the stores offer: (store, brain)."""
        for name, store in self._stores.items():
            for ref in store.list():
                yield name, ref

    def get_model(self, name: str, *, local: bool = True, **choices: Any) -> Brain:
        """The brain of that name, loaded here. ``choices`` are those of ``open_brain``.

        Raises StoreError where no store has it, UsageError for ``local=False`` where no store runs brains online.
        """
        if not local:
            raise UsageError(f"no installed store runs {name} online", remedy="leave local=True")
        return open_path(self.find(name), Choices(**choices))

    def find(self, name: str) -> Path:
        """The folder of the brain of that name, from the first store that has it."""
        for store in self._stores.values():
            if any(ref.name == name for ref in store.list()):
                return store.fetch(name)
        known = ", ".join(sorted(ref.name for _, ref in self.brains())) or "none"
        raise StoreError(
            f"no store has a brain named {name!r}", remedy=f"known: {known}; a path to a model file works too"
        )


def open_brain(path_or_name: str | os.PathLike[str], **choices: Any) -> Brain:
    """Opens a model file, a folder, a ``brain.json``, or a brain by name.

    ``name``         what to call it, where that is not the card's or the file's name.
    ``labels``       a label file, names in class order, or a LabelMap; ``first_class`` is the number of the first.
    ``task``         the family, where several recognise the model; ``engine`` the engine.
    ``conf``         the least score, 0 to 1; ``iou`` the overlap at which a codec's own NMS drops a box.
    ``classes``      names of the classes wanted; ``max_det`` the most instances a frame.
    ``device``       ``cpu``, ``cuda:0``, ...; ``threads`` within one call.
    """
    asked = Choices(**choices)
    text = os.fspath(path_or_name)
    if Path(text).exists() or os.sep in text or Path(text).suffix:
        return open_path(Path(text), asked)
    return open_path(Project().find(text), asked)
