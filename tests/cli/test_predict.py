"""``runner predict``: all that is shown of an instance; brains of one name; what fails."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import map_models
import numpy as np
import pytest
from PIL import Image

DEMO = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo"
PICTURE = DEMO / "pictures" / "2-one.jpg"


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")


def rows(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]


def test_what_a_brain_finds_after_another_says_where(runner):
    done = runner("predict", PICTURE, "--brain", "page > graphs")
    assert done.returncode == 0, done.stderr
    page, graph = rows(done.stdout)
    assert (page[1], graph[1], graph[-1]) == ("page", "graph", "page 0")
    assert len(page) == len(graph) - 1, "what stands in no row has no column"


def test_a_brain_that_two_chains_begin_with_answers_once(runner):
    done = runner("predict", PICTURE, "--brain", "page", "--brain", "page > graphs", "--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["brain"] for line in done.stdout.splitlines()] == ["page", "graphs"]


def test_keypoints_are_shown(runner, testdata):
    model = testdata / "models" / "movenet_single_pose_lightning_ptq.tflite"
    done = runner("predict", testdata / "pictures" / "grace_hopper.bmp", "--brain", model, "--json")
    points = json.loads(done.stdout)["instances"][0]["keypoints"]
    done = runner("predict", testdata / "pictures" / "grace_hopper.bmp", "--brain", model)
    assert done.returncode == 0, done.stderr
    assert "keypoints (x,y:score)" in done.stdout
    assert rows(done.stdout)[0][-1].split() == [f"{x:.0f},{y:.0f}:{score:.2f}" for x, y, score in points]


def test_the_verdict_on_the_picture_is_told(runner, tmp_path):
    model = map_models.write_anomalib_2(tmp_path / "patchcore.onnx")
    Image.new("RGB", (32, 32), (51, 51, 51)).save(tmp_path / "sound.png")
    done = runner("predict", tmp_path / "sound.png", "--brain", model)
    assert done.returncode == 0, done.stderr
    assert "; the picture is normal, 0.200; nothing scores" in done.stdout


def test_two_brains_of_one_name_are_refused(runner):
    done = runner("predict", PICTURE, "--brain", "page", "--brain", DEMO / "brains" / "page" / "page.onnx")
    assert done.returncode == 2
    assert "two brains are named page; open one with another name" in done.stderr
    assert not done.stdout


def test_a_name_in_brackets_is_shown_as_it_is(runner, testdata, tmp_path):
    (tmp_path / "odd.txt").write_text("\n".join(f"[/b]:dog: {number}" for number in range(80)))
    model = testdata / "models" / "fastestdet_coco.onnx"
    done = runner("predict", testdata / "pictures" / "football.jpg", "--brain", model, "--labels", "odd.txt")
    assert done.returncode == 0, done.stderr
    assert {row[1].rpartition(" ")[0] for row in rows(done.stdout)} == {"[/b]:dog:"}


def test_a_brain_that_fails_does_not_hide_what_another_finds(runner, testdata, tmp_path):
    (tmp_path / "cat.txt").write_text("cat\n")
    graph = testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb"
    done = runner("predict", PICTURE, "-b", f"{graph}?labels=cat.txt&conf=0.01&name=cats", "-b", "page")
    assert done.returncode == 1
    assert "brain cats: the model says class" in done.stderr
    assert [row[1] for row in rows(done.stdout)] == ["page"]


def test_a_list_begins_where_the_labels_of_the_card_do(runner, testdata):
    done = runner("predict", PICTURE, "--brain", "page", "--labels", testdata / "models" / "coco80.txt")
    assert done.returncode == 0, done.stderr
    assert "person" in done.stdout
    assert "bicycle" not in done.stdout


@pytest.mark.parametrize("command", [("predict", PICTURE, "--brain", "page"), ("inspect", "page")])
@pytest.mark.parametrize(("task", "message"), [("nosuch", "no task named 'nosuch'"), ("yolo", "not yolo")])
def test_a_task_that_the_card_does_not_give_is_refused(command, task, message, runner):
    done = runner(*command, "--task", task)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_picture_is_saved_with_what_was_found(runner, tmp_path):
    target = tmp_path / "out.png"
    done = runner("predict", PICTURE, "--brain", "page", "--save", target)
    assert done.returncode == 0, done.stderr
    assert f"{target}: written" in done.stderr
    with Image.open(target) as drawn, Image.open(PICTURE) as picture:
        assert drawn.size == picture.size
        assert np.any(np.asarray(drawn) != np.asarray(picture.convert("RGB")))


def test_a_place_that_is_no_picture_is_refused_before_a_model_loads(runner, tmp_path):
    done = runner("predict", PICTURE, "--brain", "nothing", "--save", tmp_path / "out.txt")
    assert done.returncode == 2
    assert "no format of pictures is called '.txt'" in done.stderr


@pytest.mark.parametrize(
    ("location", "what", "shown"),
    [
        (DEMO / "clip.mp4", "a video file", DEMO / "clip.mp4"),
        (DEMO / "pictures", "a folder", DEMO / "pictures"),
        ("0", "a camera", "0"),
        ("rtsp://me:secret@127.0.0.1/live", "a stream", "rtsp://127.0.0.1/live"),
    ],
)
def test_what_is_not_one_picture_is_for_run(location, what, shown, runner):
    done = runner("predict", location, "--brain", "page")
    assert done.returncode == 2
    expected = f"runner: {shown}: {what}, not a picture; give one picture, or type `runner run {shown} --brain ...`\n"
    assert done.stderr == expected


def test_a_picture_needs_no_source_that_is_installed(runner):
    done = runner("predict", "gone.png", "--brain", "page", RUNNER_LOAD_PLUGINS="demo")
    assert (done.returncode, done.stderr) == (1, "runner: gone.png: no such file\n")


CAT = "tabby, tabby cat"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--class", CAT), {CAT}),
        (("--class", CAT, "--class", "tiger cat"), {CAT, "tiger cat"}),
        (("--class", CAT, "--classes", "tiger cat,Egyptian cat"), {CAT, "tiger cat", "Egyptian cat"}),
        (("--classes", "tiger cat"), {"tiger cat"}),
    ],
)
def test_a_class_whose_name_has_commas_can_be_asked_for(words, found, runner, testdata):
    done = runner(*ask_for_cats(testdata), *words, RUNNER_CLASSES="Egyptian cat")
    assert done.returncode == 0, done.stderr
    assert {each["label"] for each in json.loads(done.stdout)["instances"]} == found


def test_a_class_of_one_brain_is_asked_for_behind_its_question_mark(runner, testdata):
    *words, brain, _, labels, json_ = ask_for_cats(testdata)
    done = runner(*words, f"{brain}?labels={labels}&class={quote(CAT)}&class=tiger cat", json_)
    assert {each["label"] for each in json.loads(done.stdout)["instances"]} == {CAT, "tiger cat"}


def test_a_part_of_such_a_name_is_told_of_the_whole(runner, testdata):
    done = runner(*ask_for_cats(testdata), "--classes", CAT)
    assert done.returncode == 2
    assert "no label named 'tabby'; 'tabby, tabby cat' is one name: give it by --class;" in done.stderr


def ask_for_cats(testdata):
    models = testdata / "models"
    picture, brain = testdata / "pictures" / "cat_720p.jpg", models / "mobilenet_v2_1.0_224_quant.tflite"
    return "predict", picture, "-b", brain, "--labels", models / "imagenet_labels.txt", "--json"
