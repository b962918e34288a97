"""``runner verify``: engines against each other, and against what was written before."""

from __future__ import annotations

import json
import shutil

import map_models
import pytest

from runner_core.errors import UsageError
from runner_core.export.golden import Golden

HEAD, WHOLE = "fastestdet_coco.onnx", "fastestdet_coco_tf1_image_tensor.pb"


@pytest.fixture
def head(testdata):
    return [testdata / "models" / HEAD, "--labels", testdata / "models" / "coco80.txt"]


@pytest.fixture
def pictures(testdata, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("football.jpg", "squat.bmp"):
        shutil.copy(testdata / "pictures" / name, folder / name)
    return folder


@pytest.fixture
def golden(runner, head, pictures, tmp_path):
    done = runner("verify", *head, "--engines", "onnx", "--write-golden", "golden.jsonl", pictures)
    assert done.returncode == 0, done.stderr
    return tmp_path / "golden.jsonl"


def changed(golden, change):
    """The golden file with ``change`` made to the first instance of its first picture."""
    first, *rest = golden.read_text().splitlines()
    record = json.loads(first)
    instance = record["inferences"][0]["instances"][0]
    change(instance)
    golden.write_text("\n".join([json.dumps(record), *rest]))
    return instance


def test_mattes_are_held_against_each_other(runner, pictures, tmp_path):
    model = map_models.write_matte(tmp_path / "modnet.onnx")
    done = runner("verify", model, pictures)
    assert done.returncode == 0, done.stderr
    assert "levels" in done.stdout


def test_all_engines_that_open_it_are_held_against_the_first(runner, head, pictures):
    done = runner("verify", *head, pictures)
    assert done.returncode == 0, done.stderr
    assert "onnx - openvino" in done.stdout
    assert "in total" in done.stdout


def moved(instance):
    """A little less sure, and its points a little to the right."""
    instance["score"] -= 0.1
    instance["keypoints"] = [[x + 16, y, score] for x, y, score in instance["keypoints"]]


def test_the_tolerances_are_options(runner, testdata, tmp_path):
    """One engine against itself: how far two are apart hangs on the processor."""
    model, picture = testdata / "models/movenet_single_pose_lightning_ptq.tflite", testdata / "pictures/squat.bmp"
    verify = ("verify", model, picture, "--engines", "litert")
    assert runner(*verify, "--write-golden", "golden.jsonl").returncode == 0
    verify = (*verify, "--golden", "golden.jsonl")
    assert runner(*verify).returncode == 0
    changed(tmp_path / "golden.jsonl", moved)
    done = runner(*verify)
    assert done.returncode == 1
    assert "squat.bmp: golden.jsonl - litert: scores: 0.1, at most" in done.stdout
    assert "squat.bmp: golden.jsonl - litert: keypoints: 0.02" in done.stdout
    assert runner(*verify, "--score", "0.15").returncode == 1
    assert runner(*verify, "--keypoints", "0.05").returncode == 1
    assert runner(*verify, "--score", "0.15", "--keypoints", "0.05").returncode == 0


def test_an_engine_that_refuses_it_is_left_out_and_told(runner, testdata, pictures, golden):
    done = runner("verify", testdata / "models" / WHOLE, pictures)
    assert done.returncode == 2
    assert "engine openvino is left out" in done.stderr
    assert "CombinedNonMaxSuppression" in done.stderr
    assert "only tensorflow opens it" in done.stderr
    named = runner("verify", testdata / "models" / WHOLE, pictures, "--engines", "tensorflow,openvino")
    assert named.returncode == 1
    assert named.stderr.startswith("runner: ")


def test_a_golden_file_is_what_a_run_writes(runner, head, pictures, golden):
    *records, last = map(json.loads, golden.read_text().splitlines())
    assert [len(record["inferences"]) for record in records] == [1, 1]
    assert last["summary"]["frames"] == 2
    done = runner("verify", *head, "--golden", golden, pictures)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "golden.jsonl - openvino" in done.stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda instance: instance.update(score=0.6), "scores: "),
        (lambda instance: instance.update(box=[0, 0, 9, 9]), "only the first has "),
        (lambda instance: instance.update(label="zebra", file_id=22), "zebra"),
    ],
)
def test_what_is_not_as_it_was_is_reported(runner, head, pictures, golden, change, said):
    changed(golden, change)
    done = runner("verify", *head, "--engines", "onnx", "--golden", golden, pictures)
    assert done.returncode == 1
    assert f"football.jpg: golden.jsonl - onnx: {said}" in done.stdout or said in done.stdout


def test_a_picture_that_the_golden_file_lacks_or_that_is_broken_fails(runner, head, testdata, pictures, golden):
    shutil.copy(testdata / "pictures" / "parrot.jpg", pictures / "parrot.jpg")
    (pictures / "broken.jpg").write_bytes(b"no picture")
    done = runner("verify", *head, "--engines", "onnx", "--golden", golden, pictures)
    assert done.returncode == 1
    assert "parrot.jpg: golden.jsonl - onnx: the golden file has no answer for this picture" in done.stdout
    assert "broken.jpg" in done.stdout
    assert done.stdout.count("football.jpg") == 1
    again = runner("verify", *head, "--engines", "onnx", "--write-golden", "new.jsonl", pictures)
    assert again.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engines", "onnx"], "nothing to compare"),
        (["--golden", "nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["--golden", "{picture}"], "not the answers of a run"),
        (["--golden", "a", "--write-golden", "a"], "at once"),
        (["rtsp://me:secret@host/live"], "runner: rtsp://host/live: a live source has no end"),
        (["--engines", "warp"], "no engine named 'warp'"),
    ],
)
def test_wrong_use(runner, head, pictures, arguments, said):
    filled = [str(argument).format(picture=pictures / "football.jpg") for argument in arguments]
    done = runner("verify", *head, pictures, *filled)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_golden_answers_are_found_by_the_file_name_where_the_folder_moved(golden):
    read_back = Golden.read(golden, "fastestdet_coco")
    assert read_back.answer("elsewhere/football.jpg").size == (500, 335)
    assert read_back.answer("elsewhere/other.jpg") is None
    golden.write_text(json.dumps({"source": "x.jpg", "index": 0, "error": {"kind": "ImageError", "message": "no"}}))
    with pytest.raises(UsageError, match="no answer of brain"):
        Golden.read(golden, "fastestdet_coco")


@pytest.mark.parametrize("bad", ["{", "[]", '{"source": "x.jpg"}'])
def test_a_golden_file_with_a_damaged_line_is_refused(golden, bad):
    golden.write_text(f"{golden.read_text()}\n{bad}\n")
    with pytest.raises(UsageError, match=r"golden\.jsonl: line \d+ is not what a run says"):
        Golden.read(golden, "fastestdet_coco")
