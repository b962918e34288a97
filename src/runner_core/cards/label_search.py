"""Label search: what reads as labels among the files near a model without a card, whatever they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import attrs

from runner_core.cards.label_files import is_prose, parse_label_file
from runner_core.cards.label_neighbours import find_neighbours, tells_labels
from runner_core.cards.sidecar_labels import (
    SIDECAR_LABEL_FILES,
    SidecarLabels,
    find_sidecar_labels,
    read_sidecar_labels,
)
from runner_core.cards.sidecar_metadata import list_sidecar_folders
from runner_core.errors import LabelError

_ABOVE = "in the folder above the model"
_NO_NAME = re.compile(
    r"://|[{};=]|\.(jpe?g|png|bmp|gif|webp|mp4|txt|py|bin|xml|json|onnx|tflite|pb|h5|pt)$",
    re.IGNORECASE | re.MULTILINE,
)
_LEAST_DISTINCT = 0.9  # of the names; ImageNet has two cranes


@attrs.frozen
class LabelGroup:
    """Label files of which none is likelier than another.

    ``is_ours``   whether they cannot be those of another model that is there.
    ``is_usual``  whether their names are of ``SIDECAR_LABEL_FILES``.
    """

    files: tuple[SidecarLabels, ...]
    is_ours: bool = True
    is_usual: bool = False

    @property
    def untested(self) -> tuple[SidecarLabels, ...]:
        """Those that are labels of this model even if their number is not known to be that of its classes."""
        return tuple(file for file in self.files if file.is_told) if self.is_ours else ()


def search_labels(model: Path) -> Iterator[LabelGroup]:
    """The likeliest first: files beside the model that are named like it, ``SIDECAR_LABEL_FILES``, and any others.

    Those named like another model are left out. Where there are several models, or other folders that may hold some,
    only a file that is alone is surely ours. Raises LabelError as ``find_sidecar_labels`` does.
    """
    model = model.absolute()
    folders = list_sidecar_folders(model)
    near = [find_neighbours(folder, model) for folder in (*[model / "assets"] * model.is_dir(), *folders)]
    yield LabelGroup(_read_files((path for each in near for path in each.own), is_told=True))
    usual = find_sidecar_labels(model)
    yield LabelGroup((usual,) if usual else (), is_usual=True)
    for each in near:
        files = _read_files(path for path in each.shared if path.name not in SIDECAR_LABEL_FILES)
        yield LabelGroup(files, each.is_only or len(files) == 1)
    if model.parent.parent not in folders:
        yield from _search_above(model)


def _search_above(model: Path) -> Iterator[LabelGroup]:
    folder = model.parent.parent
    above = find_neighbours(folder, model)
    yield LabelGroup(_read_files(above.own, _ABOVE, is_told=True))
    usual = [path for path in map(folder.joinpath, SIDECAR_LABEL_FILES) if path.is_file()]
    files = _read_files(dict.fromkeys((*usual, *above.shared)), _ABOVE)
    yield LabelGroup(files, len(files) == 1)


def _read_files(
    paths: Iterable[Path], where: str = "beside the model", *, is_told: bool = False
) -> tuple[SidecarLabels, ...]:
    read = (_read(path, where, is_told=is_told) for path in paths)
    return tuple(found for found in read if found)


def _read(path: Path, where: str, *, is_told: bool) -> SidecarLabels | None:
    """The labels in a file; None where it has none, or holds what does not read as names of classes."""
    try:
        if path.name in SIDECAR_LABEL_FILES:
            return read_sidecar_labels(path, where)
        parsed, oddities = parse_label_file(path)
    except LabelError:
        return None
    is_told = is_told or tells_labels(path)
    if not _read_as_names(parsed.names, oddities, is_told=is_told):
        return None
    return SidecarLabels(path, parsed, where, is_told=is_told or parsed.is_numbered)


def _read_as_names(names: Sequence[str], oddities: Sequence[str], *, is_told: bool) -> bool:
    """Whether these are names of classes. Only where their file says that it has some may they be numbers, or one."""
    if oddities or any(map(is_prose, names)) or _NO_NAME.search("\n".join(names)):
        return False
    words = sum(any(map(str.isalpha, name)) for name in names)
    is_list = len(names) > 1 and 2 * words >= len(names)
    return len(set(names)) >= _LEAST_DISTINCT * len(names) and (is_told or is_list)
