"""Labels of files near a model: taken where they fit, said, and never another model's in silence."""

import json
import shutil

import numpy as np
import onnx_models
import pytest

from runner_core.errors import LabelError
from runner_core.project import open_brain

NAMES = ["airplane", "bird", "cat", "deer"]


@pytest.fixture
def classifier(tmp_path):
    """Makes ``name``, which scores four classes, or as many as are asked for, in a folder with nothing else."""
    folder = tmp_path / "zoo" / "model"
    folder.mkdir(parents=True)

    def make(classes=4, name="animals.onnx"):
        return onnx_models.write_classifier(folder / name, classes)

    return make


def put(model, name, names):
    path = model.parent / name
    path.write_text(json.dumps(names) if path.suffix == ".json" else "\n".join(names))
    return path


def card_of(model, **options):
    with open_brain(model, **options) as brain:
        return brain.card


def test_the_only_list_that_fits_is_taken_and_said(classifier, caplog):
    caplog.set_level("INFO", "runner")
    model = classifier()
    put(model, "label.json", NAMES)
    put(model, "coco.names", ["person", "car"])
    card = card_of(model)
    assert card.labels.names == tuple(NAMES)
    said = "labels: label.json beside the model, 4 names"
    assert card.notes[-1] == said
    assert f"{model}: {said}" in caplog.messages
    assert not [guess for guess in card.guesses if guess.about == "labels"]


def test_a_list_of_anything_is_taken_as_a_guess(classifier):
    model = classifier()
    put(model, "zoo.txt", NAMES)
    card = card_of(model)
    assert card.labels.names == tuple(NAMES)
    assert [str(guess) for guess in card.guesses if guess.about == "labels"] == [
        "zoo.txt beside the model has its labels (labels settles it)"
    ]


def test_of_several_that_fit_and_differ_none_is_taken(classifier, caplog):
    model = classifier()
    put(model, "a_classes.txt", NAMES)
    put(model, "b_classes.json", NAMES)
    assert card_of(model).labels.names == tuple(NAMES), "both say the same"
    other = put(model, "c_classes.txt", NAMES[::-1])
    card = card_of(model)
    assert not card.labels
    note = "labels: a_classes.txt, b_classes.json, c_classes.txt beside the model fit and differ, so none is taken"
    assert card.notes[-1] == f"{note}; choose by --labels"
    assert f"{model}: {card.notes[-1]}" in caplog.messages
    assert card_of(model, labels=other).labels.names == tuple(NAMES[::-1])


def test_a_list_that_may_be_another_models_is_told_and_not_taken(classifier, caplog):
    model = classifier()
    classifier(3, "shapes.onnx")
    put(model, "zoo_labels.txt", NAMES)
    put(model, "forms_labels.txt", ["circle", "square", "star"])
    card = card_of(model)
    assert not card.labels
    assert card.notes[-1].startswith("labels: zoo_labels.txt beside the model may be another model's and is not taken")
    assert card.notes[-1] in caplog.text
    put(model, "animals_labels.txt", NAMES)
    assert card_of(model).labels.names == tuple(NAMES)


def test_the_right_length_is_no_proof_for_a_file_named_like_another_model(classifier):
    model = classifier()
    classifier(4, "seasons.onnx")
    put(model, "seasons.txt", ["spring", "summer", "autumn", "winter"])
    assert not card_of(model).labels
    assert card_of(model.parent / "seasons.onnx").labels.name(3) == "winter"


def test_a_usual_file_that_does_not_fit_is_left_out_for_one_that_does(classifier, caplog):
    model = classifier()
    put(model, "labels.txt", ["person", "car"])
    put(model, "classes.txt", NAMES)
    assert card_of(model).labels.names == tuple(NAMES)
    assert "labels.txt beside the model, 2 names: left out, the model has the classes 0 to 3" in caplog.text


def predicted(model, **options):
    with open_brain(model, **options) as brain:
        return set(brain.predict(np.zeros((40, 50, 3), np.uint8)).names), brain.card


@pytest.mark.parametrize("given", [False, True])
def test_a_list_with_one_name_too_few_leaves_the_background_out(classifier, given):
    model = classifier()
    path = put(model, "classes.txt", NAMES[1:])
    names, card = predicted(model, **({"labels": path} if given else {}))
    assert names == set(NAMES[1:])
    assert card.labels.name(1) == NAMES[1]
    assert (card.first_class, card.options["background"]) == (1, 0)


@pytest.mark.parametrize("given", [False, True])
def test_a_first_name_like_any_other_is_no_background(classifier, given):
    model = classifier(2)
    path = put(model, "classes.txt", ["mask", "no_mask"])
    names, card = predicted(model, **({"labels": path} if given else {}))
    assert names == {"mask", "no_mask"}
    assert "background" not in card.options


def test_a_first_name_that_says_so_is_the_background(classifier):
    model = classifier()
    put(model, "classes.txt", ["Background", *NAMES[1:]])
    names, _ = predicted(model)
    assert names == set(NAMES[1:])


@pytest.mark.parametrize(("count", "first"), [(1000, 1), (1001, 0)])
def test_imagenet_with_and_without_its_background(classifier, count, first):
    model = classifier(1001)
    put(model, "imagenet_classes.txt", [f"name {number}" for number in range(count)])
    card = card_of(model)
    assert card.labels.name(1000) == f"name {1000 - first}"
    assert not [guess for guess in card.guesses if guess.about == "background"]


def test_the_number_that_a_person_gives_counts(classifier):
    model = classifier()
    path = put(model, "classes.txt", NAMES[1:])
    assert not card_of(model, first_class=0).labels
    with pytest.raises(LabelError, match="run from 0 to 2"):
        open_brain(model, labels=path, first_class=0)


def test_a_yolo_has_no_background_that_a_list_could_leave_out(testdata, tmp_path):
    model = shutil.copy(testdata / "models" / "fastestdet_coco.onnx", tmp_path)
    put(tmp_path / "model", "classes.txt", [f"name {number}" for number in range(79)])
    assert not card_of(model).labels


def test_where_the_task_does_not_count_only_what_says_that_it_has_labels_is_taken(testdata, tmp_path):
    name = "fastestdet_coco_tf1_image_tensor.pb"
    model = tmp_path / name
    shutil.copy(testdata / "models" / name, model)
    put(model, "things.txt", [f"name {number}" for number in range(80)])
    assert not card_of(model).labels
    put(model, "object_classes.txt", [f"name {number}" for number in range(80)])
    assert card_of(model).labels.name(1) == "name 0"
    shutil.copy(model, tmp_path / "other.pb")
    assert not card_of(model).labels, "it may be the other model's"
