"""The crash probe: a file is opened in a child process first, where the code of an engine may die of a damaged one.

What an engine is written in can end the whole process at a damaged or hostile file, or run for ever, and no exception
tells. So where an engine says that it is known to (``contracts.HasFragile``), a child process opens the file, and dies
in place of this one. Contents that went well are remembered in ``probed.json`` of ``RUNNER_HOME``; a trusted file is
not probed.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from time import monotonic

import attrs

from runner_core.cards.artifact import list_files
from runner_core.contracts import Engine, EngineOptions, HasFragile
from runner_core.discovery.registry import get_registry
from runner_core.engines.file_header import read_header
from runner_core.errors import EngineError, RunnerError
from runner_core.loading.candidates import Candidate
from runner_core.util.facts import read_facts, update_facts
from runner_core.util.file_stamps import stamp_files
from runner_core.util.home import NoHomeError

PROBED_FILE = "probed.json"
_CHILD = "runner_core.loading.crash_probe_child"
_READY, _DONE = b"ready", b"done"  # what the child says before and after it opens the file
STARTING = 120.0  # seconds that the framework's import may take
LIMIT = 40.0  # seconds that a file may take after it, and for each ...
_RATE = 5e6  # ... bytes one more
_REMEDY = "it is damaged or hostile: fetch it again, or try another engine by --engine"

log = logging.getLogger("runner")


def probe_artifact(candidate: Candidate, engine: Engine, options: EngineOptions) -> None:
    """Raises EngineError for an artifact at which a child process dies, or does not end.

    Nothing is done for a format that is not fragile, and for contents that went well in these versions before.
    """
    if not isinstance(engine, HasFragile) or candidate.artifact.format not in engine.fragile:
        return
    if candidate.path.is_file():
        read_header(candidate.path)  # what is no model at all needs no child
    before, key = stamp_files(list_files(candidate.path)), _describe_contents(candidate, options)
    if key in _read_probed():
        return
    try:
        ended_well, how = _open_in_child(candidate, options)
    except OSError as error:
        ended_well, how = None, str(error)
    if ended_well is False:
        fault = f"{how}, in the child process that opens such a file first"
        raise EngineError(f"{candidate.path}: engine {candidate.engine} {fault}", remedy=_REMEDY)
    if ended_well is None:
        log.warning(
            "%s: no child process can open it first (%s); should it crash, so does this one", candidate.path, how
        )
    elif key and stamp_files(list_files(candidate.path)) == before:
        _remember(key, candidate.path.name)


def _describe_contents(candidate: Candidate, options: EngineOptions) -> str:
    """What a verdict is remembered by; empty for what cannot be hashed."""
    try:
        digest = candidate.digest
    except (OSError, RunnerError):
        return ""
    return " | ".join((digest, candidate.engine, ", ".join(candidate.list_versions()), options.device))


def _open_in_child(candidate: Candidate, options: EngineOptions) -> tuple[bool | None, str]:
    """Whether a child process outlived the file, be it by an exception; None where there was none. And how it ended."""
    if not sys.executable or getattr(sys, "frozen", False):  # a program of its own, which would be started again
        return None, "there is no Python to start"
    limit = LIMIT + sum(path.stat().st_size for path in list_files(candidate.path)) / _RATE
    with _start_child(candidate, options, STARTING + limit) as child:
        try:
            said = _listen(child, limit).split()
        except subprocess.TimeoutExpired:
            return False, f"did not end within {limit:.0f} s"
        finally:
            child.kill()
    if _READY not in said:
        return None, "it could not be started"
    return _DONE in said, f"died of it ({_name_end(child.returncode)})"


def _listen(child: subprocess.Popen[bytes], limit: float) -> bytes:
    """All that it says. Raises TimeoutExpired where it takes longer than ``limit`` seconds after it was ready."""
    end = monotonic() + STARTING + limit
    ready = False
    while True:
        try:
            return child.communicate(timeout=max(0.0, min(1.0, end - monotonic())))[0]
        except subprocess.TimeoutExpired as waited:
            if not ready and _READY in (waited.output or b""):  # Windows does not tell
                ready, end = True, monotonic() + limit
            if monotonic() >= end:
                raise


def _start_child(candidate: Candidate, options: EngineOptions, limit: float) -> subprocess.Popen[bytes]:
    """A Python that finds all modules where this one does; the program around this one is not run again."""
    target = get_registry().get("engines", candidate.engine).plugin.target
    found = os.pathsep.join(os.path.abspath(place) for place in sys.path)  # noqa: PTH100  # "" is the working folder
    given = (target, os.fspath(candidate.path), json.dumps(attrs.asdict(options)), str(int(2 * limit)))
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _CHILD, *given],
        stdin=quiet,
        stdout=subprocess.PIPE,
        stderr=quiet,
        env={**os.environ, "PYTHONPATH": found},
    )


def _name_end(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code & 0xFFFFFFFF:#x}" if code > 255 else f"exit code {code}"


def _read_probed() -> dict[str, str]:
    try:
        return read_facts(PROBED_FILE)
    except (OSError, ValueError):  # a damaged file is no loss
        return {}


def _remember(key: str, name: str) -> None:
    """``name`` is for people who read the file. Where it cannot be written, the file is probed again."""
    try:
        update_facts(PROBED_FILE, lambda: {**_read_probed(), key: name})
    except (OSError, NoHomeError) as error:
        log.info("%s: opened in a child process first, the next time too (%s)", name, error)
