"""Which journal a run keeps, and whether it may go on where an earlier one was stopped."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from runner_core.cache.locks import try_lock
from runner_core.errors import SinkError, UsageError
from runner_core.pipeline.conditions import list_differences
from runner_core.pipeline.journal import Journal
from runner_core.pipeline.outlets import Outlet, Outlets
from runner_core.util.home import NoHomeError, find_home
from runner_core.util.leftovers import find_leftovers

RESUME_BY = {"mtime": "files", "hash": "contents"}  # as people say it -> as a journal has it
LOCKS = "runs"  # a folder of ``RUNNER_HOME``
ANEW = "run without --resume to begin anew"

log = logging.getLogger("runner")


@contextmanager
def keep_journal(outlets: Outlets, conditions: Mapping[str, Any], resume: bool | str) -> Iterator[Journal | None]:
    """The journal of a run, begun anew or, to ``resume``, that of the run before; None without use or place for one.

    Raises UsageError if the run before was another, or a sink cannot be resumed; SinkError while another run writes.
    """
    by = _read_resume(resume)
    if by:
        _check_outlets(outlets)
    if not outlets.resumable:
        yield None
        return
    places = [place_of_journal(outlet) for outlet in outlets.resumable]
    found = next((place for place in places if place.exists()), None)
    with _lock(found if by and found else places[0]):
        journal = _find_journal(outlets, found, places[0], conditions, by)
        with ExitStack() as stack:
            yield journal if _try_open(journal, stack, must=bool(by)) else None


def _try_open(journal: Journal, stack: ExitStack, *, must: bool) -> bool:
    """Whether it can be kept. If it must, raises SinkError where it cannot."""
    try:
        stack.enter_context(journal.open())
    except SinkError as error:
        if must:
            raise
        log.info("%s; this run cannot be resumed", error.message)
        return False
    return True


def place_of_journal(outlet: Outlet) -> Path:
    """A hidden file beside the sink's first place: ``.out.jsonl.run``."""
    place = outlet.places[0].absolute()
    return place.with_name(f".{place.name}.run")


def _read_resume(resume: bool | str) -> str:
    """One of the kinds of a journal; empty if the run begins anew."""
    if not resume:
        return ""
    kind = RESUME_BY.get("mtime" if resume is True else str(resume))
    if not kind:
        raise UsageError(f"resume is {resume!r}", remedy=f"give True, or one of {', '.join(RESUME_BY)}")
    return kind


def _check_outlets(outlets: Outlets) -> None:
    """Raises UsageError if a sink keeps something and cannot be resumed."""
    for outlet in outlets:
        if outlet.keeps and not outlet.resumable:
            remedy = "leave it out; `runner replay` draws and converts the answers of the whole run"
            raise UsageError(f"{outlet.name} cannot go on where a run was stopped", remedy=remedy)
        if not outlet.keeps:
            log.info("%s: gets only what is new", outlet.name)
    if not outlets.resumable:
        raise UsageError("no sink keeps answers that could be resumed", remedy="give one, such as jsonl:out.jsonl")


def _find_journal(outlets: Outlets, found: Path | None, first: Path, conditions: Mapping[str, Any], by: str) -> Journal:
    if not by:
        if found:
            _tell_replaced(found, outlets)
        if found and found != first:
            found.unlink()
        return Journal(first, conditions)
    journal = Journal.read(found, by) if found else None
    if journal is None or not journal.done.total:  # nothing is answered, so nothing need be the same
        _check_empty(outlets, journal.conditions["sinks"] if journal else ())
        return Journal(first, conditions)
    differences = list_differences(journal.conditions, conditions)
    if differences:
        problem = f"the run before was another: {'; '.join(differences)}"
        raise UsageError(problem, remedy=f"ask for the same, or {ANEW}")
    log.info("%d pictures are answered already", journal.done.total)
    return journal


def _tell_replaced(found: Path, outlets: Outlets) -> None:
    with suppress(UsageError, SinkError):  # a journal of another version, or a damaged one
        count = Journal.read(found, RESUME_BY["mtime"]).done.total
        places = [place for outlet in outlets.resumable for place in outlet.places]
        if count and any(_is_filled(place) or any(find_leftovers(place)) for place in places):
            names = ", ".join(outlet.name for outlet in outlets.resumable)
            log.warning("%s: %d answers of an earlier run are replaced; --resume would go on with it", names, count)


def _check_empty(outlets: Outlets, begun: Collection[str]) -> None:
    """Raises UsageError if there is something where a sink would write that no run has begun."""
    for outlet in outlets.resumable:
        if outlet.name not in begun and any(map(_is_filled, outlet.places)):
            problem = f"{outlet.name}: there already, and the journal of no run beside it"
            raise UsageError(problem, remedy=f"give the sinks of the run before in its order, or {ANEW}")


def _is_filled(place: Path) -> bool:
    return any(place.iterdir()) if place.is_dir() else place.exists() and place.stat().st_size > 0


@contextmanager
def _lock(journal: Path) -> Iterator[None]:
    """Raises SinkError while another run of this person writes there."""
    try:
        folder = find_home() / LOCKS
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, NoHomeError):  # a home that is not there or cannot be written is no reason not to run
        yield
        return
    with try_lock(folder, sha256(str(journal).encode(errors="surrogateescape")).hexdigest()) as free:
        if not free:
            raise SinkError(f"{journal}: another run is writing there", remedy="wait for it, or stop it")
        yield
