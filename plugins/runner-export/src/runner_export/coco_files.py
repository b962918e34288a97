"""The files of CocoSink: one dataset, or a list of results and the dataset that they refer to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import BinaryIO, Protocol

from runner_core.results import Inference
from runner_export.annotations import Row, list_annotations, list_results
from runner_export.json_rows import JsonList
from runner_export.output_files import Spool, convert_errors

_HEAD = '{"info": {"description": "Answers of models, by runner"}, "licenses": [], '


class CocoFiles(Protocol):
    """Rows are written as they come. All methods but ``list_rows`` raise SinkError."""

    def list_rows(self, inference: Inference, image_id: int) -> Iterator[Row]:
        """The rows of an inference that has places."""

    def add_image(self, row: Row) -> None: ...

    def add_instance(self, row: Row) -> None: ...

    def end(self, categories: Sequence[Row]) -> None:
        """Completes the files."""


class DatasetFile:
    """One dataset: annotations go into the file, images into a spool, which follows them at the end."""

    def __init__(self, path: Path, stream: BinaryIO, spool: Spool) -> None:
        self._path, self._stream, self._spool = path, stream, spool
        self._annotations = JsonList(stream, path, f'{_HEAD}"annotations": ')
        self._images = JsonList(spool.stream, path)
        self._numbers = count(1)

    def list_rows(self, inference: Inference, image_id: int) -> Iterator[Row]:
        return list_annotations(inference, image_id)

    def add_image(self, row: Row) -> None:
        self._images.add(row)

    def add_instance(self, row: Row) -> None:
        self._annotations.add({"id": next(self._numbers)} | row)

    def end(self, categories: Sequence[Row]) -> None:
        self._annotations.end(',\n"images": ')
        self._images.end(f',\n"categories": {json.dumps(categories)}}}\n')
        with convert_errors(self._path):
            self._spool.append_to(self._stream)


class ResultsFiles:
    """A list of results, and a dataset without annotations."""

    def __init__(self, paths: Sequence[Path], streams: Sequence[BinaryIO]) -> None:
        self._results = JsonList(streams[0], paths[0])
        self._images = JsonList(streams[1], paths[1], f'{_HEAD}"images": ')

    def list_rows(self, inference: Inference, image_id: int) -> Iterator[Row]:
        return list_results(inference, image_id)

    def add_image(self, row: Row) -> None:
        self._images.add(row)

    def add_instance(self, row: Row) -> None:
        self._results.add(row)

    def end(self, categories: Sequence[Row]) -> None:
        self._results.end()
        self._images.end(f',\n"annotations": [],\n"categories": {json.dumps(categories)}}}\n')
