"""The files of CocoSink: one dataset, or a list of results and the dataset that they refer to."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from runner_core.results import Inference
from runner_core.util import Mark, make_changed_error
from runner_export.annotations import Row, list_annotations, list_results
from runner_export.json_rows import JsonList
from runner_export.output_files import convert_errors
from runner_export.spool import Spool

Checkpoint = Mapping[str, Any]

_BETWEEN = ',\n"images": '  # what the spool holds follows it
_HEAD = '{"info": {"description": "Answers of models, by runner"}, "licenses": [], '


class CocoFiles(Protocol):
    """Rows are written as they come. All methods but ``list_rows`` raise SinkError.

    ``checkpoint`` gives, as JSON data, what must be known to go on, besides how far the whole files are.
    ``whole`` is whether everything could be written that does not go into those files at once.
    """

    @property
    def whole(self) -> bool: ...

    def list_rows(self, inference: Inference, image_id: int) -> Iterator[Row]:
        """The rows of an inference that has places."""

    def add_image(self, row: Row) -> None: ...

    def add_instance(self, row: Row) -> None: ...

    def checkpoint(self) -> Checkpoint: ...

    def end(self, categories: Sequence[Row]) -> None:
        """Completes the files."""


class DatasetFile:
    """One dataset: annotations go into the file, images into a spool, which follows them at the end."""

    def __init__(self, path: Path, stream: BinaryIO, spool: Spool, before: Checkpoint | None = None) -> None:
        self._path, self._stream, self._spool = path, stream, spool
        self._annotations = JsonList(stream, path, f'{_HEAD}"annotations": ', is_new=before is None)
        self._images = JsonList(spool.stream, path, is_new=before is None)
        self._count = before["annotations"] if before else 0

    @property
    def whole(self) -> bool:
        return self._spool.whole

    def list_rows(self, inference: Inference, image_id: int) -> Iterator[Row]:
        return list_annotations(inference, image_id)

    def add_image(self, row: Row) -> None:
        self._images.add(row)

    def add_instance(self, row: Row) -> None:
        self._count += 1
        self._annotations.add({"id": self._count} | row)

    def checkpoint(self) -> Checkpoint:
        return {"annotations": self._count, "spool": self._spool.mark()}

    def end(self, categories: Sequence[Row]) -> None:
        self._annotations.end(_BETWEEN)
        self._images.end(f',\n"categories": {json.dumps(categories)}}}\n')
        with convert_errors(self._path):
            self._spool.append_to(self._stream)


def restore_images(path: Path, begin: int, mark: Mark, spool: Spool) -> None:
    """Fills the spool of a DatasetFile from the whole file, whose annotations end behind ``begin``.

    Raises SinkError if that is not what was there at the mark.
    """
    end = f"\n]{_BETWEEN}".encode()  # no row has a line's end in it
    with (
        convert_errors(path), path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):  # fmt: skip
        place = data.find(end, begin) + len(end)
        spool.stream.write(data[place : place + mark["bytes"]])
    if spool.mark() != mark:
        raise make_changed_error(path)


class ResultsFiles:
    """A list of results, and a dataset without annotations."""

    whole = True

    def __init__(self, paths: Sequence[Path], streams: Sequence[BinaryIO], *, is_new: bool = True) -> None:
        self._results = JsonList(streams[0], paths[0], is_new=is_new)
        self._images = JsonList(streams[1], paths[1], f'{_HEAD}"images": ', is_new=is_new)

    def list_rows(self, inference: Inference, image_id: int) -> Iterator[Row]:
        return list_results(inference, image_id)

    def add_image(self, row: Row) -> None:
        self._images.add(row)

    def add_instance(self, row: Row) -> None:
        self._results.add(row)

    def checkpoint(self) -> Checkpoint:
        return {}

    def end(self, categories: Sequence[Row]) -> None:
        self._results.end()
        self._images.end(f',\n"annotations": [],\n"categories": {json.dumps(categories)}}}\n')
