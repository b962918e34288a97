"""Which model files their owner lets run although they are programs.

An engine refuses a model that could read and write files or run code, unless its owner trusts it. Trust is given to
contents, by sha256, and remembered in ``trust.json`` of ``RUNNER_HOME``: other contents under the same name are not
trusted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from runner_core.cards.artifact import describe_files
from runner_core.errors import RunnerError
from runner_core.util.facts import read_facts, update_facts
from runner_core.util.home import HOME_VARIABLE, find_home

TRUST_FILE = "trust.json"


def digest_of(artifact: Path) -> str:
    """Hex sha256 over the names and contents of all files of an artifact.

    Raises RunnerError for one that holds a link to a folder: the names do not say what lies behind it.
    """
    linked = _find_linked_folder(artifact)
    if linked:
        raise RunnerError(
            f"{linked}: a link to a folder, which can change unseen", remedy="put the folder itself there"
        )
    files = describe_files(artifact.parent, artifact)
    listed = "".join(f"{file.sha256} {file.path}\0" for file in files)  # no path holds a zero: no list reads as another
    return hashlib.sha256(os.fsencode(listed)).hexdigest()


def is_trusted(artifact: Path, digest: Callable[[Path], str] = digest_of) -> bool:
    """Whether exactly these contents were trusted before; ``digest`` may know their ``digest_of`` already."""
    known = _read_trusted()
    return bool(known) and not _find_linked_folder(artifact) and digest(artifact) in known


def remember_trust(artifact: Path, name: str, digest: Callable[[Path], str] = digest_of) -> None:
    """Trusts these contents from now on; ``name`` is for people who read the file, ``digest`` as for ``is_trusted``.

    Raises RunnerError.
    """
    try:
        update_facts(TRUST_FILE, lambda: {**_read_trusted(), digest(artifact): name})
    except OSError as error:
        remedy = f"set {HOME_VARIABLE} to a folder of yours"
        raise RunnerError(f"{find_home() / TRUST_FILE}: cannot be written ({error.strerror})", remedy=remedy) from error


def _find_linked_folder(artifact: Path) -> Path | None:
    return next((path for path in artifact.rglob("*") if path.is_symlink() and path.is_dir()), None)


def _read_trusted() -> dict[str, str]:
    try:
        return read_facts(TRUST_FILE)
    except (OSError, ValueError) as error:
        remedy = "remove it: nothing is trusted then"
        raise RunnerError(f"{find_home() / TRUST_FILE}: not readable ({error})", remedy=remedy) from error
