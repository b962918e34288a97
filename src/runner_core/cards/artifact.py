"""Artifact: a model file, or folder, in one format."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

from runner_core.cards.tolerance import Tolerance
from runner_core.errors import CardError
from runner_core.frames.picture_spec import PictureSpec
from runner_core.graphs.onnx_external import list_external_data
from runner_core.util.plain_file import open_plain_file

_TFJS = re.compile(rb'"modelTopology"|"format":\s*"(graph|layers)-model"')
_HEAD = 64 << 10  # bytes of a JSON file: the signature of a graph comes before what tells it


@attrs.frozen
class ArtifactFile:
    """One file of an artifact: its path relative to the card, its sha256 in hex, its size in bytes."""

    path: str
    sha256: str
    size: int


@attrs.frozen
class Trunk:
    """The part of a network that other brains have too, in a file of its own: what it computes is shared.

    ``path``, ``format`` and ``files`` are as those of an Artifact; equal contents, by sha256, are the same trunk.
    ``taps``  an input of the head -> the output of the trunk that it reads.
    """

    path: str
    format: str
    taps: Mapping[str, str]
    files: tuple[ArtifactFile, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not self.taps:
            raise ValueError("taps name no output of the trunk")


@attrs.frozen
class Artifact:
    """A brain's network in one format.

    ``path`` is relative to the card, ``format`` as ``format_of`` spells it. The same network in another format may have
    other tensors: ``task``, ``roles``, ``picture``, ``options`` and ``iou`` replace the card's where they are given.
    ``tolerance`` is how far its answers were allowed to differ from those of the artifact that it was exported from, if
    that is more than the default.
    With a ``trunk`` the file is a head alone, which reads what the trunk computes; without one it is the whole network.
    """

    path: str
    format: str
    files: tuple[ArtifactFile, ...] = ()
    task: str | None = None
    roles: Mapping[str, str] | None = None
    picture: PictureSpec | None = None
    options: Mapping[str, Any] | None = None
    iou: float | None = None
    tolerance: Tolerance | None = None
    trunk: Trunk | None = None

    @property
    def parts(self) -> tuple[Artifact | Trunk, ...]:
        """What its network consists of: itself, and its trunk where it has one."""
        return (self, self.trunk) if self.trunk else (self,)

    def __attrs_post_init__(self) -> None:
        if self.iou is not None and not 0 <= self.iou <= 1:
            raise ValueError(f"iou is {self.iou}, not from 0 to 1")


def format_of(path: Path) -> str:
    """``saved-model`` for a folder with one, ``tfjs`` for a TensorFlow.js model, else the suffix in lower case."""
    if path.is_dir() and any((path / name).exists() for name in ("saved_model.pb", "saved_model.pbtxt")):
        return "saved-model"
    suffix = path.suffix.lower()
    return "tfjs" if suffix == ".json" and _describes_network(path) else suffix


def _describes_network(path: Path) -> bool:
    """Whether a JSON file begins as that of a TensorFlow.js model does: tfjs-core/src/io/types.ts (``ModelJSON``)."""
    try:
        with open_plain_file(path) as stream:
            return _TFJS.search(stream.read(_HEAD)) is not None
    except OSError:
        return False


def list_files(artifact: Path) -> list[Path]:
    """Every file of an artifact: those below a folder; of a file itself and those beside it that hold its weights.

    What it names but is not there, or not below its folder, is left out: an engine refuses a model that needs it.
    """
    if artifact.is_dir():
        return sorted(entry for entry in artifact.rglob("*") if entry.is_file())
    beside = {artifact.parent / name for name in _list_weights(artifact) if _stays_below(name)} - {artifact}
    return [artifact, *sorted(path for path in beside if path.is_file())]


def _list_weights(artifact: Path) -> Iterator[str]:
    """The names of the files with weights, as OpenVINO, ONNX and TensorFlow.js have them."""
    try:
        form = format_of(artifact)
        if form == ".xml":
            yield artifact.with_suffix(".bin").name
        elif form == ".onnx":
            yield from {each.location for each in list_external_data(artifact)}
        elif form == "tfjs":
            for group in json.loads(artifact.read_bytes())["weightsManifest"]:
                yield from map(str, group["paths"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return


def _stays_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def describe_files(root: Path, artifact: Path) -> tuple[ArtifactFile, ...]:
    """Every file of an artifact, hashed."""
    return hash_files(root, list_files(artifact))


def hash_files(root: Path, files: Iterable[Path]) -> tuple[ArtifactFile, ...]:
    """Of each the path relative to ``root``, the sha256, the size."""
    return tuple(
        ArtifactFile(file.relative_to(root).as_posix(), sha256_of(file), file.stat().st_size) for file in files
    )


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file."""
    with open_plain_file(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_files(root: Path, artifact: Artifact, *, contents: bool = False) -> None:
    """Raises CardError if a file is missing, has another size or, with ``contents``, another sha256 than the card."""
    files = [file for part in artifact.parts for file in part.files]
    for name in (*(part.path for part in artifact.parts), *(file.path for file in files)):
        if not (root / name).exists():
            raise CardError(f"{root / name}: the card names it, but it is not there")
    for file in files:
        path = root / file.path
        if not path.is_file():
            raise CardError(f"{path}: the card says it is a file")
        if path.stat().st_size != file.size:
            raise CardError(f"{path}: {path.stat().st_size} bytes, the card says {file.size}")
        if contents and sha256_of(path) != file.sha256:
            raise CardError(f"{path}: its sha256 is not what the card says", remedy="draft the card again")
