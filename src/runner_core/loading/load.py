"""From a candidate to a session: its file in its engine, or its head on the trunk that it shares with other brains."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import attrs

from runner_core.cards.artifact import Trunk, list_files
from runner_core.cards.card import CARD_FILE
from runner_core.contracts import Engine, EngineOptions, Session
from runner_core.discovery.registry import get_registry
from runner_core.errors import EngineError
from runner_core.loading.candidates import Candidate
from runner_core.loading.crash_probe import probe_artifact
from runner_core.loading.fixed_batch import take_one_picture
from runner_core.loading.joined_session import JoinedSession
from runner_core.loading.options import LoadOptions
from runner_core.loading.shared_trunk import SharedTrunk, TrunkKey, hash_trunk, is_trunk_open, share_trunk
from runner_core.loading.trust import find_trusted, remember_trust
from runner_core.util.file_stamps import stamp_files

log = logging.getLogger("runner")


class _Closable(Protocol):
    def close(self) -> None: ...


S = TypeVar("S", bound=_Closable)


def load_session(candidate: Candidate, options: LoadOptions) -> Session:
    """The model in its engine. Raises EngineError, UntrustedError; CardError for a head that does not fit its trunk."""
    name = options.name or (candidate.files.card or candidate.path).name
    log.info("loading %s on %s ...", name, candidate.engine, extra={"passing": True})
    trunk = candidate.artifact.trunk
    if trunk is None:
        return take_one_picture(_load_file(candidate, options))
    with (
        _closed_on_error(_open_trunk(candidate, trunk, options)) as shared,
        _closed_on_error(_load_file(candidate.head, options)) as head,
    ):
        return JoinedSession(shared, head, trunk.taps, candidate.path)


def has_open_trunk(candidate: Candidate, options: LoadOptions) -> bool:
    """Whether a brain of this process has the trunk of this one open, which then costs nothing more."""
    trunk = candidate.artifact.trunk
    return trunk is not None and is_trunk_open(_describe_trunk(candidate, trunk, options)[0])


def find_trusted_copy(candidate: Candidate, options: LoadOptions) -> Path | None:
    """What is opened instead of a model that its owner trusts, now or before. Raises RunnerError."""
    if options.trust:
        return remember_trust(candidate.path, options.name or candidate.path.name, candidate.files.digest)
    return find_trusted(candidate.path, candidate.files.digest)


def _load_file(candidate: Candidate, options: LoadOptions) -> Session:
    """The candidate's own file, or folder, in its engine."""
    engine: Engine = get_registry().make("engines", candidate.engine)
    asked = _to_engine_options(options)
    trusted = find_trusted_copy(candidate, options)
    if trusted:
        return engine.load(trusted, attrs.evolve(asked, trusted=True))
    probe_artifact(candidate, engine, asked)
    return _load_unchanged(candidate.path, lambda: engine.load(candidate.path, asked))


def _open_trunk(candidate: Candidate, trunk: Trunk, options: LoadOptions) -> SharedTrunk:
    """The trunk of a head; loaded unless a brain of this process has it open."""

    def share() -> SharedTrunk:
        key, part = _describe_trunk(candidate, trunk, options)
        return share_trunk(key, part.path.name, lambda: take_one_picture(_load_file(part, options)))

    return _load_unchanged(candidate.files.root / trunk.path, share)  # between the hash and the loading, too


def _describe_trunk(candidate: Candidate, trunk: Trunk, options: LoadOptions) -> tuple[TrunkKey, Candidate]:
    """What it is shared by, and the trunk as a candidate of its own."""
    part = candidate.of_trunk(trunk)
    copy = find_trusted_copy(part, options)
    sha256 = hash_trunk(copy or part.path, trunk, candidate.files.root / CARD_FILE)
    asked = attrs.evolve(_to_engine_options(options), trusted=copy is not None)
    return TrunkKey(sha256, candidate.engine, asked), part


def _to_engine_options(options: LoadOptions) -> EngineOptions:
    return EngineOptions(device=options.device, threads=options.threads, precision=options.precision)


def _load_unchanged(path: Path, load: Callable[[], S]) -> S:
    """What ``load`` opens. Raises EngineError, and closes it, if a file of the artifact was changed meanwhile."""
    files = list_files(path)
    before = stamp_files(files)
    opened = load()
    if stamp_files(files) != before:
        opened.close()
        raise EngineError(
            f"{path}: it was changed while it was opened", remedy="open it again once nobody writes to it"
        )
    return opened


@contextmanager
def _closed_on_error(opened: S) -> Iterator[S]:
    try:
        yield opened
    except BaseException:
        opened.close()
        raise
