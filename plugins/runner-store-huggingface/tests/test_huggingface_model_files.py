"""Which files of a repository are fetched, where it has no card."""

import pytest
from runner_store_huggingface.model_files import select_model_files

from runner_core.errors import NoSuchBrain, UsageError

FORMATS = {".onnx", ".tflite", ".pb", ".xml", "saved-model"}
SAVED = ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001", "fingerprint.pb")


def pick(*paths, part="", formats=FORMATS):
    return select_model_files(paths, part, formats, "me/cats")


@pytest.mark.parametrize(
    ("paths", "part", "places"),
    [
        (("a.onnx", "README.md", "a.safetensors"), "", {"a.onnx": "a.onnx"}),
        (("A.ONNX",), "", {"A.ONNX": "A.ONNX"}),
        (("a.onnx", "sub/b.onnx"), "", {"a.onnx": "a.onnx"}),
        (("a.onnx", "sub/b.onnx"), "sub", {"sub/b.onnx": "b.onnx"}),
        (("a.onnx", "sub/b.onnx"), "sub/b.onnx", {"sub/b.onnx": "b.onnx"}),
        (("a.onnx", "b_q4.onnx"), "*_q4.onnx", {"b_q4.onnx": "b_q4.onnx"}),
        (
            ("onnx/a.onnx", "onnx/a.onnx_data", "onnx/a.onnx.data", "onnx/a.json", "a.onnx_data"), "",
            {"onnx/a.onnx": "a.onnx", "onnx/a.onnx_data": "a.onnx_data", "onnx/a.onnx.data": "a.onnx.data"},
        ),
        (("ir/a.xml", "ir/a.bin", "ir/b.bin", "a.bin"), "", {"ir/a.xml": "a.xml", "ir/a.bin": "a.bin"}),
        (
            ("x/a.onnx", "x/labels.txt", "labels.txt", "config.json", "y/metadata.yaml"), "",
            {"x/a.onnx": "a.onnx", "x/labels.txt": "labels.txt", "config.json": "config.json"},
        ),
        (SAVED, "", {path: f"cats/{path}" for path in SAVED}),
        (
            (*(f"net/{path}" for path in SAVED), "net/README.md", "label_map.pbtxt"), "",
            {**{f"net/{path}": f"net/{path}" for path in SAVED}, "label_map.pbtxt": "label_map.pbtxt"},
        ),
        (tuple(f"a/net/{path}" for path in SAVED), "a", {f"a/net/{path}": f"net/{path}" for path in SAVED}),
        ((*SAVED, "sub/a.onnx"), "sub", {"sub/a.onnx": "a.onnx"}),
    ],
)  # fmt: skip
def test_what_is_fetched_and_where_it_goes(paths, part, places):
    assert pick(*paths, part=part) == places


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (("a.onnx", "b.onnx"), "hf:me/cats/a.onnx, hf:me/cats/b.onnx"),
        (("a.onnx", "a.tflite"), "hf:me/cats/a.onnx, hf:me/cats/a.tflite"),
        (("x/a.onnx", "y/a.onnx"), "hf:me/cats/x/a.onnx, hf:me/cats/y/a.onnx"),
        (("a.onnx", *(f"net/{path}" for path in SAVED)), "hf:me/cats/a.onnx, hf:me/cats/net"),
    ],
)
def test_of_several_models_one_must_be_named(paths, named):
    with pytest.raises(UsageError, match="holds 2 models") as raised:
        pick(*paths)
    assert raised.value.remedy == f"name one: {named}"
    for part in (named.removeprefix("hf:me/cats/") for named in named.split(", ")):
        assert pick(*paths, part=part.removeprefix("hf:me/cats/"))


@pytest.mark.parametrize("formats", [set(), {".tflite"}])
def test_nothing_for_the_installed_engines(formats):
    with pytest.raises(NoSuchBrain, match="no model that an installed engine opens"):
        pick("a.onnx", *SAVED, formats=formats)


def test_no_graph_within_a_saved_model_is_taken_for_a_model():
    with pytest.raises(NoSuchBrain):
        pick(*SAVED, formats={".pb"})


@pytest.mark.parametrize("weights", ["tf_model.h5", "model.weights.h5"])
def test_weights_without_a_network_are_no_model(weights):
    assert pick(weights, "onnx/model.onnx", formats={".h5", ".onnx"}) == {"onnx/model.onnx": "model.onnx"}
