"""Networks with random weights in the layouts of YOLO's exports, written as Ultralytics' exporter writes them.

Source: ultralytics/engine/exporter.py. TensorFlow's forms take N x H x W x 3 and normalise boxes by the input's size;
the others take N x 3 x H x W and give pixels of it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import yaml

HIGH, WIDE = 96, 128
STRIDES = (8, 16, 32)
PROTOTYPES, KEYPOINTS, KEPT = 32, 17, 300
NAMES = {0: "page", 1: "graph", 2: "table"}


@attrs.frozen
class Export:
    """``task`` as the exporter calls it, ``extras`` numbers a row after the class scores."""

    name: str
    family: str
    task: str = "detect"
    names: dict[int, str] = NAMES
    extras: int = 0
    objectness: bool = False
    end_to_end: bool = False

    @property
    def metadata(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "description": "Ultralytics YOLO model", "author": "Ultralytics", "stride": 32, "task": self.task,
            "batch": 1, "imgsz": [HIGH, WIDE], "names": self.names, "args": {"nms": False},
        }  # fmt: skip
        if self.task == "pose":
            told["kpt_shape"] = [KEYPOINTS, 3]
        return told | ({"end2end": True} if self.end_to_end else {})


EXPORTS = (
    Export("v5", "yolo", objectness=True),
    Export("v8", "yolo"),
    Export("26", "yolo", end_to_end=True),
    Export("seg", "yolo-seg", "segment", extras=PROTOTYPES),
    Export("obb", "yolo-obb", "obb", extras=1),
    Export("pose", "yolo-pose", "pose", names={0: "person"}, extras=3 * KEYPOINTS),
)


def network(export: Export, *, first: bool, normalised: bool) -> Callable[[Any], tuple[Any, ...]]:
    """``first``: whether channels come first, of the picture and of the prototypes."""
    import tensorflow as tf

    anchors = 3 if export.objectness else 1
    numbers = 4 + export.objectness + len(export.names) + export.extras
    random = np.random.default_rng(7)
    kernels = {
        stride: random.normal(0, 6 / stride, (stride, stride, 3, anchors * numbers)).astype(np.float32)
        for stride in STRIDES
    }
    mixing = random.normal(0, 1, (4, 4, 3, PROTOTYPES)).astype(np.float32)
    scale = np.array([WIDE, HIGH] if normalised else [1, 1], np.float32)

    def head(image: Any, stride: int) -> Any:
        """Rows x numbers; boxes of the cells in pixels, the rest as it comes."""
        high, wide = HIGH // stride, WIDE // stride
        raw = tf.reshape(tf.nn.conv2d(image - 0.5, kernels[stride], stride, "SAME"), (high, wide, anchors, numbers))
        y, x = np.mgrid[:high, :wide].astype(np.float32)
        cells = np.broadcast_to(np.stack([x, y], axis=-1)[:, :, None], (high, wide, anchors, 2)).copy()
        centres = (cells + tf.sigmoid(raw[..., :2])) * stride / scale
        sizes = (0.5 + 3 * tf.sigmoid(raw[..., 2:4])) * stride / scale
        scores = tf.sigmoid(raw[..., 4 : numbers - export.extras] - (3 if len(export.names) > 1 else 2))
        extras = raw[..., numbers - export.extras :] + 0.5
        if export.task == "pose":
            points = tf.reshape(extras, (high, wide, anchors, KEYPOINTS, 3))
            places = (cells[..., None, :] + points[..., :2]) * stride / scale
            extras = tf.reshape(
                tf.concat([places, tf.sigmoid(points[..., 2:])], -1), (high, wide, anchors, export.extras)
            )
        return tf.reshape(tf.concat([centres, sizes, scores, extras], -1), (-1, numbers))

    def infer(images: Any) -> tuple[Any, ...]:
        image = tf.transpose(images, (0, 2, 3, 1)) if first else images
        rows = tf.concat([head(image, stride) for stride in STRIDES], 0)[None]
        if export.end_to_end:
            return (_selected(rows),)
        table = rows if export.objectness else tf.transpose(rows, (0, 2, 1))
        if export.task != "segment":
            return (table,)
        prototypes = tf.nn.conv2d(image, mixing, 4, "SAME")
        return table, tf.transpose(prototypes, (0, 3, 1, 2)) if first else prototypes

    def _selected(rows: Any) -> Any:
        """The best rows as x1, y1, x2, y2, score, class."""
        scores, rows = rows[0, :, 4:], rows[0, :, :4]
        best = tf.math.top_k(tf.reduce_max(scores, 1), KEPT // 2)
        boxes = tf.gather(rows, best.indices)
        classes = tf.cast(tf.argmax(tf.gather(scores, best.indices), 1, output_type=tf.int32), tf.float32)
        corners = tf.concat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)
        return tf.concat([corners, best.values[:, None], classes[:, None]], 1)[None]

    return infer


def traced(export: Export, *, first: bool, normalised: bool) -> Any:
    import tensorflow as tf

    shape = (1, 3, HIGH, WIDE) if first else (1, HIGH, WIDE, 3)
    infer = network(export, first=first, normalised=normalised)

    def named(images: Any) -> dict[str, Any]:
        return {f"output_{place}": tensor for place, tensor in enumerate(infer(images))}

    return tf.function(named, input_signature=[tf.TensorSpec(shape, tf.float32, name="images")])


def write_saved_model(export: Export, folder: Path) -> Path:
    """A folder with ``metadata.yaml`` in it."""
    import tensorflow as tf

    path, module = folder / f"{export.name}_saved_model", tf.Module()
    module.infer = traced(export, first=False, normalised=True)
    tf.saved_model.save(module, str(path), signatures=module.infer.get_concrete_function())
    (path / "metadata.yaml").write_text(yaml.safe_dump(export.metadata))
    return path


def write_tflite(export: Export, folder: Path) -> Path:
    """With ``metadata.json`` in a zip archive behind the model."""
    import tensorflow as tf

    function = traced(export, first=False, normalised=True).get_concrete_function()
    path = folder / f"{export.name}_float32.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("metadata.json", json.dumps(export.metadata))
    return path


def write_onnx(export: Export, folder: Path) -> Path:
    """With the metadata as the file's properties."""
    import onnx

    model = _onnx(export)
    onnx.helper.set_model_props(model, {key: str(value) for key, value in export.metadata.items()})
    path = folder / f"{export.name}.onnx"
    onnx.save(model, path)
    return path


def _onnx(export: Export) -> Any:
    import tf2onnx

    function = traced(export, first=True, normalised=False)
    model, _ = tf2onnx.convert.from_function(function, input_signature=function.input_signature, opset=17)
    return model


def write_openvino(export: Export, folder: Path) -> Path:
    """A folder of its own with ``metadata.yaml``, and ``model_info`` in the model."""
    import openvino

    own = folder / f"{export.name}_openvino_model"
    own.mkdir()
    model = openvino.Core().read_model(_onnx(export).SerializeToString())
    told = {
        "model_type": "YOLO", "reverse_input_channels": True, "pad_value": 114, "scale_values": [255.0],
        "labels": list(export.names.values()), "resize_type": "fit_to_window_letterbox",
    }  # fmt: skip
    for key, value in told.items():
        model.set_rt_info(value, ["model_info", key])
    openvino.save_model(model, own / f"{export.name}.xml", compress_to_fp16=False)
    (own / "metadata.yaml").write_text(yaml.safe_dump(export.metadata))
    return own / f"{export.name}.xml"


FORMS = {"onnx": write_onnx, "tflite": write_tflite, "saved-model": write_saved_model, "openvino": write_openvino}
