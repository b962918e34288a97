"""What says where a YOLO data set's pictures are and what its classes are called.

Formats: https://docs.ultralytics.com/datasets/detect/#ultralytics-yolo-format for ``data.yaml``;
https://github.com/AlexeyAB/darknet#how-to-train-to-detect-your-custom-objects for ``obj.data``, which CVAT writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

from runner_core.errors import DatasetError
from runner_core.frames import is_picture_name
from runner_core.util import parse_plain_yaml
from runner_datasets.files import find_files, find_part, list_files, read_head, read_text

_PARTS = ("train", "val", "test")
_YAML = (".yaml", ".yml")
_CLASS_LISTS = ("obj.names", "classes.txt", "_darknet.labels")
_MOST_CLASSES = 100_000


@attrs.frozen
class Config:
    """``names`` of the classes in their order; ``pictures`` of each part, in order; ``about`` is where it says so.

    ``keypoints``  (how many, two or three numbers each); ``form`` that of the labels, where it is said.
    """

    about: Path
    names: tuple[str, ...]
    pictures: Mapping[str, Sequence[Path]]
    keypoints: tuple[int, int] | None = None
    form: str = ""


def find_yaml(place: Path) -> Path | None:
    """The ``data.yaml`` that a place is or has, at most one folder further down."""
    if place.is_file():
        return place if place.suffix.lower() in _YAML and "names" in read_head(place) else None
    if not place.is_dir():
        return None
    files = [path for path in place.iterdir() if path.suffix.lower() in _YAML]
    named = sorted(files, key=lambda path: (path.stem not in ("data", "dataset"), path.name))
    return next((path for path in named if _says_parts(read_head(path))), None)


def _says_parts(text: str) -> bool:
    lines = [line.split(":")[0].strip() for line in text.splitlines()]
    return "names" in lines and any(part in lines for part in _PARTS)


def find_class_list(place: Path) -> Path | None:
    """A list of classes beside pictures and labels, of a folder without ``data.yaml``."""
    if not place.is_dir():
        return None
    return next((place / name for name in _CLASS_LISTS if (place / name).is_file()), None)


def read_yaml(path: Path) -> Config:
    """Raises DatasetError with what it lacks."""
    import yaml

    text = read_text(path)
    try:
        data = parse_plain_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f"{path}:{line + 1}" if line is not None else str(path)
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise DatasetError(f"{where}: not YAML that is read here ({reason})") from error
    if not isinstance(data, dict):
        raise DatasetError(f"{path}: not a data.yaml", remedy="it needs names, and train or val")
    parts = {part: data[part] for part in _PARTS if data.get(part)}
    root = _find_root(path, data.get("path"))
    listed = {part: list(dict.fromkeys(_list_pictures(value, root, path))) for part, value in parts.items()}
    if len(parts) > 1 and len({repr(value) for value in parts.values()}) == 1:  # nobody has split it yet
        listed = {"": next(iter(listed.values()))}
    comment = text[1:].partition(",")[0].strip() if text.startswith("#") else ""
    return Config(path, _read_names(path, data), listed, _read_keypoints(path, data.get("kpt_shape")), comment)


def read_class_list(place: Path, path: Path) -> Config:
    """Of a folder with a list of classes: all pictures in it, in the parts that ``train.txt`` and others say."""
    names = tuple(line.strip() for line in read_text(path).splitlines() if line.strip())
    lists = [file for file in find_files(place, ".txt") if file.parent == place and find_part(file.stem)]
    listed = {find_part(file.stem): list(_list_pictures(file.name, place, path)) for file in lists}
    if not any(listed.values()):
        listed = {}
        for picture in _list_folder(place):
            listed.setdefault(find_part(picture.relative_to(place).parent), []).append(picture)
    return Config(path, names, listed)


def _find_root(path: Path, value: Any) -> Path:
    root = path.parent / value if isinstance(value, str) else path.parent
    return root if root.is_dir() else path.parent  # the place on somebody else's disk


def _read_names(path: Path, data: Mapping[str, Any]) -> tuple[str, ...]:
    names, count = data.get("names"), data.get("nc")
    if isinstance(names, dict) and names and all(type(number) is int for number in names):
        if not 0 <= min(names) <= max(names) < _MOST_CLASSES:
            raise DatasetError(f"{path}: its classes are numbered from {min(names)} to {max(names)}")
        return tuple(str(names.get(number, f"class {number}")) for number in range(max(names) + 1))
    if isinstance(names, list) and names:
        return tuple(map(str, names))
    if type(count) is int and 0 < count < _MOST_CLASSES:
        return tuple(f"class {number}" for number in range(count))
    raise DatasetError(f"{path}: no names of classes", remedy="write names: [cup, plate]")


def _read_keypoints(path: Path, value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or value[1] not in (2, 3) or type(value[0]) is not int:
        raise DatasetError(f"{path}: kpt_shape is {value!r:.40}, not [17, 3]")
    return (value[0], value[1]) if 0 < value[0] < 10_000 else None


def _list_pictures(value: Any, root: Path, about: Path) -> Iterator[Path]:
    """The pictures of a folder, of a list, or of several of these. Raises DatasetError where there is none."""
    if isinstance(value, list):
        for each in value:
            yield from _list_pictures(each, root, about)
        return
    place = _resolve(str(value), (root, about.parent))
    if place is None:
        raise DatasetError(f"{about}: no such folder or list: {str(value)[:80]}", remedy="correct its path: or train:")
    if place.is_dir():
        yield from _list_folder(place)
        return
    for line in read_text(place).splitlines():
        if line.strip():
            name = line.strip()
            yield _resolve(name, (place.parent, root)) or root / name.removeprefix("./")


def _list_folder(folder: Path) -> Iterator[Path]:
    return list_files(folder, is_picture_name)


def _resolve(name: str, roots: Sequence[Path]) -> Path | None:
    """The path as it is written, else what of its end is there: Roboflow writes ``../train``, others their own disk."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    for start in range(len(parts)):
        for root in roots:
            path = root.joinpath(*parts[start:])
            try:
                if path.exists():
                    return path
            except (OSError, ValueError):
                return None
    return None
