"""``runner export``: page, with its pictures handled and its boxes suppressed in the graph, for other engines."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runner_core.cards.artifact import check_files
from runner_core.cards.card import Card
from runner_core.cards.tolerance import Tolerance
from runner_core.project import open_brain

DEMO = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo"
PICTURE = DEMO / "pictures" / "1-book.jpg"


@pytest.fixture(scope="module")
def converted():
    return {}


@pytest.fixture(autouse=True)
def converted_once(converted, monkeypatch):
    """What a converter makes of one network it makes once: that takes most of an export's time."""
    from runner_tensorflow.converters import WRITERS  # imports TensorFlow, for which the other tests need not wait

    def once(suffix, write):
        def writing(network, *, half):
            key = suffix, half, network.roles, network.graph_def.SerializeToString(deterministic=True)
            if key not in converted:
                converted[key] = write(network, half=half)
            return converted[key]

        return writing

    for suffix, write in WRITERS.items():
        monkeypatch.setitem(WRITERS, suffix, once(suffix, write))


@pytest.fixture
def page(tmp_path):
    """A brain with only the frozen graph."""
    folder = tmp_path / "models" / "page"
    folder.mkdir(parents=True)
    shutil.copy(DEMO / "brains" / "page" / "page.pb", folder)
    card = json.loads((DEMO / "brains" / "page" / "brain.json").read_text())
    (folder / "brain.json").write_text(json.dumps({**card, "artifacts": card["artifacts"][:1]}))
    return folder


def left(folder):
    return sorted(entry.name for entry in folder.iterdir() if entry.name != "home")


def test_a_new_folder_has_the_old_form_and_the_new_ones(runner, page, tmp_path):
    done = runner("export", page, "--to", "tflite", "--to", "onnx", "--pictures", PICTURE, "--out", "made")
    assert done.returncode == 0, done.stderr
    assert "wrote made/page.onnx" in done.stdout
    card = Card.read(tmp_path / "made" / "brain.json")
    assert [artifact.path for artifact in card.artifacts] == ["page.pb", "page.tflite", "page.onnx"]
    for artifact in card.artifacts:
        check_files(tmp_path / "made", artifact, contents=True)
    assert left(tmp_path / "made") == ["brain.json", "page.onnx", "page.pb", "page.tflite"]
    assert left(tmp_path) == ["made", "models"]
    for engine in ("litert", "onnx", "openvino"):
        with open_brain(tmp_path / "made", engine=engine) as brain:
            answer = brain.predict(PICTURE)
        assert (answer.engine, answer.names) == (engine, ["page", "page"])
        assert answer.labels == card.labels


def test_without_pictures_it_is_tried_on_drawn_ones_and_lands_beside(runner, page, tmp_path):
    assert runner("export", page, "--to", "onnx").returncode == 0
    assert left(tmp_path / "page") == ["brain.json", "page.onnx", "page.pb"]


def test_a_brain_gains_one_form_after_the_other_where_it_is(runner, page):
    whole = runner("export", page, "--to", "onnx", "--out", page, "--pictures", PICTURE)
    half = runner("export", page, "--to", "tflite", "--out", page, "--pictures", PICTURE, "--half")
    assert (whole.returncode, half.returncode) == (0, 0), half.stderr
    assert left(page) == ["brain.json", "page.onnx", "page.pb", "page.tflite"]
    assert [artifact.format for artifact in Card.read(page / "brain.json").artifacts] == [".pb", ".onnx", ".tflite"]
    assert (page / "page.tflite").stat().st_size < 0.6 * (page / "page.onnx").stat().st_size
    assert runner("export", page, "--to", "onnx", "--out", page, "--half").returncode == 0
    assert (page / "page.onnx").stat().st_size < 1.1 * (page / "page.tflite").stat().st_size


def test_a_bare_model_gets_a_card(runner, tmp_path):
    shutil.copy(DEMO / "brains" / "page" / "page.pb", tmp_path / "found.pb")
    (tmp_path / "names.txt").write_text("page\n")
    done = runner("export", "found.pb", "--labels", "names.txt", "--to", "onnx", "--pictures", PICTURE)
    assert done.returncode == 0, done.stderr
    card = Card.read(tmp_path / "found" / "brain.json")
    assert card.labels.names == ("page",)
    assert [artifact.task for artifact in card.artifacts] == [None, "boxes-scores"]


def mirrored(self, boxes, scores):
    import tensorflow as tf

    return {"boxes": 1 - tf.reshape(boxes, (1, -1, 4)), "scores": tf.reshape(scores, (1, -1, 1))}


def test_what_answers_otherwise_is_not_written(runner, page, tmp_path, monkeypatch):
    from runner_tensorflow.raw_head import RawHead

    monkeypatch.setattr(RawHead, "build_outputs", mirrored)
    for out in ("made", page):
        before = left(page)
        done = runner("export", page, "--to", "onnx", "--pictures", PICTURE, "--out", out)
        assert done.returncode == 1
        assert "answers differently: onnx, page.onnx on" in done.stderr
        assert "only the first has page" in done.stderr
        assert left(page) == before
    assert left(tmp_path) == ["models"]


def test_the_tolerances_are_those_of_verify(runner, page, tmp_path):
    done = runner("export", page, "--to", "onnx", "--pictures", PICTURE, "--iou", "1")
    assert done.returncode == 1
    assert "at least 1 is asked" in done.stderr
    assert left(tmp_path) == ["models"]


def test_what_was_allowed_is_kept_for_verify_unless_that_is_reported_otherwise(runner, testdata, tmp_path):
    """FastestDet has two boxes of nearly one score for the dog."""
    models, picture = testdata / "models", testdata / "pictures" / "dog_segmentation.bmp"
    graph = models / "fastestdet_coco_tf1_image_tensor.pb"
    export = ("export", graph, "--labels", models / "coco80.pbtxt", "--to", "onnx", "--pictures", picture)
    assert runner(*export, "--out", "made").returncode == 1
    assert runner(*export, "--out", "made", "--iou", "0.5", "--score", "0.07").returncode == 0
    kept = [artifact.tolerance for artifact in Card.read(tmp_path / "made" / "brain.json").artifacts]
    assert kept == [None, Tolerance(iou=0.5, score=0.07)]
    done = runner("verify", "made", picture, "--engines", "tensorflow,onnx")
    assert done.returncode == 0, done.stdout
    assert done.stderr == "runner: fastestdet_coco_tf1_image_tensor.onnx: its card allows iou 0.5, score 0.07\n"
    assert runner("verify", "made", picture, "--engines", "tensorflow,onnx", "--iou", "0.9").returncode == 1


def test_a_usual_export_allows_nothing_more(runner, page, tmp_path):
    assert (
        runner("export", page, "--to", "onnx", "--pictures", PICTURE, "--out", "made", "--iou", "0.95").returncode == 0
    )
    assert "tolerance" not in (tmp_path / "made" / "brain.json").read_text()


def test_a_converter_that_fails_leaves_nothing(runner, page, tmp_path, converted, monkeypatch):
    converted.clear()
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    done = runner("export", page, "--to", "tflite", "--to", "onnx")
    assert done.returncode == 2
    assert "pip install 'runner-tensorflow[onnx]'" in done.stderr
    assert left(tmp_path) == ["models"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "xml"], "no installed engine that opens it writes .xml; tensorflow writes .onnx, .tflite"),
        (["--to", "onnx", "--pictures", "white.png"], "finds nothing in the pictures"),
        (["--to", "onnx", "--pictures", "nowhere.png"], "nowhere.png"),
        (["--to", "onnx", "--out", "full"], "the folder holds something else"),
        (["--to", "onnx", "--out", "other"], "the card of another brain, graphs@1"),
        (["--to", "onnx", "--out", "white.png/page"], "white.png/page: cannot be written"),
        (["--to", "onnx", "--engine", "openvino"], "no installed engine that opens it writes .onnx"),
        ([], "Missing option '--to'"),
    ],
)
def test_wrong_use(runner, page, tmp_path, arguments, message):
    Image.fromarray(np.full((64, 64, 3), 255, np.uint8)).save(tmp_path / "white.png")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("keep me")
    shutil.copytree(DEMO / "brains" / "graphs", tmp_path / "other")
    before = left(tmp_path)
    done = runner("export", page, *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert left(tmp_path) == before


def test_a_model_of_another_framework_is_not_exported(runner):
    done = runner("export", DEMO / "brains" / "page" / "page.onnx", "--to", "tflite")
    assert done.returncode == 2
    assert "models of TensorFlow are exported by runner-tensorflow" in done.stderr
