"""``runner eval``: what is typed, printed and written."""

import json
import shutil
import sys

import pytest
from runner_demo.store import PICTURES
from terminal import run_in_terminal

from runner_core.datasets import open_dataset
from runner_core.project import Project
from runner_core.testing import check_plugin, conformance

ONNX = ("--engine", "onnx")


@conformance(check_plugin)
def test_the_plugin_conforms(check):
    check("runner_eval.plugin")


@pytest.fixture
def pictures(tmp_path):
    """The demo's pictures with their labels, which one may change."""
    return shutil.copytree(PICTURES, tmp_path / "pictures")


def test_two_brains_are_printed_side_by_side(runner, pictures):
    answer = runner("eval", "page", "graphs", "--data", pictures, *ONNX)
    assert answer.returncode == 0, answer.stderr
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert answer.stdout.startswith(f"boxes: 8 pictures of {pictures}\n")
    assert ["boxes", "page", "graphs", "graphs", "-", "page"] in lines
    assert next(line for line in lines if line[:2] == ["page", "page"])[4] == "1.000", "mAP50 of pages"
    assert "graphs does not know page: all of these count as missed" in answer.stderr
    assert "8 pictures say little" in answer.stderr


def test_one_class_json_and_a_report(runner, pictures, tmp_path):
    answer = runner("eval", "page", "--data", pictures, "--classes", "page", "--json", "--report", "out", *ONNX)
    assert answer.returncode == 0, answer.stderr
    data = json.loads(answer.stdout)
    brain = data["brains"][0]
    assert (data["pictures"], data["classes"], brain["source"]) == (8, ["page"], "onnx")
    assert brain["boxes"]["figures"]["mAP50"] == 1
    assert brain["boxes"]["at_threshold"]["missed"] == 0
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text()) == data
    assert (tmp_path / "out" / "report.html").is_file()
    assert "out/report.html" in answer.stderr


def test_the_answers_of_a_run_need_no_model(runner, pictures):
    runner("run", pictures, "--brain", "page", "--sink", "jsonl:out.jsonl", "--exact", "--conf", "0.001", *ONNX)
    read = runner("eval", "--answers", "out.jsonl", "--conf", "0.7", "--data", pictures, "--json")
    run = runner("eval", "page", "--exact", "--conf", "0.7", "--data", pictures, "--json", *ONNX)
    ours, theirs = (json.loads(each.stdout)["brains"][0] for each in (read, run))
    assert ours["source"] == "out.jsonl"
    assert ours["boxes"] == theirs["boxes"]


def test_from_python_it_is_the_same(runner, pictures):
    with Project("demo").get_model(name="graphs", local=True, engine="onnx") as graphs:
        figures = graphs.evaluate(str(pictures), resamples=0).figures
        again = graphs.evaluate(open_dataset(pictures), resamples=0).figures
    typed = json.loads(runner("eval", "graphs", "--data", pictures, "--json", *ONNX).stdout)
    assert figures == again == typed["brains"][0]["boxes"]["figures"]


def test_a_broken_truth_file_is_measured_as_far_as_it_goes(runner, pictures):
    path = pictures / "truth.json"
    data = json.loads(path.read_text())
    data["annotations"][0]["bbox"] = [5, 5, -4, 0]
    data["annotations"][1]["image_id"] = 999
    path.write_text(json.dumps(data))
    answer = runner("eval", "page", "--data", pictures, *ONNX)
    assert answer.returncode == 0, answer.stderr
    assert "2 labels are odd" in answer.stderr


def test_a_picture_that_cannot_be_read_is_left_out_with_exit_code_1(runner, pictures):
    path = pictures / "2-one.jpg"
    path.write_bytes(path.read_bytes()[:3000])
    answer = runner("eval", "page", "--data", pictures, *ONNX)
    assert answer.returncode == 1
    assert "1 pictures are left out: 2-one.jpg" in answer.stderr
    assert answer.stdout.startswith("boxes: 7 pictures")


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        ((), 2, "give brains, or --answers FILE, but not both"),
        (("page", "--answers", "out.jsonl"), 2, "but not both"),
        (("--answers", "none.jsonl"), 2, "none.jsonl: no such file"),
        (("page", "--rename", "page"), 2, "give NAME=OTHER"),
        (("page", "--rename", "page=leaf"), 2, "the data set has no class 'leaf'"),
        (("page", "--classes", "pag"), 1, "no class 'pag'; did you mean page?"),
        (("page", "page?name=page"), 2, "two brains are named page"),
    ],
)
def test_wrong_use_is_one_line(runner, pictures, typed, code, told):
    answer = runner("eval", *typed, "--data", pictures, *ONNX)
    assert answer.returncode == code
    assert told in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_terminal_gets_a_table(pictures):
    code, text = run_in_terminal(
        [sys.executable, "-m", "runner_core", "eval", "page", "--data", str(pictures), "--classes", "page", *ONNX]
    )
    assert code == 0
    assert "┃" in text
    assert "mAP50:95" in text
