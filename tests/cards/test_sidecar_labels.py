"""Labels beside a model without a card: which files are read, which never, and what labels they give."""

import json
import shutil

import pytest

from runner_core import open_brain
from runner_core.cards.labels import LabelMap
from runner_core.cards.sidecar_labels import SIDECAR_LABEL_FILES, find_sidecar_labels
from runner_core.errors import LabelError

MODEL = "fastestdet_coco.onnx"
ULTRALYTICS = """description: Ultralytics YOLOv8n model
author: Ultralytics
stride: 32
task: detect
imgsz:
- 640
- 640
names:
  0: person
  1: 'no'
  2: 7
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"any model")
    return path


def write(model, name, text):
    (model.parent / name).write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "first", "numbers", "names"),
    [
        ("labels.txt", "cat\ndog\n", 0, (0, 1), ("cat", "dog")),
        ("labels.txt", "cat\ndog\n", 1, (1, 2), ("cat", "dog")),
        ("labelmap.txt", "???\ncat\n", 1, (0, 1), ("???", "cat")),
        ("labels.json", '["cat", "dog"]', 1, (1, 2), ("cat", "dog")),
        ("labels.pbtxt", 'item { id: 3 name: "cat" }', 0, (3,), ("cat",)),
        ("label_map.pbtxt", 'item { id: 3 display_name: "cat" }', 1, (3,), ("cat",)),
        ("config.json", '{"model_type": "vit", "id2label": {"0": "cat", "1": "dog"}}', 1, (0, 1), ("cat", "dog")),
        ("metadata.yaml", ULTRALYTICS, 1, (0, 1, 2), ("person", "no", "7")),
        ("metadata.yaml", "names: [cat, dog]", 1, (0, 1), ("cat", "dog")),
        ("labels.txt", "3 cat\n5 dog\n", 1, (3, 5), ("cat", "dog")),
    ],
)
def test_each_file_by_its_own_way_of_counting(model, name, text, first, numbers, names):
    write(model, name, text)
    found = find_sidecar_labels(model)
    labels = found.parsed.to_map(first)
    assert tuple(label.model_id for label in labels.labels) == numbers
    assert labels.names == names
    assert str(found) == f"labels: {name} beside the model, {len(names)} names"
    assert found.parsed.is_numbered == (text not in ("cat\ndog\n", '["cat", "dog"]'))


def test_files_named_for_labels_go_before_files_that_may_have_some(model):
    triton = 'output [ { name: "p", dims: [ 1 ], label_filename: "classes.txt" } ]'
    texts = {
        "config.json": '{"id2label": {"0": "config"}}', "metadata.yaml": "names: [metadata]", "config.pbtxt": triton
    }  # fmt: skip
    write(model, "classes.txt", "cat")
    for name in SIDECAR_LABEL_FILES:
        write(model, name, texts.get(name, 'item { id: 0 name: "x" }' if name.endswith("pbtxt") else '["x"]'))
    for place, name in enumerate(SIDECAR_LABEL_FILES):
        assert find_sidecar_labels(model).file.name == name, SIDECAR_LABEL_FILES[place:]
        (model.parent / name).unlink()
    assert find_sidecar_labels(model) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "numpy\n"),
        ("model.txt", "cat\n"),
        ("Labels.txt.bak", "cat\n"),
        ("coco.names", "cat\n"),
        ("tokenizer.json", '["cat"]'),
        ("config.json", '{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}'),
        ("config.json", '{"id2label": null}'),
        ("config.json", '["cat"]'),
        ("config.json", "not JSON"),
        ("config.json", "[" * 100_000),
        ("metadata.yaml", "names: one of these"),
        ("metadata.yaml", "- cat"),
        ("metadata.yaml", "names: [unclosed"),
        ("metadata.yaml", "names: !!python/object/apply:os.getcwd []"),
    ],
)
def test_other_files_are_left_alone(model, name, text):
    write(model, name, text)
    assert find_sidecar_labels(model) is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("labels.txt", "", "no labels in it"),
        ("labels.json", "{", "not JSON"),
        ("labels.pbtxt", "item {", "not closed"),
        ("config.json", '{"id2label": {"cat": 0}}', "have no valid numbers"),
        ("config.json", '{"id2label": {"0": ["cat"]}}', "class names are not texts"),
        ("config.json", '{"id2label": {"-1": "cat"}}', "negative"),
        ("metadata.yaml", "names: [[x], [y]]", "class names are not texts"),
    ],
)
def test_a_label_file_without_labels_is_refused_by_name(model, name, text, message):
    write(model, name, text)
    with pytest.raises(LabelError, match=rf"{name}: .*{message}"):
        find_sidecar_labels(model)


def test_files_in_a_folder_go_before_files_beside_it(model):
    folder = model.parent / "saved_model"
    folder.mkdir()
    write(model, "labels.pbtxt", 'item { id: 1 name: "beside" }')
    assert find_sidecar_labels(folder).parsed.names == ("beside",)
    (folder / "metadata.yaml").write_text("names: [within]")
    assert find_sidecar_labels(folder).parsed.names == ("within",)
    assert find_sidecar_labels(model).parsed.names == ("beside",)


@pytest.fixture
def detector(testdata, tmp_path):
    return shutil.copy(testdata / "models" / MODEL, tmp_path / "detector.onnx")


def names_of(testdata):
    return (testdata / "models" / "coco80.txt").read_text().split("\n")[:80]


def config(names):
    return json.dumps({"id2label": dict(enumerate(names))})


def test_a_detector_without_a_card_takes_the_names_beside_it(testdata, detector, tmp_path):
    (tmp_path / "config.json").write_text(config(names_of(testdata)))
    with open_brain(detector) as brain:
        assert set(brain.predict(testdata / "pictures" / "football.jpg").names) == {"person", "sports ball"}
        assert brain.card.notes[-1] == "labels: config.json beside the model, 80 names"


def test_labels_of_the_user_go_before_a_sidecar_which_is_then_not_read(testdata, detector, tmp_path):
    (tmp_path / "labels.txt").write_text("")
    with open_brain(detector, labels=LabelMap()) as brain:
        assert not brain.labels
    with pytest.raises(LabelError, match=r"labels\.txt: no labels"):
        open_brain(detector)


def test_names_for_another_number_of_classes_are_left_out_with_a_note(detector, tmp_path, caplog):
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    with open_brain(detector) as brain:
        assert not brain.labels
        assert (
            "labels: labels.txt beside the model, 2 names: left out, the model has the classes 0 to 79"
            in brain.card.notes[-1]
        )
    assert "left out" in caplog.text


def test_inspect_says_where_the_names_are_from(testdata, detector, tmp_path, runner):
    (tmp_path / "config.json").write_text(config(names_of(testdata)))
    done = runner("inspect", detector)
    assert done.returncode == 0, done.stderr
    assert "  labels: config.json beside the model, 80 names\n" in done.stdout
    card = json.loads(done.stdout[done.stdout.index("\n{") :])
    assert [label["name"] for label in card["labels"]] == names_of(testdata)
    (tmp_path / "mine.txt").write_text("\n".join(f"mine {number}" for number in range(80)))
    assert "beside" not in runner("inspect", detector, "--labels", tmp_path / "mine.txt").stdout
