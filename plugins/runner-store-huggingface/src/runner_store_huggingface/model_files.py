"""Which files of a repository make a brain, if it has no card."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import attrs

from runner_core.cards import SIDECAR_LABEL_FILES, SIDECAR_METADATA_FILES
from runner_core.errors import NoSuchBrain, UsageError

_SAVED_MODEL = frozenset({"saved_model.pb", "saved_model.pbtxt"})
_PARTS_OF_ONE = _SAVED_MODEL | {"variables", "assets", "assets.extra", "fingerprint.pb", "keras_metadata.pb"}
_WEIGHTS = {".xml": ".bin"}  # a model's suffix -> that of its weights, if these are a separate file
_WEIGHTS_ALONE = ("tf_model.h5", "*.weights.h5")  # of Transformers and Keras: they hold no network
_MOST_NAMED = 8


@attrs.frozen
class _Model:
    """Its path in the repository, and its files."""

    path: PurePosixPath
    files: tuple[PurePosixPath, ...]


def select_model_files(paths: Collection[str], part: str, formats: Collection[str], name: str) -> dict[str, str]:
    """The files of the one model that an engine opens, and the labels nearest to it: path -> place in the release.

    ``part`` is a file, a folder or a pattern as in huggingface_hub, where * matches / too; empty stands for all. Of
    several models the one nearest to the top counts. It is put at the top of the release, its labels and metadata
    beside it. Raises NoSuchBrain, UsageError.
    """
    files = [PurePosixPath(path) for path in paths]
    model = _select_only(list(_find_models(files, _find_within(paths, part), formats)), name, formats)
    folder = model.path.parent
    places = {str(file): str(file.relative_to(folder)) for file in model.files}
    if model.path == folder:  # the repository itself is a SavedModel
        places = {path: f"{name.rpartition('/')[2]}/{place}" for path, place in places.items()}
    for above in (folder, *folder.parents):
        for sidecar in {*SIDECAR_LABEL_FILES, *SIDECAR_METADATA_FILES}:
            path = str(above / sidecar)
            if path in paths and sidecar not in places.values():
                places[path] = sidecar
    return places


def _find_within(paths: Collection[str], part: str) -> set[PurePosixPath]:
    patterns = (part, f"{part}/*") if part else ("*",)
    return {PurePosixPath(path) for path in paths if any(fnmatchcase(path, pattern) for pattern in patterns)}


def _find_models(files: list[PurePosixPath], within: set[PurePosixPath], formats: Collection[str]) -> Iterator[_Model]:
    folders = {file.parent for file in files if file.name in _SAVED_MODEL}
    parts = {folder: tuple(file for file in files if _is_part(file, folder)) for folder in folders}
    for folder in folders if "saved-model" in formats else ():
        if within & set(parts[folder]):
            yield _Model(folder, parts[folder])
    for file in within.difference(*parts.values()):
        if file.suffix.lower() in formats and not any(map(file.match, _WEIGHTS_ALONE)):
            yield _Model(file, (file, *(other for other in files if _holds_weights_of(other, file))))


def _is_part(file: PurePosixPath, folder: PurePosixPath) -> bool:
    return file.is_relative_to(folder) and file.relative_to(folder).parts[0] in _PARTS_OF_ONE


def _holds_weights_of(file: PurePosixPath, model: PurePosixPath) -> bool:
    """Whether a file holds the model's weights: ``model.onnx_data``, ``model.onnx.data``, ``model.bin`` of an .xml."""
    if file.parent != model.parent or file == model:
        return False
    weights = _WEIGHTS.get(model.suffix.lower())
    return file.name.startswith(model.name) or (weights is not None and file == model.with_suffix(weights))


def _select_only(models: list[_Model], name: str, formats: Collection[str]) -> _Model:
    """The one model nearest to the top."""
    if not models:
        opened = ", ".join(sorted(formats)) or "nothing: none is installed"
        raise NoSuchBrain(f"hf:{name} holds no model that an installed engine opens", remedy=f"they open {opened}")
    top = min(len(model.path.parents) for model in models)
    highest = sorted(str(model.path) for model in models if len(model.path.parents) == top)
    if len(highest) > 1:
        named = ", ".join(f"hf:{name}/{path}" for path in highest[:_MOST_NAMED])
        raise UsageError(f"hf:{name} holds {len(highest)} models and no brain.json", remedy=f"name one: {named}")
    return next(model for model in models if str(model.path) == highest[0])
