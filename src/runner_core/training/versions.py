"""Where the versions of a brain lie that is trained here, and what a training that was stopped left beside them.

    NAME/1, NAME/2          the versions: folders with a ``brain.json``
    NAME/.training-DIGEST/  a training that is not finished: ``brain`` as the trainer writes it, ``training.json``
    NAME/.training.lock     held while a training of that name runs

A version appears by one rename, when it is whole. A training of the same name, data set, origin and options has the
same digest: it goes on with what one that was stopped has left.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
from filelock import FileLock, Timeout

from runner_core.cards.card import CARD_FILE
from runner_core.errors import TrainingError
from runner_core.util.atomic import make_folder, write_text
from runner_core.util.leftovers import Leftover

log = logging.getLogger("runner")
_STATE, _FINISHED = "training.json", "finished"
_NUMBER = re.compile(r"\d+")
_LEAST_FREE = 64 << 20  # bytes; a trainer asks for what it needs beyond


@attrs.frozen
class Shelf:
    """Where a new version goes: into a folder of versions, or to a place of its own.

    ``folder``  that holds the versions, or the place.
    ``place``   the name of the new folder in it; empty: the number of the version.
    """

    folder: Path
    place: str = ""

    @classmethod
    def at(cls, place: Path) -> Shelf:
        """For a brain in exactly this folder."""
        whole = place.absolute()
        return cls(whole.parent, whole.name)

    @property
    def _prefix(self) -> str:
        return f".{self.place}.training" if self.place else ".training"

    def _list_versions(self) -> list[tuple[int, Path]]:
        """Those that have a number, the greatest last."""
        folders = [] if self.place else [card.parent for card in self.folder.glob(f"[!.]*/{CARD_FILE}")]
        return sorted((int(found[0]), each) for each in folders if (found := _NUMBER.match(each.name)))

    def find_newest(self) -> Path | None:
        """The folder of the greatest version that is there."""
        return self._list_versions()[-1][1] if self._list_versions() else None

    def find_version(self, before: str = "") -> str:
        """The number after the greatest one that is there, and after ``before``."""
        numbers = [number for number, _ in self._list_versions()]
        return str(1 + max([*numbers, *(int(found[0]) for found in [_NUMBER.match(before)] if found)], default=0))

    def find_folder(self, version: str) -> Path:
        return self.folder / (self.place or version)

    def list_names(self) -> list[str]:
        """The names of the versions that are there, those without a number first."""
        named = {card.parent.name for card in self.folder.glob(f"[!.]*/{CARD_FILE}")}
        numbered = [folder.name for _, folder in self._list_versions()]
        return [*sorted(named - set(numbered)), *numbered]

    def remove(self, version: str) -> int:
        """Removes a version, out of sight by one rename first; how many bytes that were.

        Raises TrainingError where that cannot be done, or a training of this name runs, which may go on from it.
        """
        aside = self.folder / f"{self._prefix}-removed-{version}"
        gone = Leftover(aside, self.try_hold)  # `runner clean` finds it, should this process be killed now
        try:
            with self.try_hold() as free:
                if not free:
                    raise TrainingError(
                        f"{self.folder.name}: a training of it runs now, and may go on from version {version}",
                        remedy="nothing is removed; wait until it is done",
                    )
                (self.folder / version).rename(aside)
            size = gone.size
            gone.remove()
        except OSError as error:
            raise make_disk_error(error, self.folder) from error
        return size

    def check(self) -> None:
        """Raises TrainingError where a version cannot be written, or where something else is. It writes nothing."""
        place = self.folder / self.place
        try:
            if self.place and place.exists() and (not place.is_dir() or any(place.iterdir())):
                raise TrainingError(f"{place}: something is there already", remedy="give another folder, or remove it")
            there = next(path for path in (self.folder, *self.folder.parents) if path.exists())
            free = shutil.disk_usage(there).free
        except OSError as error:
            raise make_disk_error(error, self.folder) from error
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            what = "may not be written" if there.is_dir() else "is not a folder"
            raise TrainingError(f"{self.folder}: {there} {what}", remedy="give another folder")
        if free < _LEAST_FREE:
            raise TrainingError(f"{self.folder}: {free / 1e6:.0f} MB are free there", remedy="free some space")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Raises TrainingError while another process trains here."""
        with self.try_hold() as free:
            if not free:
                remedy = "wait until it is done, or give this one another name"
                raise TrainingError(f"{self.folder / self.place}: another process trains it now", remedy=remedy)
            yield

    @contextmanager
    def try_hold(self) -> Iterator[bool]:
        """Yields whether nobody else trains here; if so, nobody else begins while the block runs."""
        lock = FileLock(self.folder / f"{self._prefix}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def find_work(self, digest: str) -> WorkFolder:
        return WorkFolder(self.folder / f"{self._prefix}-{digest}")

    def open_work(self, digest: str) -> WorkFolder:
        """The folder of a training, with what one that was stopped has left. Says what others have left."""
        work = self.find_work(digest)
        for other in self.find_leftovers():
            if other.path.is_dir() and other.path != work.root:
                log.warning(
                    "%s: %.1f MB of a training with other pictures or options that was stopped; `runner clean` "
                    "removes it", other.path, other.size / 1e6,
                )  # fmt: skip
        return work

    def find_leftovers(self) -> Iterator[Leftover]:
        """Of trainings that were stopped or that run now, the lock last."""
        for path in (*sorted(self.folder.glob(f"{self._prefix}-*")), self.folder / f"{self._prefix}.lock"):
            if path.exists():
                yield Leftover(path, self.try_hold)


@attrs.frozen
class WorkFolder:
    """A training that is not finished."""

    root: Path

    @property
    def brain(self) -> Path:
        """The folder that a trainer is given."""
        return self.root / "brain"

    def begin(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Makes the folder; what the training was told that was stopped in it, else empty.

        ``told`` is kept as JSON: it says to people what is trained.
        """
        known = self._read_state()
        make_folder(self.brain)
        if not known:
            write_text(self.root / _STATE, json.dumps(told, indent=1) + "\n")
        return known

    @property
    def is_finished(self) -> bool:
        """Whether all is done but moving the brain to its place."""
        return self._read_state().get(_FINISHED) is True

    def _read_state(self) -> dict[str, Any]:
        """Empty where there is none, or one that is damaged."""
        try:
            state = json.loads((self.root / _STATE).read_bytes())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def publish(self, place: Path) -> None:
        """Moves the brain to its place by one rename, and removes the rest. Raises OSError."""
        write_text(self.root / _STATE, json.dumps({_FINISHED: True, "place": str(place)}) + "\n")
        shutil.rmtree(self.brain / "work", ignore_errors=True)
        with suppress(OSError):
            place.rmdir()  # an empty one that somebody made: not everywhere is a folder renamed to one
        self.brain.rename(place)
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def published(self) -> Path | None:
        """Where the brain was moved to by a training that was killed before it could remove the rest."""
        place = self._read_state().get("place", "") if self.is_finished else ""
        return Path(place) if place and not self.brain.is_dir() and (Path(place) / CARD_FILE).is_file() else None

    def remove(self) -> None:
        """Where it can be; ``runner clean`` does it otherwise."""
        shutil.rmtree(self.root, ignore_errors=True)


def make_disk_error(error: OSError, folder: Path) -> TrainingError:
    """A TrainingError that says which file, and what to do: a disk that is full, rights that are not there."""
    where = error.filename or folder
    return TrainingError(
        f"{where}: cannot be read or written ({error.strerror or error})",
        remedy="see to it, then give the same command again: it goes on from there",
    )
