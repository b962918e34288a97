"""SharedTrunk: one loaded trunk for all brains of this process that begin with it, closed with the last of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import attrs

from runner_core.cards.artifact import Trunk, describe_files
from runner_core.contracts import EngineOptions, Session, Tensors
from runner_core.errors import CardError
from runner_core.frames.memo import FeaturesKey

Keep = Callable[[FeaturesKey, Callable[[], Tensors]], Tensors]  # gives what the function gives, perhaps from before


@attrs.frozen
class TrunkKey:
    """What must be equal for two brains to share a loaded trunk."""

    sha256: str
    engine: str
    options: EngineOptions


class SharedTrunk:
    """Made by ``share_trunk``. ``run`` may be called from several threads.

    ``name`` is how ``--explain`` shows it.
    """

    def __init__(self, session: Session, key: TrunkKey, file: str) -> None:
        self.session, self.key = session, key
        threads, precision = key.options.threads, key.options.precision
        told = [key.engine, *([f"threads={threads}"] if threads else []), *([precision] if precision != "f32" else [])]
        self.name = f"{file} {key.sha256[:12]} on {', '.join(told)}"
        self.users = 0
        self._turn = None if session.concurrent else Lock()
        self._wanted: tuple[str, ...] = ()

    def want(self, outputs: Sequence[str]) -> None:
        """From now on these outputs are computed, besides those that others want."""
        self._wanted = tuple(sorted({*self._wanted, *outputs}))

    def compute_features(self, fed: Tensors, keep: Keep) -> Tensors:
        """All outputs that some head wants, computed or kept from when this very tensor was fed. Raises EngineError."""
        wanted, tensors = self._wanted, tuple(fed.values())
        key = FeaturesKey(self.name, (id(self), *fed, *map(id, tensors), wanted), (self, tensors))
        return keep(key, lambda: self.run(fed, wanted))

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        if self._turn is None:
            return self.session.run(feeds, fetches)
        with self._turn:
            return self.session.run(feeds, fetches)

    def close(self) -> None:
        """One brain less; the last one closes the session."""
        with _lock:
            self.users -= 1
            if self.users:
                return
            _open.pop(self.key, None)
        self.session.close()


# A brain that nobody closes takes its trunk with it when it is collected.
_open: WeakValueDictionary[TrunkKey, SharedTrunk] = WeakValueDictionary()
_lock = Lock()


def share_trunk(key: TrunkKey, file: str, load: Callable[[], Session]) -> SharedTrunk:
    """The trunk that is open already, or else what ``load`` gives. Each caller closes it once."""
    with _lock:
        trunk = _open.get(key)
        if trunk is None:
            trunk = _open[key] = SharedTrunk(load(), key, file)
        trunk.users += 1
        return trunk


def is_trunk_open(key: TrunkKey) -> bool:
    """Whether some brain of this process has it open."""
    return key in _open


def hash_trunk(place: Path, trunk: Trunk, card: Path) -> str:
    """The hex sha256 by which a trunk at ``place`` is known: of its file, or of all its files with their names.

    Raises CardError where the card says that it has other contents: a head fits the trunk that it was trained on.
    """
    found = describe_files(place.parent, place)
    listed = {_strip(trunk, file.path): file.sha256 for file in trunk.files}
    if listed and listed != {file.path: file.sha256 for file in found}:
        raise CardError(
            f"{place}: not the trunk that {card} names: its sha256 is another",
            remedy="get the brain again: a head is of use with its own trunk alone",
        )
    if len(found) == 1:
        return found[0].sha256
    return hashlib.sha256("".join(f"{file.sha256} {file.path}\0" for file in found).encode()).hexdigest()


def _strip(trunk: Trunk, path: str) -> str:
    """A path below the card's folder as one below the trunk's."""
    folder = trunk.path.rpartition("/")[0]
    return path.removeprefix(f"{folder}/") if folder else path


def _forget() -> None:
    """In a fork nothing is open: what its parent has open is the parent's."""
    global _open, _lock
    _open, _lock = WeakValueDictionary(), Lock()


if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(after_in_child=_forget)
