"""Teachable Machine's exports, by what lies in their folder."""

import json

import pytest

from runner_core.cards.sidecar_metadata import find_sidecar_metadata
from runner_core.cards.teachable_machine import VALUES


def told(folder, model="model_unquant.tflite"):
    return [dict(each.values) for each in find_sidecar_metadata(folder / model)]


@pytest.mark.parametrize("model", ["keras_model.h5", "model_unquant.tflite", "model.tflite"])
def test_its_labels_say_so(tmp_path, model):
    (tmp_path / "labels.txt").write_text("0 cat\n1 my dog\n")
    assert told(tmp_path, model) == [VALUES]


@pytest.mark.parametrize("text", ["cat\ndog\n", "1 cat\n2 dog\n", "0 cat\n0 dog\n", "", "0\n1\n"])
def test_other_labels_do_not(tmp_path, text):
    (tmp_path / "labels.txt").write_text(text)
    assert told(tmp_path) == []


def test_another_model_beside_such_labels_is_not_one(tmp_path):
    (tmp_path / "labels.txt").write_text("0 cat\n1 dog\n")
    assert told(tmp_path, "mobilenet.tflite") == []


@pytest.mark.parametrize(("package", "known"), [("@teachablemachine/image", True), ("other", False)])
def test_its_metadata_say_so(tmp_path, package, known):
    (tmp_path / "metadata.json").write_text(json.dumps({"packageName": package, "labels": ["a"]}))
    assert bool(told(tmp_path)) == known
