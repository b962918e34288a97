"""Metadata beside a model without a card, in files as exporters and servers write them."""

import json

import pytest

from runner_core.cards.sidecar_labels import find_sidecar_labels
from runner_core.cards.sidecar_metadata import find_sidecar_metadata

ULTRALYTICS = """description: Ultralytics YOLOv8n model
author: Ultralytics
task: pose
stride: 32
imgsz:
- 480
- 640
names:
  0: person
kpt_shape:
- 17
- 3
args:
  nms: false
"""
VIT = {
    "do_normalize": True, "do_rescale": True, "rescale_factor": 1 / 255, "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.25, 0.5], "size": {"height": 224, "width": 192},
}  # fmt: skip
TIMM = {
    "architecture": "resnet18", "num_classes": 2, "label_names": ["cat", "dog"],
    "pretrained_cfg": {"input_size": [3, 160, 176], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
}  # fmt: skip
TRITON = """
name: "detector"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  { name: "images", data_type: TYPE_FP32, format: FORMAT_NCHW, dims: [ 3, 320, 640 ] }
]
output { name: "output0" data_type: TYPE_FP32 dims: [ 84, -1 ] label_filename: "classes.txt" }
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "detector" / "1" / "model.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"any model")
    return path


def read(model, name, content):
    (model.parent / name).write_text(content if isinstance(content, str) else json.dumps(content))
    found = find_sidecar_metadata(model)
    return dict(found[0].values) if found else None


def test_ultralytics_writes_what_its_onnx_files_have(model):
    assert read(model, "metadata.yaml", ULTRALYTICS) == {
        "task": "pose", "stride": "32", "imgsz": "[480, 640]", "names": "{0: 'person'}", "kpt_shape": "[17, 3]",
        "args": "{'nms': False}",
    }  # fmt: skip


def test_an_image_processor_gives_normalization_size_and_resize(model):
    assert read(model, "preprocessor_config.json", VIT) == {
        "mean": "127.5,127.5,127.5", "std": "127.5,63.75,127.5", "imgsz": "[224, 192]", "resize": "stretch"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "mean", "std"),
    [
        ({"do_normalize": False}, "0", "255"),
        ({"do_rescale": False}, "0.5,0.5,0.5", "0.5,0.25,0.5"),
        ({"rescale_factor": 1 / 127.5}, "63.75,63.75,63.75", "63.75,31.875,63.75"),
    ],
)
def test_an_image_processor_may_leave_steps_out(model, change, mean, std):
    values = read(model, "preprocessor_config.json", VIT | change)
    assert (values["mean"], values["std"]) == (mean, std)


def test_an_image_processor_that_crops(model):
    change = {"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 224}}
    values = read(model, "preprocessor_config.json", VIT | change)
    assert (values["imgsz"], values["resize"]) == ("[224, 224]", "crop")


def test_timm_gives_normalization_size_and_names(model):
    assert read(model, "config.json", TIMM) == {
        "mean": "123.675,116.28,103.53", "std": "58.395,57.12,57.375", "imgsz": "[160, 176]", "resize": "crop",
        "names": "['cat', 'dog']",
    }  # fmt: skip


def test_triton_gives_shapes_and_labels_above_the_versions(model):
    (model.parents[1] / "config.pbtxt").write_text(TRITON)
    (found,) = find_sidecar_metadata(model)
    assert dict(found.shapes) == {"images": (3, 320, 640), "output0": (84, None)}
    assert find_sidecar_labels(model) is None, "a label file that is not there"
    (model.parents[1] / "classes.txt").write_text("cat\ndog\n")
    assert find_sidecar_labels(model).parsed.names == ("cat", "dog")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", ""])
def test_labels_outside_the_folder_are_not_read(model, name):
    (model.parents[1] / "config.pbtxt").write_text(f'output {{ name: "a" label_filename: "{name}" }}')
    assert find_sidecar_labels(model) is None


def test_the_surest_comes_first(model):
    read(model, "config.json", TIMM)
    read(model, "metadata.yaml", ULTRALYTICS)
    assert [each.file.name for each in find_sidecar_metadata(model)] == ["metadata.yaml", "config.json"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.yaml", "names: [unclosed"),
        ("metadata.yaml", "- cat"),
        ("metadata.yaml", "!!python/object/apply:os.getcwd []"),
        ("preprocessor_config.json", "{"),
        ("preprocessor_config.json", {"image_mean": "half", "image_std": [0.5]}),
        ("preprocessor_config.json", {"image_mean": [0.5, 0.5], "image_std": [0, 0]}),
        ("preprocessor_config.json", {"image_mean": [0.5] * 3, "image_std": [0.0] * 3, "rescale_factor": 0}),
        ("config.json", {"pretrained_cfg": "resnet"}),
        ("config.json", {"pretrained_cfg": {"mean": None, "input_size": 224}}),
        ("config.pbtxt", "input { name: "),
        ("config.pbtxt", 'input: "text" output [ { dims: 3 } ]'),
        ("config.pbtxt", 'input { name: "a" dims: [ many ] }'),
        ("metadata.json", {"image_threshold": 0.5}),
        ("metadata.json", {"image_threshold": "high", "pixel_threshold": 0.5}),
        ("metadata.json", [0.5]),
    ],
)
def test_what_means_nothing_is_left_out(model, name, content):
    assert read(model, name, content) is None


def test_anomalibs_thresholds_and_scales(model):
    thresholds = {"image_threshold": 28.5, "pixel_threshold": 26}
    assert read(model, "metadata.json", thresholds | {"min": 2, "max": 42.5, "task": "segmentation"}) == {
        "image_threshold": "28.5", "image_scale": "40.5", "pixel_threshold": "26", "pixel_scale": "40.5",
    }  # fmt: skip
    assert "image_scale" not in read(model, "metadata.json", thresholds | {"min": 2, "max": 2})
    apart = {"anomaly_maps.min": 1, "anomaly_maps.max": 3, "pred_scores.min": 0, "pred_scores.max": float("inf")}
    assert read(model, "metadata.json", thresholds | apart) == {
        "image_threshold": "28.5", "pixel_threshold": "26", "pixel_scale": "2",
    }  # fmt: skip


def test_anomalib_0_says_how_pictures_are_normalised(model):
    steps = [{"__class_fullname__": "Resize", "height": 256}, {"__class_fullname__": "Normalize", "mean": [0.5] * 3,
             "std": [0.25] * 3, "max_pixel_value": 255.0}]  # fmt: skip
    data = {"image_threshold": 1, "pixel_threshold": 1, "transform": {"transform": {"transforms": steps}}}
    found = read(model, "metadata.json", data)
    assert (found["mean"], found["std"]) == ("127.5,127.5,127.5", "63.75,63.75,63.75")
    for odd in ({}, {"transform": {"transforms": "none"}}, {"transform": {"transforms": ["Normalize", {}]}}):
        assert "mean" not in read(model, "metadata.json", data | {"transform": odd})


def test_anchors_beside_a_model_are_read_where_one_file_has_them(tmp_path):
    model = tmp_path / "model.tflite"
    (tmp_path / "yolo_anchors.txt").write_text("10,14, 23.5,27\n37,58")
    (found,) = find_sidecar_metadata(model)
    assert found.values == {"anchors": "[10.0, 14.0, 23.5, 27.0, 37.0, 58.0]"}
    (tmp_path / "yolo_anchors.txt").write_text("ten, fourteen")
    assert find_sidecar_metadata(model) == ()
    for name in ("a_anchors.txt", "b_anchors.txt"):
        (tmp_path / name).write_text("1 2")
    assert find_sidecar_metadata(model) == ()
