"""VocSink: a Pascal VOC dataset of all brains."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePath
from typing import Any

from runner_core.errors import ImageError
from runner_core.results import Inference, Result
from runner_core.util import OptionType, expand_home, make_folder, split_options, write_bytes
from runner_export.naming import Names
from runner_export.omissions import Omissions
from runner_export.output_files import convert_errors, prepare_folder
from runner_export.pictures import encode_picture
from runner_export.places import has_places
from runner_export.voc_xml import clean_label, format_annotation

_OPTIONS = {"images": OptionType("yes|no", "yes".__eq__, "yes or no")}
_LIST = "ImageSets/Main/default.txt"
_LABELS = "labelmap.txt"
_LABELS_HEAD = "# label:color_rgb:parts:actions\nbackground:0,0,0::\n"


class VocSink:
    """``voc:out/`` writes ``Annotations/PICTURE.xml`` and ``JPEGImages/``, and lists of the pictures and of the labels.

    ``images``  ``no`` leaves the pictures out, if they are there already.
    """

    resumable = True

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for other options."""
        place, options = split_options(location, _OPTIONS)
        path = Path(expand_home(place))
        self.images: bool = options.get("images", True)
        self.places, self.folder = (path,), path if self.images else None

    def open(self) -> AbstractContextManager[VocWriter]:
        """Raises SinkError if the folder cannot be written."""
        return self.resume(())

    @contextmanager
    def resume(self, checkpoints: Iterable[Mapping[str, Sequence[str]]]) -> Iterator[VocWriter]:
        """As ``open``; what came after the last checkpoint is written again. Raises SinkError if the folder is gone."""
        (path,) = self.places
        names, listed, labels, begun = Names(), dict[str, None](), dict[str, None](), False
        for checkpoint in checkpoints:
            names.take(checkpoint["names"])
            listed |= dict.fromkeys(checkpoint["listed"])
            labels |= dict.fromkeys(checkpoint["labels"])
            begun = True
        prepare_folder(path, begun=begun)
        writer = VocWriter(path, names, images=self.images)
        writer.go_on(listed, labels)
        try:
            yield writer
        finally:
            writer.close()


class VocWriter:
    """Writes each file whole or not at all; the lists of pictures and labels at the end. Those there are continued."""

    def __init__(self, folder: Path, names: Names, *, images: bool) -> None:
        """Raises SinkError if the folder cannot be written."""
        self._folder, self._names, self._images = folder, names, images
        self._omissions = Omissions(folder)
        for part in ("Annotations", "JPEGImages", "ImageSets/Main"):
            with convert_errors(folder / part):
                make_folder(folder / part)
        labels = (line.partition(":")[0] for line in self._read_lines(_LABELS) if not line.startswith("#"))
        self._labels = dict.fromkeys(label for label in labels if label != "background")
        self._listed = dict.fromkeys(self._read_lines(_LIST))
        self._told, self._new = len(self._labels), list[str]()

    def checkpoint(self) -> Mapping[str, Sequence[str]]:
        """What pictures were called, and which labels came, since the one before."""
        told, self._told = self._told, len(self._labels)
        listed, self._new = self._new, []
        return {"names": self._names.pop_new(), "listed": listed, "labels": list(self._labels)[told:]}

    def go_on(self, listed: Mapping[str, None], labels: Mapping[str, None]) -> None:
        """Takes the pictures and the labels of an earlier run, which may have ended before it wrote its lists."""
        self._listed |= listed
        self._labels |= labels
        self._told = len(self._labels)

    def write(self, result: Result) -> None:
        """Raises SinkError if a file cannot be written."""
        if not result.answers:
            return
        name = self._names.choose_name(result.frame)
        placed = [inference for inference in result.answers if self._can_hold(inference)]
        for inference in placed:
            self._add_labels(inference)
        file_name = self._write_picture(name, result)
        self._write(f"Annotations/{name}.xml", format_annotation(file_name, result.frame.size, placed, result.ignored))
        self._listed[name] = None
        self._new.append(name)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: ``close`` writes the lists."""

    def close(self) -> None:
        """Writes the lists. Colours are VOC's: the bits of a class number, the lowest the brightest."""
        lines = [f"{label}:{','.join(map(str, _colour_of(number)))}::" for number, label in enumerate(self._labels, 1)]
        self._write(_LABELS, _LABELS_HEAD.encode() + _join_lines(lines))
        self._write(_LIST, _join_lines(self._listed))

    def _can_hold(self, inference: Inference) -> bool:
        """Whether it has places; what is left out is reported."""
        self._omissions.report_verdict(inference)
        if inference.masks is not None or inference.keypoints is not None:
            self._omissions.report(inference.brain, "of masks and keypoints only the boxes around them are written")
        elif len(inference) and inference.boxes is None:
            self._omissions.report(inference.brain, "what has no box, mask or keypoints is left out")
        return has_places(inference)

    def _add_labels(self, inference: Inference) -> None:
        """All of the brain's, except those of the background, and those that it found."""
        known = (label.name for label in inference.labels.foreground)
        self._labels |= dict.fromkeys(map(clean_label, (*known, *inference.names)))

    def _write_picture(self, name: str, result: Result) -> str:
        """The picture's file name."""
        frame = result.frame
        if self._images:
            try:
                suffix, data = encode_picture(frame)
            except ImageError:  # answers are replayed without their pictures, or a brain has its own decoder
                reason = "of pictures that are not available, only the XML is written"
                self._omissions.report(result.answers[0].brain, reason)
            else:
                self._write(f"JPEGImages/{name}{suffix}", data)
                return name + suffix
        return name + (".jpg" if frame.time is not None else PurePath(frame.source).suffix or ".jpg")

    def _read_lines(self, name: str) -> list[str]:
        path = self._folder / name
        with convert_errors(path):
            return path.read_text("utf-8", "surrogateescape").splitlines() if path.exists() else []

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        with convert_errors(path):
            write_bytes(path, data)


def _join_lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _colour_of(number: int) -> tuple[int, int, int]:
    """Source: VOCcolormap.m of the VOC devkit."""
    red, green, blue = (sum((number >> 3 * bit + channel & 1) << 7 - bit for bit in range(8)) for channel in range(3))
    return red, green, blue
