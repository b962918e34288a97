"""Runs that are killed or interrupted at random moments and resumed: in the end they are as one that was never stopped.

A small ONNX network, all sinks that can be resumed, real processes and signals.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from onnx_models import write_detector
from stopped_runs import SINKS, Nursery, count_frames, read_outputs, write_pictures

STOPPED = {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder with a brain and pictures, and where runs over them are started."""
    folder = tmp_path_factory.mktemp("stopped")
    write_detector(folder / "two")
    write_pictures(folder / "pictures", 60)
    (folder / "home").mkdir()
    with Nursery(folder / "home") as nursery:
        yield folder, nursery


@pytest.fixture(scope="module")
def arguments():
    return ("run", "../pictures", "--brain", "../two", "-q", *(word for sink in SINKS for word in ("--sink", sink)))


@pytest.fixture(scope="module")
def whole(begun, arguments):
    """What one run leaves, and the seconds that it takes."""
    folder, nursery = begun
    (folder / "whole").mkdir()
    started = time.monotonic()
    assert nursery.run(folder / "whole", *arguments) == 1, nursery.said  # one picture cannot be read
    seconds = time.monotonic() - started
    outputs = read_outputs(folder / "whole")
    assert {"out.csv", "out.parquet", "out.json", "list.json", "yolo/two/data.yaml"} < outputs.keys()
    assert outputs["out.jsonl"][-1]["summary"]["frames"] == 60
    return outputs, seconds


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("stop", "times"),
    [
        (signal.SIGKILL, 4),
        (signal.SIGINT, 4),
        pytest.param(signal.SIGKILL, 100, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 50, marks=pytest.mark.slow),
    ],
)
def test_whenever_it_is_stopped_it_is_complete_in_the_end(begun, arguments, whole, tmp_path, stop, times):
    (folder, nursery), (expected, seconds) = begun, whole
    moments, codes, number = random.Random(times), Counter(), 0
    while codes[STOPPED[stop]] < times:
        number += 1
        place = folder / f"{stop.name}-{times}-{number}"
        place.mkdir()
        while (code := nursery.run(place, *arguments, "--resume", stop=stop, after=moments.uniform(0, seconds))) != 1:
            assert code == STOPPED[stop], nursery.said
            codes[code] += 1
            if stop == signal.SIGINT and (place / "out.jsonl").exists():
                assert len(set(count_frames(place).values())) == 1, count_frames(place)
        assert read_outputs(place) == expected


def test_a_disk_that_was_full_costs_nothing_that_was_answered(begun, arguments, whole):
    (folder, _), (expected, _) = begun, whole
    place = folder / "full"
    place.mkdir()
    command = [sys.executable, "-m", "runner_core.cli.main", *arguments, "--resume"]
    environment = os.environ | {"RUNNER_HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    for room in (6_000, 12_000, resource.RLIM_INFINITY):  # bytes that a file may have
        process = subprocess.run(
            command, cwd=place, env=environment, check=False, text=True, capture_output=True,
            preexec_fn=lambda room=room: resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY)),
        )  # fmt: skip
        assert process.returncode == 1
        assert ("File too large" in process.stderr) == (room != resource.RLIM_INFINITY), process.stderr
    assert read_outputs(place) == expected


def test_a_run_that_was_not_to_be_resumed_can_be(begun, arguments, whole):
    """Nobody says --resume at the first run, for nobody knows then that it will be stopped."""
    (folder, nursery), (expected, seconds) = begun, whole
    place = folder / "unplanned"
    place.mkdir()
    while not (place / "out.jsonl").exists() or not (place / "out.jsonl").stat().st_size:
        nursery.run(place, *arguments, stop=signal.SIGKILL, after=seconds / 2)
    assert nursery.run(place, *arguments, "--resume") == 1, nursery.said
    assert read_outputs(place) == expected
