"""Label files of any name near a model: which are found, in which order, and which belong to another model."""

import json
from pathlib import Path

import pytest

from runner_core.cards.label_search import search_labels

NAMES = ["airplane", "bird", "cat"]
LINES = "airplane\nbird\ncat\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "zoo" / "mobilenet"
    folder.mkdir(parents=True)
    return folder


def put(folder, *names, text=LINES):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def found(model):
    """The names of the files in each group that has some, and whether it is surely this model's."""
    groups = list(search_labels(model))
    return [(sorted(file.file.name for file in group.files), group.is_ours) for group in groups if group.files]


@pytest.mark.parametrize(
    "name",
    ["model.txt", "model_labels.txt", "labels_model.txt", "model.onnx.txt", "model-classes.csv", "MODEL.names",
     "model_v2.txt"],
)  # fmt: skip
def test_a_file_named_like_the_model_goes_before_the_usual_ones(folder, name):
    put(folder, "model.onnx", "labels.txt", "anything.txt", name)
    assert [names for names, _ in found(folder / "model.onnx")] == [[name], ["labels.txt"], ["anything.txt"]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("obj.names", LINES),
        ("coco.names", LINES),
        ("classes.txt", "0 airplane\n1 bird\n2 cat\n"),
        ("label.json", json.dumps(NAMES)),
        ("imagenet_class_index.json", json.dumps({str(n): [f"n{n}", name] for n, name in enumerate(NAMES)})),
        ("class_map.csv", "index,mid,display_name\n0,/m/1,airplane\n1,/m/2,bird\n2,/m/3,cat\n"),
        ("data.yaml", "names: [airplane, bird, cat]\nnc: 3\ntrain: ../train\n"),
        ("digits_classes.txt", "0\n1\n2\n"),
        ("class.txt", "face\n"),
        ("instances.json", json.dumps({"categories": [{"id": n, "name": name} for n, name in enumerate(NAMES)]})),
        ("voc.pbtxt", "".join(f'item {{ id: {n} name: "{name}" }}\n' for n, name in enumerate(NAMES))),
    ],
)
def test_any_file_that_reads_as_labels_is_found(folder, name, text):
    put(folder, "mobile.onnx")
    put(folder, name, text=text)
    assert found(folder / "mobile.onnx") == [([name], True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.txt", "cat\ndog\n"),
        ("LICENSE.txt", "cat\ndog\n"),
        ("requirements.txt", "numpy\npillow\n"),
        ("packages.txt", "numpy==2.1\npillow>=11\n"),
        ("about.txt", "This model was trained on a set of animals.\nUse it well.\n"),
        ("config.json", json.dumps(["cat", "dog"])),
        ("brain.json", json.dumps({"name": "x", "labels": [{"model_id": 0, "name": "cat"}]})),
        ("tokenizer.json", json.dumps(["cat", "dog"])),
        ("files.txt", "a.jpg\nb.jpg\n"),
        ("links.txt", "https://example.org/a\nhttps://example.org/b\n"),
        ("anchors.txt", "1.5\n2.5\n3.5\n"),
        ("columns.txt", "0 1.5\n1 2.5\n"),
        ("one.txt", "cat\n"),
        ("same.txt", "cat\ncat\ncat\n"),
        ("schedule.json", json.dumps({"epochs": 3, "model": "vit"})),
        ("graph.pbtxt", 'node { name: "x" op: "Placeholder" }'),
        ("model.md", "cat\ndog\n"),
        ("broken.json", "{"),
        ("zeros.txt", "cat\0dog"),
        ("huge_labels.yaml", "names: [" + "cat, " * 20_000 + "]"),
    ],
)
def test_what_is_something_else_is_not(folder, name, text):
    put(folder, "model.onnx")
    put(folder, name, text=text)
    assert found(folder / "model.onnx") == []


def test_a_file_named_like_another_model_is_not_ours(folder):
    put(folder, "mobilenet.tflite", "ssd_mobilenet.tflite", "mobilenet_labels.txt")
    assert found(folder / "mobilenet.tflite") == [(["mobilenet_labels.txt"], True)]
    assert found(folder / "ssd_mobilenet.tflite") == []


def test_among_several_models_only_a_file_that_is_alone_is_surely_ours(folder):
    put(folder, "mobilenet.tflite", "yolo.onnx", "imagenet.txt")
    assert found(folder / "yolo.onnx") == [(["imagenet.txt"], True)]
    put(folder, "coco.names")
    assert found(folder / "yolo.onnx") == [(["coco.names", "imagenet.txt"], False)]
    put(folder, "yolo.names")
    assert found(folder / "yolo.onnx")[0] == (["yolo.names"], True)
    assert found(folder / "mobilenet.tflite") == [(["coco.names", "imagenet.txt"], False)]


def test_forms_of_one_network_are_one_model(folder):
    put(folder, "yolo.onnx", "yolo.tflite", "yolo.pt", "a.txt", "b.txt")
    assert found(folder / "yolo.onnx") == [(["a.txt", "b.txt"], True)]


def test_the_folder_above_comes_last_and_only_what_is_alone_there_counts(folder):
    put(folder, "model.onnx")
    put(folder.parent, "classes.txt")
    assert found(folder / "model.onnx") == [(["classes.txt"], True)]
    put(folder.parent, "more.txt")
    put(folder, "within.txt")
    assert found(folder / "model.onnx") == [(["within.txt"], True), (["classes.txt", "more.txt"], False)]
    put(folder.parent, "mobilenet_labels.txt", "yolo/yolo.onnx", "yolo_labels.txt")
    assert found(folder / "model.onnx")[1:] == [(["mobilenet_labels.txt"], True), (["classes.txt", "more.txt"], False)]


def test_hugging_face_has_its_names_above_the_folder_of_onnx_models(folder):
    put(folder, "onnx/model.onnx", "onnx/model_quantized.onnx", "tokenizer.json")
    put(folder, "config.json", text=json.dumps({"id2label": dict(enumerate(NAMES))}))
    ((group,),) = [[group for group in search_labels(folder / "onnx" / "model.onnx") if group.files]]
    assert group.is_ours
    assert str(group.files[0]) == "labels: config.json in the folder above the model, 3 names"


def test_a_saved_model_has_files_of_its_own(folder):
    put(folder, "saved_model.pb", "variables/variables.index", "assets/class_map.txt")
    put(folder.parent, "other.onnx", "another.txt")
    assert found(folder) == [(["class_map.txt"], True), (["another.txt"], True)]


def test_what_says_nothing_is_told_apart(folder):
    put(folder, "model.onnx", "animals.txt", "classes.txt", "model.txt")
    told = {file.file.name: file.is_told for group in search_labels(folder / "model.onnx") for file in group.files}
    assert told == {"animals.txt": False, "classes.txt": True, "model.txt": True}


def test_of_a_heap_only_names_that_say_something_are_read(folder):
    put(folder, "model.onnx", *(f"picture{number}.txt" for number in range(50)), "my_classes.txt")
    assert found(folder / "model.onnx") == [(["my_classes.txt"], True)]


def test_a_model_in_the_working_folder_has_a_folder_above(folder, monkeypatch):
    put(folder, "model.onnx")
    put(folder.parent, "classes.txt")
    monkeypatch.chdir(folder)
    assert found(Path("model.onnx")) == [(["classes.txt"], True)]
