"""Files as they should not be: damaged models, and files left open."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"this is no model\n" * 64,
    "noise": lambda _: random.Random(0).randbytes(4096),
    "cut": lambda data: data[: len(data) // 2],
}


def damaged(artifact: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """(what it is, path) of things in ``folder`` that are named as a model is and are none.

    Nothing at all; an empty folder; and the artifact with each of its files emptied, turned into text, into noise, or
    cut in half.
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


def open_files() -> list[str]:
    """The regular files that this process holds open; empty on systems that do not tell."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return []
    targets = (_target(link) for link in folder.iterdir())
    return sorted(target for target in targets if Path(target).is_file())


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115  # Path.readlink would choke on "pipe:[123]"
    except OSError:  # closed since: the descriptor that listed the folder
        return ""


def bytes_at(path: Path) -> int:
    """How many bytes a file, or all files below a folder, hold; 0 where there is nothing."""
    files = [path] if path.is_file() else [entry for entry in path.rglob("*") if entry.is_file()]
    return sum(file.stat().st_size for file in files)
