"""A brain with several artifacts: which of them is opened, and by whom."""

import os
import shutil
from pathlib import Path

import pytest
from runner_openvino.runtime import shared_core

from runner_core.cards import artifact
from runner_core.cards.card import Card
from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import EngineError, LabelError, NotInstalled, UsageError
from runner_core.frames.frame import Frame
from runner_core.loading import benchmark
from runner_core.project import open_brain
from runner_core.testing.registries import registry_of
from tests.helpers.onnx_models import write_classifier

DEMO = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo"
PICTURE = DEMO / "pictures" / "1-book.jpg"


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(DEMO / "brains" / "page", tmp_path / "page"))


def test_the_first_of_the_card_is_opened_by_the_engine_that_is_best_at_it(page):
    with open_brain(page) as brain:
        assert brain.engine == "tensorflow"
        assert brain.infer(Frame.from_path(PICTURE)).engine == "tensorflow"


@pytest.mark.parametrize(
    ("engines", "ran"),
    [("onnx", "onnx"), ("litert,tensorflow", "litert"), ("openvino,onnx,tensorflow", "openvino")],
)
def test_a_list_of_engines_is_tried_in_order_and_the_inference_says_what_ran(page, engines, ran):
    with open_brain(page, engine=engines) as brain:
        told = brain.infer(Frame.from_path(PICTURE))
    assert told.engine == ran
    assert told.names == ["page", "page"]


def test_without_its_engine_the_next_artifact_serves(page, caplog):
    """OpenVINO opens the first two forms by name, and can hold neither."""
    with (
        registry_of("runner_openvino.plugin", "runner_onnx.plugin", "runner_detection.plugin"),
        open_brain(page) as brain,
    ):
        assert brain.infer(Frame.from_path(PICTURE)).names == ["page", "page"]
        assert brain.card.artifacts[0].format in (".tflite", ".onnx")
    assert "page.pb" in caplog.text
    assert "the next one is tried" in caplog.text


def test_a_damaged_artifact_costs_a_warning_where_another_serves(page, caplog):
    path = page / "page.onnx"
    path.write_bytes(b"\0" * path.stat().st_size)
    with open_brain(page, engine="onnx,litert") as brain:
        assert brain.engine == "litert"
    assert "page.onnx" in caplog.text
    with pytest.raises(EngineError, match=r"page\.onnx"):
        open_brain(page, engine="onnx")


@pytest.mark.parametrize("threads", [None, 1])
def test_the_fastest_is_chosen_among_all_forms_and_engines(page, threads, caplog, monkeypatch):
    monkeypatch.setattr(benchmark, "MOST_RUNS", benchmark.LEAST_RUNS)
    with open_brain(page, engine="auto", threads=threads) as brain:
        assert brain.engine in ("onnx", "openvino", "litert", "tensorflow")
        assert brain.infer(Frame.from_path(PICTURE)).names == ["page", "page"]
    left_out = [line for line in caplog.text.splitlines() if "left out" in line]
    assert len(left_out) == 2, left_out
    assert all("engine openvino" in line for line in left_out)


def precision_of(brain):
    return str(brain.session._request().get_compiled_model().get_property("INFERENCE_PRECISION_HINT"))


def test_exact_numbers_are_computed_unless_others_are_asked_for(page):
    with open_brain(page, engine="openvino") as brain:
        assert precision_of(brain) == "<Type: 'float32'>"
    with pytest.raises(UsageError, match="precision is 'f64'; give f32, bf16, f16"):
        open_brain(page, precision="f64")


def test_less_exact_numbers_are_asked_for(page):
    if "BF16" not in shared_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("OpenVINO's device computes no bfloat16")
    if "ONEDNN_MAX_CPU_ISA" in os.environ:
        pytest.skip("the device reports what it computes without ONEDNN_MAX_CPU_ISA")
    frame = Frame.from_path(PICTURE)
    with open_brain(page, engine="openvino") as exact, open_brain(page, engine="openvino", precision="bf16") as less:
        assert precision_of(less) == "<Type: 'bfloat16'>"
        assert less.infer(frame).names == exact.infer(frame).names


def test_labels_settle_what_an_embedding_leaves_open(tmp_path):
    """Five numbers of a picture may be scores of classes or not; names for them say that they are."""
    model = write_classifier(tmp_path / "five.onnx")
    with open_brain(model) as brain:
        assert "kind" in {guess.about for guess in brain.guesses}
    with open_brain(model, labels=list("abcde")) as brain:
        assert "kind" not in {guess.about for guess in brain.guesses}
    (tmp_path / "labels.txt").write_text("\n".join("abcde"))
    with open_brain(model) as brain:
        assert "kind" not in {guess.about for guess in brain.guesses}


def test_labels_with_a_background_count_themselves(testdata):
    with open_brain(testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite") as brain:
        assert brain.labels.name(0) == "background"
        assert "background" not in {guess.about for guess in brain.guesses}


def test_a_list_begins_where_the_labels_of_the_card_do(testdata):
    names = testdata / "models" / "coco80.txt"
    for choices, first in (({}, 1), ({"first_class": 0}, 0)):
        with open_brain("page", labels=names, **choices) as brain:
            assert (brain.labels.labels[0].model_id, brain.labels.name(first)) == (first, "person")


@pytest.mark.parametrize(
    ("own", "first_class", "first"),
    [((), None, 0), ((1, 2), None, 1), ((1, 2), 0, 0), ((3,), 1, 1), ((2, 1), None, 1)],
)
def test_the_first_class_of_a_card(own, first_class, first):
    labels = LabelMap(tuple(Label(number, number, f"thing {number}") for number in own))
    assert Card("a", "yolo", labels=labels, first_class=first_class).first_number == first


def test_a_list_without_a_background_begins_behind_that_of_the_card():
    assert Card("a", "yolo", labels=LabelMap.from_names(["background", "cat"])).first_number == 1


def test_a_task_that_the_card_does_not_give_is_refused():
    with pytest.raises(NotInstalled, match="no task named 'nosuch' is installed"):
        open_brain("page", task="nosuch")
    for engine in (None, "auto"):
        with pytest.raises(UsageError, match=r"brain.json: the task of page is tf-detection, boxes-scores, not yolo"):
            open_brain("page", task="yolo", engine=engine)


def test_a_task_chooses_among_the_artifacts_of_a_card():
    for task in ("tf-detection", "boxes-scores"):
        with open_brain("page", task=task) as brain:
            assert brain.family == task


def test_labels_that_do_not_fit_are_said_with_the_brain_and_their_file(testdata):
    models = testdata / "models"
    told = r"^brain fastestdet_coco, labels of .*imagenet_labels.txt: the model has the classes 0 to 79, the labels run"
    with pytest.raises(LabelError, match=told):
        open_brain(models / "fastestdet_coco.onnx", labels=models / "imagenet_labels.txt")
    with pytest.raises(LabelError, match=r"^brain few: the model has the classes 0 to 79"):
        open_brain(models / "fastestdet_coco.onnx", labels=["cat"], name="few")


def test_a_model_is_hashed_once_while_it_is_opened(tmp_path, monkeypatch):
    """Trust asks for its hash, and so does the speed of each engine: a model of gigabytes is read for it once."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path))
    model = shutil.copy(DEMO / "brains" / "page" / "page.onnx", tmp_path / "page.onnx")
    hashed = []
    digest = artifact.sha256_of
    monkeypatch.setattr(artifact, "sha256_of", lambda path: hashed.append(path.name) or digest(path))
    for engine, times in (("auto", 2), ("auto", 1), ("onnx", 1)):  # the first time the copy that is kept, too
        open_brain(model, engine=engine, trust=True, threads=1).close()
        assert hashed == ["page.onnx"] * times
        hashed.clear()
