"""Files that a model names: weights beside it, assets. They must lie with it, whatever it says.

A model may name any path, or what an engine takes for an address in its memory. So an engine sees it only when every
file that it names is a plain one in the model's own folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from runner_core.errors import EngineError
from runner_core.graphs import list_external_data

_MARKS = ("saved_model.pb",)  # of folders that are models
_KEEP = "keep the files that hold its weights beside the model"
_REMEDY = f"{_KEEP}; if they never were there, do not trust it"


def check_files_beside(artifact: Path) -> None:
    """Checks the files that an engine will read besides the artifact itself, without reading them.

    Of an ``.onnx`` they are the external data of every tensor, of OpenVINO's ``.xml`` its ``.bin``, of a folder all
    that is in it. Raises EngineError for one that is missing, is no plain file, is too short, or lies elsewhere by its
    name or by links; and for an ``.onnx`` that names files in a way which cannot be followed.
    """
    if artifact.is_dir():
        homes = _find_homes(artifact)
        for path in artifact.rglob("*"):
            _check_place(path, artifact, homes)
    elif artifact.suffix.lower() == ".xml":
        weights = artifact.with_suffix(".bin")
        if weights.is_symlink() or weights.exists():  # a model without weights has none
            _check_file(weights, artifact)
    elif artifact.suffix.lower() == ".onnx":
        _check_external_data(artifact)


def find_file(name: str, folder: Path, artifact: Path) -> Path:
    """The plain file that an artifact calls ``name`` in one of its folders. Raises EngineError as above."""
    parts = PureWindowsPath(name)  # splits at / and \\, and knows drives
    if not name or parts.anchor or ".." in parts.parts or "\\" in name:
        raise EngineError(f"{artifact}: it names the file {name!r}, which is not in its folder", remedy=_REMEDY)
    _check_file(folder / name, artifact)
    return folder / name


def _check_external_data(artifact: Path) -> None:
    try:
        named = list_external_data(artifact)
    except ValueError as error:  # an engine may read more into it
        raise EngineError(f"{artifact}: the files that it names cannot be told ({error})", remedy=_REMEDY) from None
    for each in named:
        path = find_file(each.location, artifact.parent, artifact)
        if each.offset < 0 or each.length < 0 or each.offset + each.length > path.stat().st_size:
            raise EngineError(f"{artifact}: {each.location} is shorter than it says", remedy="fetch both again")


def _check_file(path: Path, artifact: Path) -> None:
    _check_place(path, artifact, _find_homes(artifact))
    if not path.is_file():
        raise EngineError(f"{artifact}: it needs {path.name!r}, which is no file beside it", remedy=_KEEP)


def _check_place(path: Path, artifact: Path, homes: Sequence[Path]) -> None:
    place = path.resolve()
    if not any(map(place.is_relative_to, homes)):
        raise EngineError(f"{artifact}: its file {path.name} leads out of its folder, to {place}", remedy=_REMEDY)


def _find_homes(artifact: Path) -> Sequence[Path]:
    """The folder that an artifact is, or is in; where links make a folder of files kept elsewhere, that too."""
    if not artifact.is_dir():
        return artifact.parent.resolve(), artifact.resolve().parent
    linked = ((artifact / mark).resolve().parent for mark in _MARKS if (artifact / mark).is_symlink())
    return artifact.resolve(), *linked
