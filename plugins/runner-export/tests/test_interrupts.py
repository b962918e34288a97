"""Ctrl-C right before or behind a write of the system's, of which the buffer above cannot know."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import FrameType

import pytest

from runner_core.pipeline.sources_sinks import open_sink
from runner_core.results.result import Result
from runner_core.testing import sample_frame, sample_inference
from runner_core.util import GrowingFile


def table_of(path: Path) -> list[int]:
    return [int(row["index"]) for row in csv.DictReader(path.read_text().splitlines())]


def dataset_of(path: Path) -> list[int]:
    return [row["image_id"] - 1 for row in json.loads(path.read_text())["annotations"]]


@pytest.fixture(params=["c_call", "c_return"])
def interrupted(request):
    """At the third write."""
    writes = count(1)

    def interrupt(frame: FrameType, event: str, called: object) -> None:
        there = event == request.param and frame.f_code is GrowingFile.write.__code__ and called.__name__ == "write"
        if there and next(writes) == 3:
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    yield
    sys.setprofile(None)


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize(("place", "read"), [("csv:out.csv", table_of), ("coco:out.json", dataset_of)])
def test_it_loses_no_row_and_doubles_none(place: str, read: Callable[[Path], list[int]], tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = []
    with pytest.raises(KeyboardInterrupt), open_sink(place).open() as writer:  # noqa: PT012
        for index in count():
            writer.write(Result(sample_frame(index), (sample_inference(),)))
            given += [index] * 2  # rows
    rows = read(Path(place.partition(":")[2]))
    assert rows[: len(given)] == given
    assert rows[len(given) :] in ([], [given[-1] + 1])
