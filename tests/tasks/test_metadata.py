"""What exporters write into a model, however wrong."""

import pytest

from runner_core.cards.labels import LabelMap
from runner_core.tasks.metadata import labels_from_metadata, read_literal, size_from_metadata
from runner_core.tasks.yolo import letterbox_from_metadata


@pytest.mark.parametrize(
    ("metadata", "first", "names"),
    [
        ({"names": "{0: 'cat', 2: 'dog'}"}, 0, {0: "cat", 2: "dog"}),
        ({"names": "['cat', 'dog']"}, 1, {0: "cat", 1: "dog"}),
        ({"labels": "cat\ndog\n"}, 1, {1: "cat", 2: "dog"}),
        ({"labels": "background\ncat\n"}, 1, {0: "background", 1: "cat"}),
        ({"names": "{'cat': 0}"}, 0, {}),
        ({"names": "{-1: 'cat'}"}, 0, {}),
        ({"names": "{True: 'cat'}"}, 0, {}),
        ({}, 0, {}),
    ],
)
def test_labels(metadata, first, names):
    labels = labels_from_metadata(metadata, first=first)
    assert {label.model_id: label.name for label in labels.labels} == names


@pytest.mark.parametrize("text", ["__import__('os')", "{", "(" * 5000, "1 +", "\0"])
def test_what_is_not_a_literal_is_nothing(text):
    assert read_literal({"names": text}, "names") is None
    assert labels_from_metadata({"names": text}) == LabelMap()
    assert size_from_metadata({"imgsz": text}) is None


@pytest.mark.parametrize(
    ("text", "size"), [("[480, 640]", (640, 480)), ("320", (320, 320)), ("[0, 4]", None), ("[1]", None), ("-2", None)]
)
def test_sizes_are_height_and_width(text, size):
    assert size_from_metadata({"imgsz": text}) == size
    assert letterbox_from_metadata({"imgsz": text}).size == (size or (640, 640))
    assert letterbox_from_metadata({"imgsz": text}).resize == "letterbox"
