"""Freeze the two brains: `python export.py RUN ../src/runner_demo/brains`, then evaluate.py measures them.

Each tower of the trained network becomes a brain of its own, once as a frozen TF1 graph that takes encoded pictures
and once as a SavedModel that takes pixels. Constants are kept as float16 and cast on load.
"""

import argparse
import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from network import CELLS, TOWERS, corners, detector, folded
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

INPUT, MOST, LEAST, OVERLAP = 512, 100, 0.05, 0.5
"""Side of the input, most detections, lowest score, and the IoU above which the lower of two boxes goes."""
LABELS = {"page": (1, "page"), "graphs": (2, "graph")}
"""Brain: (file_id, name) of its only label."""
OUTPUTS = (
    "detection_boxes",
    "detection_scores",
    "detection_classes",
    "num_detections",
    "raw_boxes",
    "raw_scores",
)
ROLES = dict(zip(("boxes", "scores", "classes", "count"), OUTPUTS, strict=False))


def suppressed(boxes: tf.Tensor, scores: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return the best boxes of one picture, best first, filled up with zeros to MOST.

    `boxes` is 1 x cells x 4 (top, left, bottom, right as shares of the picture), `scores` 1 x cells.
    """
    kept = tf.image.non_max_suppression(boxes[0], scores[0], MOST, OVERLAP, LEAST)
    count = tf.size(kept)
    room = MOST - count
    return {
        "detection_boxes": tf.ensure_shape(tf.pad(tf.gather(boxes[0], kept), [[0, room], [0, 0]]), (MOST, 4))[None],
        "detection_scores": tf.ensure_shape(tf.pad(tf.gather(scores[0], kept), [[0, room]]), (MOST,))[None],
        "detection_classes": tf.ones((1, MOST)),
        "num_detections": tf.cast(count, tf.float32)[None],
    }


def core(network: keras.Model, tower: str) -> tf.compat.v1.GraphDef:
    """Return the frozen graph from `pixels` (1 x H x W x 3 uint8) to OUTPUTS."""

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8, name="pixels")])
    def detect(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        raw = network(tf.image.resize(tf.cast(pixels, tf.float32), (INPUT, INPUT)))[tower]
        left, top, right, bottom = tf.unstack(tf.clip_by_value(corners(raw[..., 1:]), 0.0, 1.0), axis=-1)
        boxes = tf.reshape(tf.stack([top, left, bottom, right], -1), (1, CELLS * CELLS, 4))
        scores = tf.reshape(tf.sigmoid(raw[..., 0]), (1, CELLS * CELLS))
        found = {**suppressed(boxes, scores), "raw_boxes": boxes, "raw_scores": scores}
        return {name: tf.identity(found[name], name) for name in OUTPUTS}

    return halved(convert_variables_to_constants_v2(detect.get_concrete_function()).graph.as_graph_def())


def halved(graph: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """Return `graph` with its large float32 constants kept as float16: half the size, the same detections."""
    result = tf.compat.v1.GraphDef(versions=graph.versions)
    for node in graph.node:
        if node.op == "Placeholder":  # whoever imports the graph puts its own pixels here
            continue
        value = tf.make_ndarray(node.attr["value"].tensor) if node.op == "Const" else None
        if value is None or value.dtype != np.float32 or value.size < 64:
            result.node.append(node)
            continue
        half = result.node.add(name=f"{node.name}/half", op="Const")
        half.attr["dtype"].type = tf.float16.as_datatype_enum
        half.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value.astype(np.float16)))
        cast = result.node.add(name=node.name, op="Cast", input=[half.name])
        cast.attr["SrcT"].type, cast.attr["DstT"].type = (
            tf.float16.as_datatype_enum,
            tf.float32.as_datatype_enum,
        )
    return result


def name_outputs(graph: tf.compat.v1.GraphDef, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
    """Import the core behind `pixels` and return its outputs, each as an identity node of its own name."""
    found = tf.graph_util.import_graph_def(
        graph, {"pixels": pixels}, [f"{name}:0" for name in OUTPUTS], name="detector"
    )
    return {name: tf.identity(tensor, name) for name, tensor in zip(OUTPUTS, found, strict=True)}


def frozen(graph: tf.compat.v1.GraphDef) -> bytes:
    """Return the core behind a decoder as a TF1 graph: encoded pictures in, detections out.

    Control flow of the second version cannot be imported by old readers; the switch is global, hence put back.
    """
    tf.compat.v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default() as whole:
            encoded = tf.compat.v1.placeholder(tf.string, (None,), "encoded_image_string_tensor")
            decoded = tf.map_fn(
                lambda data: tf.io.decode_image(data, channels=3, expand_animations=False),
                encoded,
                fn_output_signature=tf.TensorSpec((None, None, 3), tf.uint8),
            )
            name_outputs(graph, tf.identity(decoded, "image_tensor"))
        return whole.as_graph_def().SerializeToString(deterministic=True)
    finally:
        tf.compat.v1.enable_control_flow_v2()


def save(graph: tf.compat.v1.GraphDef, folder: Path) -> None:
    """Write the core as a SavedModel whose `serving_default` takes `input_tensor`."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8, name="input_tensor")])
    def serve(input_tensor: tf.Tensor) -> dict[str, tf.Tensor]:
        found = name_outputs(graph, input_tensor)
        return {name.replace("raw_", "raw_detection_"): tensor for name, tensor in found.items()}

    module.serve = serve
    shutil.rmtree(folder, ignore_errors=True)
    tf.saved_model.save(module, str(folder), signatures=serve)


def files(path: Path) -> list[dict]:
    """Return path (relative to the brain's folder), sha256 and size of a file or of all files below a folder."""
    found = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [
        {
            "path": p.relative_to(path.parent).as_posix(),
            "sha256": sha256(p.read_bytes()).hexdigest(),
            "size": p.stat().st_size,
        }
        for p in found
    ]


def card(folder: Path, tower: str, record: dict) -> dict:
    """Return the brain's card as far as it is known before it was measured."""
    file_id, label = LABELS[tower]
    graph, model = folder / f"{tower}.pb", folder / "saved_model"
    artifacts = [
        {
            "path": graph.name,
            "format": ".pb",
            "roles": {"image": "encoded_image_string_tensor:0", **{k: f"{v}:0" for k, v in ROLES.items()}},
            "files": files(graph),
        },
        {
            "path": model.name,
            "format": "saved-model",
            "roles": {"image": "input_tensor", **ROLES},
            "files": files(model),
        },
    ]
    return {
        "name": tower,
        "version": "1",
        "task": "tf-detection",
        "artifacts": artifacts,
        "labels": [{"model_id": 1, "file_id": file_id, "name": label}],
        "threshold": 0.5,
        "licence": "Apache-2.0",
        "origin": "trained from renderings by plugins/runner-demo/training",
        "training": record,
    }


def main() -> None:
    """Read the command line and export both brains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="what train.py wrote")
    parser.add_argument("brains", type=Path, help="folder of the brains' folders")
    given = parser.parse_args()
    trained = detector()
    trained.load_weights(given.run / "average.weights.h5")
    record = json.loads((given.run / "record.json").read_text())
    for tower in TOWERS:
        folder = given.brains / tower
        folder.mkdir(parents=True, exist_ok=True)
        graph = core(folded(trained, (tower,), INPUT), tower)
        (folder / f"{tower}.pb").write_bytes(frozen(graph))
        save(graph, folder / "saved_model")
        (folder / "brain.json").write_text(json.dumps(card(folder, tower, record), indent=1) + "\n")
        print(
            tower,
            {
                entry["path"]: entry["size"]
                for artifact in card(folder, tower, record)["artifacts"]
                for entry in artifact["files"]
            },
        )


if __name__ == "__main__":
    main()
