"""Bundles: zip archives that hold models, with their labels or their card, as people get and hand them on.

MediaPipe's ``.task`` files hold one ``.tflite`` for each of their steps, and further bundles; Teachable Machine gives a
``.zip`` with a model and its labels. A bundle is unpacked once, by its contents, below ``RUNNER_HOME``; a model in it
is named by a path through it: ``hand_landmarker.task/hand_detector.tflite``.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from runner_core.cache.archive import unpack_to
from runner_core.cards.artifact import format_of, sha256_of
from runner_core.cards.card import CARD_FILE
from runner_core.discovery.registry import get_registry
from runner_core.engines.foreign_formats import find_by_bytes
from runner_core.errors import EngineError, StoreError, UsageError
from runner_core.loading.foreign_model import make_foreign_error
from runner_core.util.atomic import make_folder
from runner_core.util.home import HOME_VARIABLE, find_home
from runner_core.util.leftovers import claim_path
from runner_core.util.plain_file import copy_plain_file

SUFFIXES = (".task", ".zip")
_FOLDER = "bundles"  # in RUNNER_HOME
_DIGITS = 16  # of a sha256, for a folder's name


def resolve_bundle(path: Path) -> Path:
    """Where the model lies that a path through a bundle names, or that a bundle holds; any other path as it is.

    Raises UsageError for a bundle of no model, or of several, naming them; EngineError for one that is damaged.
    """
    return _resolve(path, path)


def _resolve(path: Path, shown: Path) -> Path:
    """``shown`` is what the person typed for ``path``, which may lie in a bundle that is unpacked already."""
    bundle = next((each for each in (path, *path.parents) if _is_bundle(each)), None)
    if bundle is None:
        return path
    folder, inner = _unpack(bundle), path.relative_to(bundle)
    if inner == Path():
        return folder if (folder / CARD_FILE).is_file() else _only_model(folder, shown)
    place = _resolve(folder / inner, shown)
    if not place.exists():
        above = Path(*shown.parts[: len(shown.parts) - len(inner.parts)])
        raise UsageError(f"{shown}: not in this bundle", remedy=_name_models(folder, above))
    return place


def _only_model(folder: Path, shown: Path) -> Path:
    """The one model in a bundle that was unpacked to this folder."""
    models = list(_list_models(folder, Path()))
    if len(models) == 1:
        return _resolve(folder / models[0], shown)
    if models:
        raise UsageError(f"{shown}: holds {len(models)} models", remedy=_name_models(folder, shown))
    raise make_foreign_error(folder) or UsageError(
        f"{shown}: holds no model of a format that is opened", remedy="unpack it, and see what it holds"
    )


def _name_models(folder: Path, shown: Path) -> str:
    return "name one of them: " + ", ".join(str(shown / model) for model in _list_models(folder, Path()))


def _is_bundle(path: Path) -> bool:
    """By its name and bytes; a zip archive may also be a model of another format."""
    is_named = path.suffix.lower() in SUFFIXES and path.is_file()
    return is_named and zipfile.is_zipfile(path) and find_by_bytes(path) is None


def _unpack(bundle: Path) -> Path:
    """The folder with what the bundle holds, named as the bundle."""
    root = find_home() / _FOLDER
    try:
        known = _find_folder(bundle, root)
        return unpack_to(bundle, known) if known.is_dir() else _unpack_copy(bundle, root)
    except OSError as error:
        raise EngineError(
            f"{bundle}: cannot be unpacked to {root} ({error.strerror})", remedy=f"set {HOME_VARIABLE}"
        ) from error


def _unpack_copy(bundle: Path, root: Path) -> Path:
    """What is hashed and unpacked is a copy: the bundle itself may be changed in between."""
    make_folder(root)
    with tempfile.TemporaryDirectory(dir=root, prefix=".unpacking-") as private, claim_path(Path(private)):
        copy = Path(private) / bundle.name
        copy_plain_file(bundle, copy)
        folder = _find_folder(copy, root)
        make_folder(folder.parent)
        try:
            return unpack_to(copy, folder)
        except StoreError as error:
            raise EngineError(error.message.replace(str(copy), str(bundle)), remedy=error.remedy) from error


def _find_folder(bundle: Path, root: Path) -> Path:
    return root / sha256_of(bundle)[:_DIGITS] / bundle.name


def _list_models(path: Path, place: Path) -> Iterator[Path]:
    """The models at a path, in the folder there, and in the bundles in it: paths that begin with ``place``."""
    formats = {claim for found in get_registry().all("engines").values() for claim in found.plugin.claims}
    if format_of(path) in formats:
        yield place
    elif path.is_dir():
        for entry in sorted(path.iterdir()):
            yield from _list_models(entry, place / entry.name)
    elif _is_bundle(path):
        yield from _list_models(_unpack(path), place)
