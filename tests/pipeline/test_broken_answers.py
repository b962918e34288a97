"""Answers that something broke are replayed as far as they are whole; each line that is not says so."""

import json
import re

import pytest
from broken_answers import break_answers
from runner_files.jsonl import JsonlSink

from runner_core.pipeline import records
from runner_core.pipeline.records import Record, read_lines, read_records
from runner_core.results.result import Failure
from runner_core.testing import sample_results

ALONE = {"RUNNER_LOAD_PLUGINS": "files,export"}
SINKS = ("jsonl:out.jsonl", "out.csv", "coco:out.json", "label-studio:tasks.json", "parquet:out.parquet")


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "out.jsonl"
    results = sample_results()
    with JsonlSink(path).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({"frames": len(results)})
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("seed", range(60))
def test_a_broken_line_is_replayed_or_named(seed, lines, runner, tmp_path):
    broken, number, how = break_answers(lines, seed)
    (tmp_path / "answers.jsonl").write_bytes(b"".join(broken))
    done = runner("replay", "answers.jsonl", *(word for sink in SINKS for word in ("-s", sink)), **ALONE)
    assert "bug in runner" not in done.stderr, how
    assert "report it" not in done.stderr, how
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "is not what a run says" in line]
        assert said, how
        assert all(re.match(rf"runner: answers.jsonl: .*line ({number}|{number + 1}) ", line) for line in said), how


def change(lines, number, *path, value):
    """The records where a value of one line is another."""
    data = json.loads(lines[number])
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return list(read_records([lines[0], json.dumps(data).encode()], "out.jsonl"))


MASK = {"size": [64, 96], "counts": "0" * 9}
FIRST = ("inferences", 0, "instances", 0)


@pytest.mark.parametrize(
    ("number", "path", "value", "said"),
    [
        (0, ("size",), [-1, 64], "size is -1, not a whole number from 1"),
        (0, ("size",), [2**31, 2**31], "more than any picture's"),
        (0, ("index",), True, "index is True"),
        (0, ("time",), float("nan"), "time is nan"),
        (0, ("source",), {"a": 1}, "source is {'a': 1}, not a text"),
        (0, ("inferences",), {}, "inferences is {}, not a list"),
        (0, ("inferences", 0), None, "an inference is None, not an object"),
        (0, ("inferences", 0, "brain"), True, "brain is True, not a text"),
        (0, ("inferences", 0, "brain"), "\ud800", "brain holds half a character"),
        (0, ("inferences", 0, "ms"), {"run": 1e308}, "ms is 1e\\+308"),
        (0, (*FIRST, "label"), "\ud800", "label holds half a character"),
        (0, (*FIRST, "file_id"), 10**400, "file_id is 1000"),
        (0, (*FIRST, "score"), float("nan"), "holds NaN"),
        (0, (*FIRST, "box"), [1, 2, 3, 1e39], "too large"),
        (0, (*FIRST, "box"), [1, 2, 3], "several lengths"),
        (0, (*FIRST, "box"), ["1", "2", "3", "4"], "several lengths|not a number"),
        (2, (*FIRST, "mask"), MASK, "a damaged RLE: its runs do not fill 96 x 64 pixels"),
        (2, ("inferences", 2, "class_map", "runs"), [[0, 2**40]], "do not fill 96 x 64 pixels"),
        (2, ("inferences", 2, "class_map", "size"), [2**20, 2**20], "more than any picture's"),
        (2, ("inferences", 2, "class_map", "runs"), [0, 1], "what is not a class and a length"),
        (3, ("inferences", 1, "error"), "no", "error is 'no', not an object"),
    ],
)  # fmt: skip
def test_what_no_run_says_is_told(number, path, value, said, lines):
    _, fault = change(lines, number, *path, value=value)
    assert isinstance(fault, Failure)
    assert re.match(f"out.jsonl: line 2 is not what a run says \\(.*({said})", fault.message), fault.message
    assert len(fault.message) < 300


def test_a_line_without_end_is_read_to_its_limit_and_the_next_one_follows(monkeypatch, tmp_path, lines):
    monkeypatch.setattr(records, "MOST_BYTES", 5000)
    endless = b'{"source": "' + b"x" * 20_000 + b'"}\n'
    (tmp_path / "out.jsonl").write_bytes(lines[0] + endless + lines[0])
    with (tmp_path / "out.jsonl").open("rb") as stream:
        first, fault, last = read_records(read_lines(stream), "out.jsonl")
    assert isinstance(first, Record)
    assert first == last
    assert fault.message.startswith("out.jsonl: line 2 is not what a run says")


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"a":' * 200_000, b"[" * 200_000 + b"]" * 200_000])
def test_what_is_nested_without_end_is_a_bad_line(deep, lines):
    _, fault = read_records([lines[0], deep], "out.jsonl")
    assert fault.message.startswith("out.jsonl: line 2 is not what a run says")
