"""Pascal VOC: an XML file for each picture, as VOC's own devkit, labelImg, CVAT, Roboflow and runner's sink write it.

Format: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf, sections 4.2 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from runner_core.cards import LabelMap
from runner_core.datasets import Annotation, Dataset, Example, Finding, Truth, build_truth
from runner_core.errors import DatasetError
from runner_datasets.files import Pictures, find_files, find_part, make_labels, measure, read_head, read_text
from runner_datasets.scale import fit_size
from runner_datasets.xml_tree import Element, read_xml

_LOOKED_AT = 5  # files
_BEGIN = "<annotation>"
_MASK_FOLDERS = ("SegmentationClass", "SegmentationObject")


class Voc:
    """XML files beside the pictures, or ``Annotations/`` and ``JPEGImages/``, at any depth.

    Parts are the lists of ``ImageSets/Main``, else folders named ``train``, ``val``, ``test``. Classes are those of
    ``labelmap.txt``, else all that occur, by name. What is ``difficult`` is ignored. A picture without a file is left
    out: nobody has looked at it.
    """

    options: tuple[str, ...] = ()

    def recognise(self, place: Path) -> float:
        if not place.is_dir():
            return 0.0
        return 1.0 if any(_BEGIN in read_head(path, 4096) for path in find_files(place, ".xml")[:_LOOKED_AT]) else 0.0

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:  # noqa: ARG002  # it has none
        pictures = Pictures(place, without=_MASK_FOLDERS)
        parts, findings = _read_lists(place)
        files: dict[Path, Path] = {}  # by picture
        names: dict[str, None] = {}
        for path in find_files(place, ".xml"):
            try:
                root = _read_annotation(path)
            except DatasetError as error:
                findings.append(Finding.from_error(error, str(path)))
                continue
            picture = pictures.find(root.text_of("filename"), near=path.parent) or pictures.find(
                path.stem, near=path.parent
            )
            if picture is None:
                findings.append(Finding(str(path), pictures.explain_missing(root.text_of("filename"))))
            elif files.setdefault(picture, path) is not path:
                findings.append(Finding(str(path), f"{pictures.key_of(picture)} has labels already: {files[picture]}"))
            else:
                names |= dict.fromkeys(found.text_of("name") for found in root.find_all("object"))
        findings += [Finding(str(path), "a picture without labels") for path in pictures.paths if path not in files]
        if not files:
            raise DatasetError(f"{place}: no picture with labels", remedy=findings[0].message if findings else "")
        labels = make_labels(_read_classes(place) or sorted(filter(None, names)), place)
        examples = tuple(
            Example(
                picture, pictures.key_of(picture), _Read(files[picture], picture, labels),
                part=parts.get(picture.stem) or ("" if parts else find_part(pictures.key_of(picture))),
            )
            for picture in pictures.paths
            if picture in files
        )  # fmt: skip
        return Dataset(str(place), "object-detection", labels, examples, tuple(findings))


@attrs.frozen
class _Read:
    path: Path
    picture: Path
    labels: LabelMap

    def __call__(self) -> Truth:
        root, size = _read_annotation(self.path), measure(self.picture)
        odd: list[Finding] = []
        rows = list(_list_annotations(root, self.path, odd))
        rows, scaled = fit_size(rows, _size_of(root), size, self.picture, str(self.path))
        return build_truth(size, rows, kind="object-detection", labels=self.labels, findings=(*odd, *scaled))


def _read_annotation(path: Path) -> Element:
    root = read_xml(path)
    if root.tag != "annotation":
        raise DatasetError(f"{path}:{root.line}: not of Pascal VOC, but <{root.tag[:40]}>")
    return root


def _list_annotations(root: Element, path: Path, findings: list[Finding]) -> Iterator[Annotation]:
    """A box is the first and the last pixel in both directions, counted from 1."""
    for found in root.find_all("object"):
        place = f"{path}:{found.line}"
        try:
            x1, y1, x2, y2 = (float(found.text_of("bndbox", tag)) for tag in ("xmin", "ymin", "xmax", "ymax"))
        except ValueError:
            findings.append(Finding(place, f"{found.text_of('name')!r} has no box of four numbers"))
            continue
        difficult = found.text_of("difficult") in ("1", "true")
        yield Annotation(found.text_of("name"), place, (x1 - 1, y1 - 1, x2, y2), ignored=difficult)


def _size_of(root: Element) -> tuple[int, int] | None:
    try:
        return int(float(root.text_of("size", "width"))), int(float(root.text_of("size", "height")))
    except (ValueError, OverflowError):
        return None


def _read_lists(place: Path) -> tuple[dict[str, str], list[Finding]]:
    """The part of each picture, by its stem, as the lists in ``ImageSets`` say it."""
    parts: dict[str, str] = {}
    folder = place / "ImageSets" / "Main"
    for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
        part = find_part(path.stem)
        if not part:
            continue
        for line in read_text(path).splitlines():
            name = line.split()[0] if line.split() else ""
            parts.setdefault(Path(name).name, part)
    return parts, []


def _read_classes(place: Path) -> list[str]:
    """The classes of CVAT's ``labelmap.txt``: a name, then what follows a colon."""
    path = place / "labelmap.txt"
    if not path.is_file():
        return []
    lines = (line for line in read_text(path).splitlines() if line.strip() and not line.startswith("#"))
    names = (line.split(":")[0].strip() for line in lines)
    return [name for name in dict.fromkeys(names) if name != "background"]
