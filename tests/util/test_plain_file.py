"""Files that strangers put beside a model or among pictures: plain ones, of a bounded size."""

import os

import numpy as np
import pytest
import yaml
from onnx_models import write_classifier

from runner_core import Card, Frame, open_brain
from runner_core.cards.label_files import read_label_file
from runner_core.cards.sidecar_labels import find_sidecar_labels
from runner_core.cards.sidecar_metadata import read_mapping
from runner_core.engines.glimpse import glimpse_at
from runner_core.errors import CardError, ImageError, LabelError, UsageError
from runner_core.frames.frame import MAX_FILE_BYTES
from runner_core.graphs.formats import read_graph
from runner_core.loading.locate import locate_model
from runner_core.util.plain_file import MOST_TEXT, MOST_YAML, parse_plain_yaml, read_plain_file, read_plain_text

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nnames: *b\n"
pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")


@pytest.fixture
def sparse(tmp_path):
    """Makes files that are long, and take no room."""

    def make(name, length):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(length)
        return tmp_path / name

    return make


def test_what_is_read_is_what_is_there(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfcat\r\ndog\n")
    assert read_plain_text(tmp_path / "a.txt") == "cat\ndog\n"
    assert read_plain_file(tmp_path / "a.txt", 12) == b"\xef\xbb\xbfcat\r\ndog\n"


def test_more_than_is_read_names_the_limit(sparse):
    with pytest.raises(OSError, match="more than the 10 bytes that are read of such a file"):
        read_plain_file(sparse("a", 11), 10)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_plain_file(device, tmp_path):
    (tmp_path / "link").symlink_to(device)
    with pytest.raises(OSError, match="not a plain file"):
        read_plain_file(tmp_path / "link", 10)


@pipes
def test_nobody_waits_for_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a plain file"):
        read_plain_file(tmp_path / "pipe", 10)
    with pytest.raises(ImageError, match=r"cannot be read \(not a plain file"):
        _ = Frame.from_path(tmp_path / "pipe").size


@pipes
@pytest.mark.parametrize("name", ["m.onnx", "m.tflite", "m.pb", "m.keras", "m.xml", "m.json"])
def test_nobody_waits_for_a_pipe_that_is_called_a_model(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(UsageError, match=f"{name}: not a plain file or a folder; copy the model into a file"):
        locate_model(tmp_path / name)
    assert read_graph(tmp_path / name) is None
    with pytest.raises(OSError, match="not a plain file"):
        glimpse_at(tmp_path / name)


@pipes
def test_pipes_beside_a_model_are_passed_over(tmp_path):
    model = write_classifier(tmp_path / "m.onnx", end="Softmax")
    for name in ("m.tflite", "m2.onnx", "brain.json", "labels.txt", "model.json", "metadata.yaml", "m.txt"):
        os.mkfifo(tmp_path / name)
    assert locate_model(tmp_path).path == model
    with open_brain(model, engine="onnx", task="classification") as brain:
        assert len(brain(np.zeros((8, 8, 3), np.uint8)))


def test_a_picture_larger_than_any_is_a_picture_that_cannot_be_read(sparse):
    with pytest.raises(ImageError, match=f"more than the {MAX_FILE_BYTES} bytes"):
        _ = Frame.from_path(sparse("a.jpg", MAX_FILE_BYTES + 1)).pixels


def test_lists_of_labels_and_cards_have_bounds(sparse):
    with pytest.raises(LabelError, match=f"labels.txt: not a readable label file .more than the {MOST_TEXT} bytes"):
        read_label_file(sparse("labels.txt", 20 * 1024**3))
    with pytest.raises(CardError, match=f"brain.json: not a readable card .more than the {MOST_TEXT} bytes"):
        Card.read(sparse("brain.json", 20 * 1024**3))


def test_metadata_too_large_is_left_out_and_said(sparse, caplog):
    assert read_mapping(sparse("config.json", MOST_TEXT + 1), yaml.safe_load) == {}
    assert "not read (more than the" in caplog.text


def test_yaml_has_no_aliases(tmp_path, caplog):
    assert yaml.safe_load(BOMB)["names"] == [["x", "x"], ["x", "x"]]
    with pytest.raises(yaml.YAMLError, match="aliases are not read"):
        parse_plain_yaml(BOMB)
    (tmp_path / "metadata.yaml").write_text(BOMB)
    assert find_sidecar_labels(tmp_path / "m.onnx") is None
    assert "metadata.yaml: not read (aliases are not read)" in caplog.text
    (tmp_path / "data.yaml").write_text(BOMB)
    with pytest.raises(LabelError, match=r"not YAML \(aliases are not read\)"):
        read_label_file(tmp_path / "data.yaml")


def test_yaml_is_neither_deep_nor_long():
    assert parse_plain_yaml("a: [1, [2, {b: no}]]") == {"a": [1, [2, {"b": False}]]}
    assert parse_plain_yaml("a: [1, no]", texts=True) == {"a": ["1", "no"]}
    with pytest.raises(yaml.YAMLError, match="nested more than 20 deep"):
        parse_plain_yaml("[" * 30 + "]" * 30)
    with pytest.raises(yaml.YAMLError, match=f"more than the {MOST_YAML} bytes"):
        parse_plain_yaml("#" * (MOST_YAML + 1))
