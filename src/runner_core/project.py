"""Project: stores, and brains by name; ``open_brain``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from runner_core.brain import Brain
from runner_core.contracts import BrainRef, OnlineStore, Store
from runner_core.errors import NoSuchBrain, UsageError
from runner_core.loading.open import open_path
from runner_core.loading.options import LoadOptions
from runner_core.stores.config import parse_store_address, read_configured_stores
from runner_core.stores.reference import Reference, parse_reference
from runner_core.stores.resolve import fetch_brain, list_addresses, make_no_such_brain, resolve_brain
from runner_core.util.tracebacks import shorten_traceback


class Project:
    """The configured stores, or the one named: ``Project()``, ``Project("demo")``, ``Project("http:https://...")``."""

    @shorten_traceback
    def __init__(self, store: str | None = None) -> None:
        self._store = parse_store_address(store) if store else None

    @shorten_traceback
    def brains(self) -> Iterator[tuple[str, BrainRef]]:
        """What the stores offer: (the store's alias, the brain). Raises UnreachableError."""
        for address in [self._store] if self._store else read_configured_stores().values():
            for ref in address.open().list():
                yield address.alias, ref

    @shorten_traceback
    def get_model(self, name: str, *, version: str | None = None, local: bool = True, **choices: Any) -> Brain:
        """The brain of that name: loaded here, or with ``local=False`` one that runs on the store's server.

        ``choices`` are those of ``open_brain``; for an online brain, only ``conf``.
        Raises NoSuchBrain, and UsageError if no store runs it online.
        """
        reference = Reference(name, version, self._store)
        if local:
            fetch = partial(fetch_brain, reference)
            return open_path(fetch(), LoadOptions.of(**choices), fetch)
        others = sorted(set(choices) - {"conf"})
        if others:
            raise UsageError(f"an online brain takes no {', '.join(others)}", remedy="it takes conf")
        return _open_online(reference, LoadOptions.of(**choices).conf)


def _open_online(reference: Reference, conf: float | None) -> Brain:
    stores: list[Store] = [address.open() for address in list_addresses(reference)]
    able = [store for store in stores if isinstance(store, OnlineStore)]
    for store in able:
        try:
            return store.online(reference.name, reference.version, conf)
        except NoSuchBrain:
            continue
    if able:
        raise make_no_such_brain(reference)
    asked = ", ".join(store.label for store in stores) or "none"
    raise UsageError(f"no store runs {reference.name} online (asked: {asked})", remedy="leave local=True")


@shorten_traceback
def open_brain(path_or_name: str | os.PathLike[str], **choices: Any) -> Brain:
    """Opens a model file, a folder, a ``brain.json``, or a brain by name: see ``runner_core.stores.reference``.

    ``name``         what to call it, instead of the card's or the file's name.
    ``labels``       a label file, names in class order, or a LabelMap; ``first_class`` is the number of the first one,
                     instead of the card's or the task's.
    ``task``         the family, if several recognise the model, or a card has artifacts of several.
    ``engine``       the engine, or several in the order to try: ``"openvino,tensorflow"``.
    ``conf``         the score threshold, 0 to 1; ``iou`` the overlap at which a codec's own NMS drops a box.
    ``classes``      names of the classes to keep; ``max_det`` the most instances per frame.
    ``device``       ``cpu``, ``cuda:0``, ...; ``threads`` within one call.
    ``range``        of the values that pixels become, ``0..1``; ``mean`` and ``std`` instead; ``colour``, ``resize``,
                     ``resample``, ``size``, ``invert``: how the model takes a picture
                     (``runner_core.loading.picture_options``).
    ``outputs``      what its scores are: ``probabilities``, ``logits``; ``background``: classes that no instance has.
    ``options``      further options of the task, by name; ``strict`` refuses a brain that rests on guesses.
    ``precision``    the lowest precision in which an engine may compute: ``f32``, ``bf16``, ``f16``.
    ``trust``        let the model read and write files or run code, now and whenever exactly these files are opened.

    Raises NoSuchBrain, NotInstalled, UsageError, UntrustedError, and other RunnerErrors that say what to do.
    """
    asked, found = LoadOptions.of(**choices), parse_reference(os.fspath(path_or_name))
    if isinstance(found, Path):
        return open_path(resolve_brain(os.fspath(path_or_name)), asked)
    fetch = partial(fetch_brain, found)
    return open_path(fetch(), asked, fetch)
