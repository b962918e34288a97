"""Trust: which model files their owner lets run although they are programs.

An engine refuses a model that could do more than compute, unless its owner trusts it. Trust is given to contents, by
sha256, and remembered in ``trust.json`` of ``RUNNER_HOME``: the same name with other contents is a stranger again.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from runner_core.cards.artifact import describe_files
from runner_core.errors import RunnerError
from runner_core.util.facts import read_facts, update_facts
from runner_core.util.home import HOME_VARIABLE, home

TRUST_FILE = "trust.json"


def digest_of(artifact: Path) -> str:
    """Hex sha256 over the names and contents of all files of an artifact.

    Raises RunnerError for one with a link to a folder: what lies behind it is not told by the names.
    """
    linked = _linked(artifact)
    if linked:
        raise RunnerError(
            f"{linked}: a link to a folder, which can change unseen", remedy="put the folder itself there"
        )
    files = describe_files(artifact.parent, artifact)
    listed = "".join(f"{file.sha256} {file.path}\0" for file in files)  # no path holds a zero: no list reads as another
    return hashlib.sha256(os.fsencode(listed)).hexdigest()


def is_trusted(artifact: Path) -> bool:
    """Whether exactly these contents were trusted before."""
    known = _read()
    return bool(known) and not _linked(artifact) and digest_of(artifact) in known


def remember(artifact: Path, name: str) -> None:
    """Trusts these contents from now on; ``name`` is for people who read the file. Raises RunnerError."""
    try:
        update_facts(TRUST_FILE, lambda: {**_read(), digest_of(artifact): name})
    except OSError as error:
        remedy = f"set {HOME_VARIABLE} to a folder of yours"
        raise RunnerError(f"{home() / TRUST_FILE}: cannot be written ({error.strerror})", remedy=remedy) from error


def _linked(artifact: Path) -> Path | None:
    return next((path for path in artifact.rglob("*") if path.is_symlink() and path.is_dir()), None)


def _read() -> dict[str, str]:
    try:
        return read_facts(TRUST_FILE)
    except (OSError, ValueError) as error:
        remedy = "remove it: nothing is trusted then"
        raise RunnerError(f"{home() / TRUST_FILE}: not readable ({error})", remedy=remedy) from error
