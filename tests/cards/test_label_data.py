"""Labels as programs write them: JSON, YAML and tables in every form that people have."""

import json

import pytest

from runner_core.cards.label_files import parse_labels
from runner_core.cards.labels import Label
from runner_core.errors import LabelError

CAT_AND_DOG = (Label(0, 0, "cat"), Label(1, 1, "dog"))


@pytest.mark.parametrize(
    "data",
    [
        {"cat": 0, "dog": 1},
        {"dog": "1", "cat": "0"},
        {"0": ["n02124075", "cat"], "1": ["n02084071", "dog"]},
        [["n02124075", "cat"], ["n02084071", "dog"]],
        {"names": {"0": "cat", "1": "dog"}, "nc": 2},
        {"names": ["cat", "dog"], "train": "images/train"},
        {"classes": ["cat", "dog"]},
        {"tfjsVersion": "1.7.4", "labels": ["cat", "dog"], "imageSize": 224},
        {"label2id": {"cat": 0, "dog": 1}},
        {"nn_config": {"NN_family": "YOLO"}, "mappings": {"labels": ["cat", "dog"]}},
        [{"index": 0, "label": "cat"}, {"index": 1, "label": "dog"}],
        [{"class_id": "0", "class_name": "cat"}, {"class_id": "1", "class_name": "dog"}],
    ],
    ids=str,
)
def test_json_and_yaml_hold_labels_in_many_forms(data):
    for suffix in (".json", ".yaml"):
        labels = parse_labels(json.dumps(data), suffix=suffix).labels
        assert tuple(sorted(labels, key=lambda label: label.model_id)) == CAT_AND_DOG


def test_yaml_as_people_write_it():
    ultralytics = "path: data\nnames:\n  0: 'no'\n  1: no\n  2: 7\n"
    assert parse_labels(ultralytics, suffix=".yaml").names == ("no", "no", "7")
    assert parse_labels("names: [cat, off]\nnc: 2\n", suffix=".yml").names == ("cat", "off")
    assert parse_labels("- cat\n- dog\n", suffix=".yaml", first=1).name(1) == "cat"


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\n",
        "name\ncat\ndog\n",
        "0,cat\n1,dog\n",
        "id,name\n0,cat\n1,dog\n",
        "Name;Class ID\ncat;0\ndog;1\n",
        "cat\t0\ndog\t1\n",
        'index,mid,display_name\n0,/m/01yrx,"cat"\n1,/m/0bt9lr,dog\n',
    ],
)
def test_tables_hold_labels_with_and_without_a_head(text):
    assert parse_labels(text, suffix=".csv").labels == CAT_AND_DOG


def test_a_cell_may_have_commas():
    assert parse_labels('id,name\n0,"tench, Tinca tinca"\n', suffix=".csv").names == ("tench, Tinca tinca",)


def test_imagenets_own_identities_are_not_names():
    assert parse_labels("n01440764 tench, Tinca tinca\nn01443537 goldfish\n", suffix=".txt").names == (
        "tench, Tinca tinca", "goldfish"
    )  # fmt: skip
    assert parse_labels("n01440764\nn01443537\n", suffix=".txt").names == ("n01440764", "n01443537")


@pytest.mark.parametrize(
    ("text", "suffix", "message"),
    [
        ("names: [cat", ".yaml", "not YAML"),
        ("just a sentence", ".yaml", "not a label map but str"),
        ("!!python/object/apply:os.getcwd {a: b}", ".yaml", "neither its keys nor its values are numbers"),
        ("names: [[[x, x]], [[y]]]", ".yaml", "where a name should be"),
        ("id,name\nx,cat\n", ".csv", "'x' where a class number should be"),
        ('{"epochs": 3, "model": "vit"}', ".json", "neither its keys nor its values are numbers"),
        ('{"cat": 0, "dog": 0}', ".json", "0 twice"),
        ('{"0": {"a": 1}}', ".json", "dict where a name should be"),
    ],
)
def test_what_is_no_label_map_is_refused(text, suffix, message):
    with pytest.raises(LabelError, match=message):
        parse_labels(text, suffix=suffix)
