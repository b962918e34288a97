"""Neighbours: files near a model that may hold labels, by their names, and which model each is named like."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

# The largest file of each suffix that is read: what is parsed slowly gets less. 20,000 names take 600 kB.
_SIZES = {
    ".txt": 2**20, ".names": 2**20, ".labels": 2**20, ".csv": 2**20, ".tsv": 2**20, ".json": 2**21, ".pbtxt": 2**18,
    ".yaml": 2**16, ".yml": 2**16,
}  # fmt: skip
_MODELS = re.compile(
    r"\.(tflite|lite|onnx|pb|xml|keras|h5|hdf5|pt|pth|pt2|torchscript|safetensors|ckpt|mlmodel|mlpackage|caffemodel|"
    r"weights|param|engine|trt|rknn|hef|task)$",
    re.IGNORECASE,
)
# Words of file names: those that say that it has labels, that say nothing, and that say what else it is.
_TELLING = re.compile(r"labels?|labelmap|class(es)?|names?|categor(y|ies)|synsets?|metadata")
_EMPTY = re.compile(r"map|list|index|ids?|idx|obj|dict|data|file|words")
_OTHER = re.compile(
    r"readme|licen[cs]e|copying|notice|authors|changelog|changes|version|requirements|constraints|environment|setup|"
    r"package|manifest|configs?|settings|h?params|hyp|args|opt|tokenizer|vocab|merges|tokens|preprocessor|generation|"
    r"brain|card|todo|notes|log|results|train|val|test|images|annotations"
)
_WORD = re.compile(r"[a-z]+|\d+")
_MOST = 40  # files of a folder that are read; of a larger heap only those whose names say something


@attrs.frozen
class Neighbours:
    """Files of one folder that may hold labels of a model.

    ``own``     those named like the model.
    ``shared``  those named like no model of the folder.
    ``is_only``  whether no other model is there, whose labels the shared files could be.
    """

    own: tuple[Path, ...]
    shared: tuple[Path, ...]
    is_only: bool


def find_neighbours(folder: Path, model: Path) -> Neighbours:
    """The files of a folder above or in the model, by their names. Nothing is read; an unreadable folder has none.

    Above the folder that the model lies in, that folder's name counts too, and the folders beside it count as models,
    because they may hold some.
    """
    entries = _list_entries(folder)
    words = {name: _split_words(name) for name in _list_models(entries, folder, model)}
    own = next(iter(words))
    owners = {Path(entry.path): _find_owners(Path(entry.path), words) for entry in entries if _may_hold_labels(entry)}
    if len(owners) > _MOST:
        owners = {path: found for path, found in owners.items() if found or tells_labels(path)}
    return Neighbours(
        tuple(sorted(path for path, found in owners.items() if own in found)),
        tuple(sorted(path for path, found in owners.items() if not found)),
        len(words) == 1,
    )


def _list_models(entries: Sequence[os.DirEntry[str]], folder: Path, model: Path) -> Iterator[str]:
    """What the model is called from there, then the other models."""
    if folder.is_relative_to(model):
        yield _stem_of(model)
    elif folder == model.parent:
        yield _stem_of(model)
        yield from (_stem_of(entry) for entry in entries if _is_model(entry))
    else:
        yield f"{model.parent.name} {_stem_of(model)}"
        others = (entry for entry in entries if entry.name != model.parent.name)
        yield from (_stem_of(entry) for entry in others if entry.is_dir() or _is_model(entry))


def tells_labels(path: Path) -> bool:
    """Whether the file's name says that it holds labels: ``classes.txt``, ``coco.names``."""
    return _has_word(path.name, _TELLING)


def _find_owners(path: Path, models: Mapping[str, frozenset[str]]) -> set[str]:
    """The models that the file is named like, most alike: all words of one name are in the other."""
    words = _split_words(path.stem)
    alike = {
        name: len(words & known) / len(words | known) for name, known in models.items() if _are_alike(words, known)
    }
    return {name for name, share in alike.items() if share == max(alike.values())}


def _are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return (one <= other or other <= one) and any(word.isalpha() and len(word) > 1 for word in one & other)


def _split_words(name: str) -> frozenset[str]:
    """Of ``labels_mobilenet_v1``: mobilenet, v and 1, which it shares with its model."""
    words = _WORD.findall(name.lower())
    return frozenset(word for word in words if not (_TELLING.fullmatch(word) or _EMPTY.fullmatch(word)))


def _has_word(name: str, words: re.Pattern[str]) -> bool:
    return any(map(words.fullmatch, _WORD.findall(name.lower())))


def _may_hold_labels(entry: os.DirEntry[str]) -> bool:
    limit = _SIZES.get(Path(entry.name).suffix.lower())
    if limit is None or not entry.is_file():
        return False
    is_other = _has_word(entry.name, _OTHER) and not _has_word(entry.name, _TELLING)
    return not is_other and entry.stat().st_size <= limit


def _is_model(entry: os.DirEntry[str]) -> bool:
    return bool(_MODELS.search(entry.name)) or (entry.is_dir() and Path(entry, "saved_model.pb").exists())


def _stem_of(entry: os.DirEntry[str] | Path) -> str:
    return entry.name if entry.is_dir() else Path(entry.name).stem


def _list_entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
