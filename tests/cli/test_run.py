"""``runner run``: the answers of issue's pictures, bad items, exit codes, clean ends."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner_core.cli.options import parse_options
from runner_core.errors import UsageError

GRAPH = "fastestdet_coco_tf1_image_tensor.pb"


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def pictures(testdata, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("football.jpg", "grace_hopper.bmp"):
        shutil.copy(testdata / "pictures" / name, folder / name)
    return folder


@pytest.fixture
def coco(testdata):
    return ["--brain", testdata / "models" / GRAPH, "--labels", testdata / "models" / "coco80.pbtxt", "--conf", "0.5"]


@pytest.fixture
def onnx(testdata):
    """The same network for another process, which starts sooner without TensorFlow."""
    return ["--brain", testdata / "models" / "fastestdet_coco.onnx", "--labels", testdata / "models" / "coco80.txt"]


def test_a_bad_picture_is_an_error_record_and_the_rest_is_done(runner, pictures, coco):
    (pictures / "broken.jpg").write_bytes((pictures / "football.jpg").read_bytes()[:20000])
    (pictures / "empty.png").write_bytes(b"")
    (pictures / "page.jpg").write_text("<html>not found</html>")
    done = runner("run", pictures, *coco, "--sink", "jsonl:out.jsonl")
    assert done.returncode == 1, done.stderr
    *records, last = lines(pictures.parent / "out.jsonl")
    failed = {Path(record["source"]).name: record["error"]["kind"] for record in records if "error" in record}
    assert failed == {"broken.jpg": "ImageError", "empty.png": "ImageError", "page.jpg": "ImageError"}
    assert [len(record["inferences"][0]["instances"]) for record in records if "error" not in record] == [5, 6]
    assert last["summary"]["frames"] == 5
    assert last["summary"]["failed"] == 3
    assert len([line for line in done.stderr.splitlines() if line.startswith("runner: ")]) == 3


def test_without_a_sink_the_lines_go_to_standard_output(runner, pictures, coco):
    done = runner("run", pictures / "football.jpg", *coco)
    assert done.returncode == 0, done.stderr
    record, summary = map(json.loads, done.stdout.splitlines())
    assert record["size"] == [500, 335]
    assert summary["summary"]["brains"]


def test_two_brains_and_options_for_one_alone(runner, pictures, coco, testdata):
    second = (
        f"{testdata / 'models' / GRAPH}?name=people&classes=person&max-det=1&labels={testdata / 'models/coco80.txt'}"
    )
    done = runner("run", pictures / "football.jpg", *coco, "--brain", second, "--sink", "jsonl:o.jsonl")
    assert done.returncode == 0, done.stderr
    found = {entry["brain"]: entry["instances"] for entry in lines(pictures.parent / "o.jsonl")[0]["inferences"]}
    assert len(found["people"]) == 1
    assert len(found[Path(GRAPH).stem]) == 5


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "nowhere", "--brain", "x.pb"], 1, "nowhere"),
        (["run", "{pictures}", "--brain", "missing.pb"], 2, "missing.pb: no such file"),
        (["run", "{pictures}", "--brain", "nobody"], 2, "no store has a brain named 'nobody'"),
        (["run", "{pictures}"], 2, "--brain"),
        (["run", "{pictures}", "--brain", "{graph}", "--engine", "warp"], 2, "no engine named 'warp'"),
        (["run", "{pictures}", "--brain", "{graph}", "--task", "telepathy"], 2, "no task named 'telepathy'"),
        (["run", "{pictures}", "--brain", "{graph}", "--conf", "7"], 2, "--conf"),
        (["run", "{pictures}", "--brain", "{graph}?colour=red"], 2, "colour is 'red'; give rgb, bgr, grey"),
        (["run", "{pictures}", "--brain", "{graph}?taste=sour"], 2, "no option 'taste'"),
        (["run", "{pictures}", "--brain", "{graph}", "--sink", "teleport:x"], 2, "no sink named 'teleport'"),
        (["run", "{pictures}", "--brain", "{graph}", "--sink", "out.png"], 2, "is not a sink"),
        (["run", "{pictures}", "--brain", "{graph}", "--labels", "none.txt"], 2, "none.txt: no such label file"),
        (["run", "{pictures}", "--brain", "{graph}", "--sink", "jsonl:{graph}/x.jsonl"], 1, "x.jsonl"),
        (["dance"], 2, "No such command"),
    ],
)
def test_wrong_use_is_one_line_with_the_remedy(runner, pictures, testdata, arguments, code, message):
    known = {"pictures": pictures, "graph": testdata / "models" / GRAPH}
    done = runner(*[argument.format(**known) for argument in arguments])
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_labels_of_another_model_are_refused(runner, pictures, testdata, tmp_path):
    (tmp_path / "three.txt").write_text("cat\ndog\nbird\n")
    (tmp_path / "ball.txt").write_text("cat\n")
    done = runner(
        "run", pictures, "--brain", testdata / "models" / GRAPH, "--labels", "three.txt", "--sink", "jsonl:o.jsonl"
    )
    assert done.returncode == 1
    assert "labels run from 1 to 3" in done.stderr


def test_debug_shows_the_traceback(runner_process, pictures):
    done = runner_process("--debug", "run", pictures, "--brain", "missing.pb")
    assert "Traceback" in done.stderr


def test_a_broken_pipe_ends_cleanly(pictures, onnx):
    command = [sys.executable, "-m", "runner_core.cli.main", "run", str(pictures), *map(str, onnx)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert "Traceback" not in stderr
    assert "BrokenPipe" not in stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_cleanly(runner, pictures, coco):
    done = runner("run", pictures, *coco, "--sink", "jsonl:/dev/full")
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_keeps_what_was_finished(pictures, onnx, tmp_path):
    for number in range(400):
        shutil.copy(pictures / "football.jpg", pictures / f"more-{number}.jpg")
    command = [sys.executable, "-m", "runner_core.cli.main", "run", pictures, *onnx, "--sink", "jsonl:out.jsonl"]
    process = subprocess.Popen(list(map(str, command)), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    out = tmp_path / "out.jsonl"
    while process.poll() is None and not (out.exists() and out.stat().st_size):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert 1 <= len(lines(out)) < 402


def test_a_brains_own_options():
    assert parse_options("conf=0.4&max-det=3&classes=a,b", "x") == {"conf": 0.4, "max_det": 3, "classes": ("a", "b")}
    with pytest.raises(UsageError, match="conf=much is not a number"):
        parse_options("conf=much", "x")


def test_a_folder_is_not_a_picture_and_the_command_for_it_is_named(runner, pictures):
    done = runner("predict", pictures, "--brain", "page")
    assert done.returncode == 2
    assert f"give one picture, or type `runner run {pictures} --brain ...`" in done.stderr


@pytest.mark.parametrize("command", ["run", "predict"])
def test_the_label_file_that_was_taken_is_reported_once_and_without_any_a_hint(command, runner, testdata, tmp_path):
    shutil.copy(testdata / "models" / "fastestdet_coco.onnx", tmp_path / "model.onnx")
    picture = testdata / "pictures" / "football.jpg"
    twice = [command, picture, "--brain", "model.onnx", "--brain", "model.onnx?name=other"]
    hint = "runner: model.onnx: no label map, so its classes go by their numbers; give one by --labels\n"
    assert runner(*twice).stderr == hint
    shutil.copy(testdata / "models" / "coco80.txt", tmp_path / "labels.txt")
    done = runner(*twice)
    assert done.stderr == "runner: model.onnx: labels: labels.txt beside the model, 80 names\n"
    assert "sports ball" in done.stdout
    assert runner(*twice[:4], "--labels", tmp_path / "labels.txt").stderr == ""


def test_a_quiet_run_leaves_hints_out_and_says_warnings(runner, testdata, tmp_path):
    shutil.copy(testdata / "models" / "fastestdet_coco.onnx", tmp_path / "model.onnx")
    arguments = ["run", testdata / "pictures" / "football.jpg", "--brain", "model.onnx", "--quiet"]
    assert runner(*arguments).stderr == ""
    (tmp_path / "labels.txt").write_text("cat\n\ndog\n")
    empty, left_out = runner(*arguments).stderr.splitlines()
    oddity = "line 2 is empty and is not counted as a class: if it should, give each line its number"
    assert empty == f"runner: {tmp_path / 'labels.txt'}: {oddity}"
    assert "labels.txt beside the model" in left_out
