"""The scripts of examples/ do what their pages say, as a person would start them."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas
import pytest

from runner_core.cli.main import main

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
DEMO = ROOT / "plugins" / "runner-demo" / "src" / "runner_demo"
PHOTO = DEMO / "pictures" / "3-two.jpg"


@pytest.fixture
def script(tmp_path, monkeypatch, capsys):
    """``script(name, *arguments)`` runs it in an empty folder and gives what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        capsys.readouterr()
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_the_index_names_each_and_each_has_a_test():
    index = set(re.findall(r"\]\(([\w-]+\.\w+)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    scripts = {path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".sh"}}
    tests = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in index if not name.endswith(".ipynb")} == scripts
    assert len(scripts) >= 10
    assert [name for name in scripts if f'"{name}"' not in tests] == []


def test_one_brain_on_a_folder(script):
    lines = script("one_brain_on_a_folder.py", DEMO / "pictures").splitlines()
    assert len(lines) == 8
    assert lines[2].endswith("3-two.jpg {'page': 2}")


def test_two_brains_on_a_webcam(script):
    lines = script("two_brains_on_a_webcam.py", "demo:clip").splitlines()
    assert {"page page", "graphs graph"} <= {re.sub(r".* s (\w+ \w+).*", r"\1", line) for line in lines}


def test_a_cascade(script):
    lines = script("cascade.py", PHOTO).splitlines()
    assert len(lines) == 2
    assert all(re.match(r"graph 0\.\d+ at \(.*\) on the page at \(", line) for line in lines)


def test_your_own_model(script, testdata):
    models = testdata / "models"
    said = script(
        "your_own_model.py", models / "fastestdet_coco.onnx", models / "coco80.txt", testdata / "pictures/baseball.jpg"
    )
    assert said.startswith("fastestdet_coco: fastestdet on onnx, 80 labels\n")
    assert "\nperson 0." in said


def test_your_own_model_says_what_it_guesses(script, tmp_path):
    shutil.copy(DEMO / "brains" / "page" / "page.onnx", tmp_path / "mine.onnx")
    (tmp_path / "names.txt").write_text("sheet\n")
    said = script("your_own_model.py", "mine.onnx", "names.txt", PHOTO)
    assert "guess: " in said
    assert "\nsheet 0.9" in said


@pytest.mark.parametrize("name", ["opencv_array.py", "draw_with_supervision.py"])
def test_a_picture_is_drawn_upon(script, tmp_path, name):
    script(name, PHOTO, "out.png")
    changed = np.any(cv2.imread(str(tmp_path / "out.png")) != cv2.imread(str(PHOTO)), axis=2)
    assert 0 < changed.mean() < 0.1
    assert changed[131:170, 617:1214].any()  # the upper edge of the right page
    assert not changed[300:700, 650:1180].any()  # the middle of it


def test_answers_become_a_table(script, tmp_path):
    said = script("answers_as_a_table.py", DEMO / "pictures", "table.csv")
    found = pandas.read_csv(tmp_path / "table.csv")
    assert {"picture", "brain", "label", "score", "x1", "y2"} <= set(found.columns)
    assert len(found[(found.picture == "3-two.jpg") & (found.brain == "page")]) == 2
    assert re.search(rf"page +page +{sum(found.brain == 'page')} ", said)


def test_two_brains_are_merged(script):
    first, *rest = script("merge_two_brains.py", PHOTO).splitlines()
    assert first == "2 and 2 found, 2 of them in the same place"
    assert len(rest) == 2


def test_answers_are_replayed(script, tmp_path):
    with pytest.raises(SystemExit):
        main(["run", str(DEMO / "pictures"), "--brain", "page", "--sink", "jsonl:out.jsonl", "--quiet"])
    found = [int(line.split()[2]) for line in script("replay_answers.py", "out.jsonl").splitlines()]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def test_pictures_are_labelled_for_training(script, tmp_path):
    assert script("label_for_training.py", DEMO / "pictures", "dataset") == "8 pictures, 0 could not be read\n"
    assert (tmp_path / "dataset/yolo/page/data.yaml").is_file()
    assert len((tmp_path / "dataset/yolo/page/labels/3-two.txt").read_text().splitlines()) == 2
    assert (tmp_path / "dataset/coco.json").stat().st_size > 100


def test_a_task_of_ones_own(script):
    family, score, box = script("own_task.py", PHOTO).split(maxsplit=2)
    assert family == "best"
    assert float(score) > 0.9
    assert np.allclose(eval(box), (617, 131, 1214, 858), atol=30)


def test_a_store_and_a_lock_file(tmp_path):
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "RUNNER_HOME": str(tmp_path / "home"),
    }
    done = subprocess.run(
        ["sh", str(EXAMPLES / "store_and_lock.sh")], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "brains.lock: folder:models/page" in done.stdout
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 9
