"""How long a picture takes in each engine: measured once for a machine and a model, kept in ``speeds.json``.

A speed is that of the same contents in the same versions of engine and runtime, on the same device, with as many
threads. The file lies in ``RUNNER_HOME``; a damaged one is no loss: what it held is measured again.
"""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Mapping
from typing import Any

import attrs

from runner_core.loading.candidates import Candidate
from runner_core.loading.options import LoadOptions
from runner_core.util.facts import read_facts, update_facts
from runner_core.util.home import NoHomeError, find_home

SPEEDS_FILE = "speeds.json"

log = logging.getLogger("runner")


@attrs.frozen
class Speed:
    """Milliseconds that the whole brain takes for a picture; None where it does not run, and then why."""

    ms: float | None
    refusal: str = ""


def speed_key(candidate: Candidate, options: LoadOptions) -> str:
    """All that a speed depends on; nothing is imported for it."""
    threads = options.threads or os.environ.get("OMP_NUM_THREADS") or "any"
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    versions = ", ".join(candidate.list_versions())
    how = (options.device, f"{threads} threads", options.precision)
    return " | ".join((candidate.digest, candidate.engine, versions, *how, machine))


def read_speeds() -> dict[str, Speed]:
    """All speeds known, by ``speed_key``."""
    try:
        known = read_facts(SPEEDS_FILE).items()
        return {key: Speed(_to_number(fact.get("ms")), str(fact.get("refusal", ""))) for key, fact in known}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember_speeds(speeds: Mapping[str, Speed]) -> None:
    """Adds these to those known; where the file cannot be written, a warning says so."""
    try:
        update_facts(
            SPEEDS_FILE, lambda: {key: attrs.asdict(speed) for key, speed in {**read_speeds(), **speeds}.items()}
        )
    except NoHomeError as error:
        log.warning("%s; engines are measured again the next time", error)
    except OSError as error:
        place = find_home() / SPEEDS_FILE
        log.warning("%s: cannot be written (%s); engines are measured again the next time", place, error.strerror)


def _to_number(given: Any) -> float | None:
    return None if given is None else float(given)
