"""JsonlSink: the lines, and what becomes of them when something goes wrong."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from runner_files.jsonl import JsonlSink

from runner_core.cards.labels import LabelMap
from runner_core.errors import SinkError
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.results.result import Failure, Result
from runner_core.testing import broken_frame, check_sink, conformance, sample_frame, sample_inference, sample_results


def lines(path: Path) -> list[dict[str, object]]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def result(index: int = 0, source: str | None = None) -> Result:
    frame = sample_frame(index)
    frame.source = source or frame.source
    return Result(frame, (sample_inference(),))


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(JsonlSink, str(tmp_path / "out" / "answers.jsonl"))


def test_a_line_a_frame_and_the_summary_last(tmp_path):
    failed = Failure("EngineError", "ran out of memory", brain="graphs")
    unreadable = Failure("ImageError", "broken-1.png: not a picture")
    with open_sink(f"jsonl:{tmp_path / 'new' / 'folder' / 'out.jsonl'}").open() as writer:
        writer.write(Result(sample_frame(0), (sample_inference("page"), failed)))
        writer.write(Result(broken_frame(1), error=unreadable))
        writer.finish({"frames": 2, "failed": 2})
    first, second, last = lines(tmp_path / "new" / "folder" / "out.jsonl")
    assert first == {
        "source": "sample-0.png",
        "index": 0,
        "time": None,
        "size": [96, 64],
        "inferences": [
            {
                "brain": "page",
                "version": "1",
                "task": "object-detection",
                "engine": "fake",
                "ms": {"encode": 0.1, "run": 2.0, "decode": 0.1},
                "instances": [
                    {"id": 0, "label": "page", "file_id": 1, "score": 0.9, "box": [24.0, 16.0, 72.0, 48.0]},
                    {"id": 1, "label": "graph", "file_id": 2, "score": 0.5, "box": [0.0, 0.0, 20.5, 12.25]},
                ],
            },
            {"brain": "graphs", "error": {"kind": "EngineError", "message": "ran out of memory"}},
        ],
    }
    error = {"kind": "ImageError", "message": "broken-1.png: not a picture"}
    assert second == {"source": "broken-1.png", "index": 1, "error": error}
    assert last == {"summary": {"frames": 2, "failed": 2}}


def test_what_was_written_reads_back_to_the_same_inferences(tmp_path):
    rng = np.random.default_rng(3)
    odd = Inference(
        brain="odd", task="instance-segmentation", size=(96, 64), labels=LabelMap.from_names(["café", "猫"]),
        model_ids=np.array([1, 0]), boxes=rng.random((2, 4), np.float32) * 90, scores=rng.random(2, np.float32),
        masks=tuple(Mask(array=rng.random((64, 96)) > 0.5) for _ in range(2)),
        keypoints=rng.random((2, 3, 3), np.float32),
    )  # fmt: skip
    given = [result for result in [*sample_results(), Result(sample_frame(), (odd,))] if not result.error]
    with JsonlSink(tmp_path / "out.jsonl").open() as writer:
        for each in given:
            writer.write(each)
    for each, line in zip(given, lines(tmp_path / "out.jsonl"), strict=True):
        told = [entry for entry in line["inferences"] if "error" not in entry]
        assert [Inference.from_json(entry, size=tuple(line["size"])) for entry in told] == list(each.answers)


def test_another_run_replaces_the_file(tmp_path):
    for count in (3, 1):
        with JsonlSink(tmp_path / "out.jsonl").open() as writer:
            for index in range(count):
                writer.write(result(index))
    assert len(lines(tmp_path / "out.jsonl")) == 1


def test_names_in_any_script_stay_readable(tmp_path):
    with JsonlSink(tmp_path / "out.jsonl").open() as writer:
        writer.write(result(source="猫/ćma.png"))
    assert '"猫/ćma.png"' in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


def test_a_file_name_that_is_not_utf_8_is_written_and_read_back(tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    with JsonlSink(tmp_path / "out.jsonl").open() as writer:
        writer.write(result(source=name))
    assert lines(tmp_path / "out.jsonl")[0]["source"] == name


def test_every_line_is_on_disk_as_soon_as_it_is_written(tmp_path):
    with JsonlSink(tmp_path / "out.jsonl").open() as writer:
        for index in range(3):
            writer.write(result(index))
            assert [line["index"] for line in lines(tmp_path / "out.jsonl")] == list(range(index + 1))


KILLED = """
import os, signal, sys
from runner_files.jsonl import JsonlSink
from runner_core.testing import sample_results
with JsonlSink(sys.argv[1]).open() as writer:
    for result in sample_results()[:4]:
        writer.write(result)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_no_line(tmp_path):
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "out.jsonl"], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(lines(tmp_path / "out.jsonl")) == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_sink_error():
    with (
        JsonlSink("/dev/full").open() as writer,
        pytest.raises(SinkError, match=r"/dev/full: cannot take another line .*; make room"),
    ):
        writer.write(result())


LIMITED = """
import resource, sys
from runner_files.jsonl import JsonlSink
from runner_core.errors import SinkError
from runner_core.testing import sample_results
sys.dont_write_bytecode = True  # else with half of the code of what is imported now
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with JsonlSink(sys.argv[1]).open() as writer:
        for _ in range(100):
            writer.write(sample_results()[0])
except SinkError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


@pytest.mark.parametrize("redirected", [False, True])
def test_a_disk_that_fills_up_in_a_line_keeps_whole_lines(tmp_path, redirected):
    whole = tmp_path / "whole.jsonl"
    with JsonlSink(whole).open() as writer:
        writer.write(sample_results()[0])
    limit = whole.stat().st_size * 5 // 2  # two lines and a half: the third is written in part
    out = tmp_path / "out.jsonl"
    with out.open("ab") as stream:
        place = "-" if redirected else str(out)
        ended = subprocess.run(
            [sys.executable, "-c", LIMITED, place, str(limit)],
            stdout=stream, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 3, ended.stderr
    assert "cannot take another line" in ended.stderr
    assert out.read_bytes() == whole.read_bytes() * 2


@pytest.mark.parametrize(
    ("place", "why"),
    [("file.txt/out.jsonl", "Not a directory"), ("folder", "Is a directory"), ("n" * 300, "File name too long")],
)
def test_an_unwritable_place_is_reported_before_the_first_frame(tmp_path, place, why):
    (tmp_path / "file.txt").write_text("a file")
    (tmp_path / "folder").mkdir()
    location = str(tmp_path / place)
    with pytest.raises(SinkError, match=f"cannot be written .{why}") as caught, JsonlSink(location).open():
        pytest.fail("it was opened")
    assert location in str(caught.value)
    assert "name a file in a folder that you may write to" in str(caught.value)


def test_a_dash_is_standard_output(capfd):
    print("before")
    with open_sink("jsonl:-").open() as writer:
        writer.write(result())
        writer.finish({"frames": 1})
    print("after")
    before, line, summary, after = capfd.readouterr().out.splitlines()
    assert (before, after) == ("before", "after")
    assert json.loads(line)["source"] == "sample-0.png"
    assert json.loads(summary) == {"summary": {"frames": 1}}


def test_a_closed_pipe_is_not_an_error_of_the_sink(tmp_path):
    script = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "") + "\n    for _ in range(99): writer.finish({})"
    runner = subprocess.Popen(
        [sys.executable, "-c", script, "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert runner.stdout is not None
    runner.stdout.close()
    _, told = runner.communicate()
    assert "BrokenPipeError" in told
    assert "SinkError" not in told
