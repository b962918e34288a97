"""Damaged models, and files left open."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"this is not a model\n" * 64,
    "noise": lambda _: random.Random(0).randbytes(4096),
    "cut": lambda data: data[: len(data) // 2],
}


def write_damaged_copies(artifact: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Writes to ``folder`` what has a model's name but is not one: (what it is, path).

    A path where nothing is; an empty folder; and the artifact with each of its files emptied, turned into text, turned
    into noise, or cut in half.
    """
    suffix = artifact.suffix
    yield "a path where nothing is", folder / f"missing{suffix}"
    hollow = folder / f"hollow{suffix}"
    hollow.mkdir()
    yield "an empty folder", hollow
    for name, damage in _DAMAGES.items():
        copy = folder / f"{name}{suffix}"
        _copy(artifact, copy, damage)
        yield f"a model damaged to {name}", copy


def _copy(artifact: Path, copy: Path, damage: Callable[[bytes], bytes]) -> None:
    if artifact.is_file():
        copy.write_bytes(damage(artifact.read_bytes()))
        return

    def copy_file(old: str, new: str) -> None:
        Path(new).write_bytes(damage(Path(old).read_bytes()))

    shutil.copytree(artifact, copy, copy_function=copy_file)


def list_open_files() -> list[str]:
    """The regular files that this process holds open; empty on systems without ``/proc``."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return []
    targets = (_read_link(link) for link in folder.iterdir())
    return sorted(target for target in targets if Path(target).is_file())


def _read_link(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115  # Path.readlink fails for "pipe:[123]"
    except OSError:  # closed meanwhile: the descriptor that listed the folder
        return ""


def count_bytes(path: Path) -> int:
    """Bytes in a file, or in all files below a folder; 0 if there is nothing."""
    files = [path] if path.is_file() else [entry for entry in path.rglob("*") if entry.is_file()]
    return sum(file.stat().st_size for file in files)
