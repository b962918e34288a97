"""Which model files their owner lets run although they are programs.

An engine refuses a model that could read and write files or run code, unless its owner trusts it. Trust is given to
contents, by sha256, and remembered in ``trust.json`` of ``RUNNER_HOME``: other contents under the same name are not
trusted. A file can change after it was hashed, so what is hashed and opened is a copy in ``RUNNER_HOME``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from runner_core.cards.artifact import describe_files, list_files
from runner_core.engines.files_beside import check_files_beside
from runner_core.errors import RunnerError
from runner_core.util.atomic import make_folder
from runner_core.util.facts import read_facts, update_facts
from runner_core.util.home import HOME_VARIABLE, find_home
from runner_core.util.plain_file import copy_plain_file

TRUST_FILE = "trust.json"
COPIES = "trusted"  # the folder of the copies, each in one named by its digest
_MAKING, _LOCK = ".making", ".lock"  # in it


def digest_of(artifact: Path) -> str:
    """Hex sha256 over the names and contents of all files of an artifact.

    Raises RunnerError for one that holds a link to a folder: the names do not say what lies behind it.
    """
    _refuse_linked_folders(artifact)
    files = describe_files(artifact.parent, artifact)
    listed = "".join(f"{file.sha256} {file.path}\0" for file in files)  # no path holds a zero: no list reads as another
    return hashlib.sha256(os.fsencode(listed)).hexdigest()


def find_trusted(artifact: Path, digest: Callable[[Path], str] = digest_of) -> Path | None:
    """The copy of exactly these contents, to be opened instead, if they were trusted before.

    ``digest`` may know their ``digest_of`` already. Raises RunnerError.
    """
    known = _read_trusted()
    if not known or _find_linked_folder(artifact):
        return None
    found = digest(artifact)
    if found not in known:
        return None
    if not _find_copy(found, artifact).exists():  # it was removed
        with _hold_copies():
            found = _keep_copy(artifact)
    return _find_copy(found, artifact) if found in known else None


def remember_trust(artifact: Path, name: str, digest: Callable[[Path], str] = digest_of) -> Path:
    """Trusts these contents from now on, and gives the copy of them that is to be opened instead.

    ``name`` is for people who read the file, ``digest`` as for ``find_trusted``. Raises RunnerError.
    """
    _refuse_linked_folders(artifact)
    known = find_trusted(artifact, digest)
    if known:
        return known
    with _hold_copies():
        kept = _keep_copy(artifact)
        update_facts(TRUST_FILE, lambda: {**_read_trusted(), kept: name})
    return _find_copy(kept, artifact)


@contextmanager
def _hold_copies() -> Iterator[None]:
    """In the block no other process changes the copies. Raises RunnerError for what cannot be written there."""
    folder = find_home() / COPIES
    try:
        make_folder(folder)
        with FileLock(folder / _LOCK):
            yield
    except OSError as error:
        place, remedy = error.filename or folder, f"set {HOME_VARIABLE} to a folder of yours"
        raise RunnerError(f"{place}: cannot be written ({error.strerror})", remedy=remedy) from error


def _keep_copy(artifact: Path) -> str:
    """Copies the artifact, and returns the digest of the copy, which names its folder; forgets what is not trusted."""
    check_files_beside(artifact)  # in a copy, no link shows where a file came from
    folder = find_home() / COPIES
    making = folder / _MAKING
    shutil.rmtree(making, ignore_errors=True)  # of a process that was killed
    making.mkdir(mode=0o700)
    for path in list_files(artifact):
        copy = making / path.relative_to(artifact.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy_plain_file(path, copy)
    digest = digest_of(making / artifact.name)
    for other in folder.iterdir():
        if not other.name.startswith(".") and other.name not in _read_trusted():
            shutil.rmtree(other, ignore_errors=True)
    if not (folder / digest).exists():
        making.rename(folder / digest)
    shutil.rmtree(making, ignore_errors=True)
    return digest


def _find_copy(digest: str, artifact: Path) -> Path:
    return find_home() / COPIES / digest / artifact.name


def _refuse_linked_folders(artifact: Path) -> None:
    linked = _find_linked_folder(artifact)
    if linked:
        raise RunnerError(
            f"{linked}: a link to a folder, which can change unseen", remedy="put the folder itself there"
        )


def _find_linked_folder(artifact: Path) -> Path | None:
    return next((path for path in artifact.rglob("*") if path.is_symlink() and path.is_dir()), None)


def _read_trusted() -> dict[str, str]:
    try:
        return read_facts(TRUST_FILE)
    except (OSError, ValueError) as error:
        remedy = "remove it: nothing is trusted then"
        raise RunnerError(f"{find_home() / TRUST_FILE}: not readable ({error})", remedy=remedy) from error
