"""Writes a trained detector for all engines: SavedModel, TF1 frozen graph, ONNX, tflite."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from runner_core.cards import Artifact, Card, LabelMap, describe_files
from runner_core.contracts import Exporter
from runner_core.discovery import get_registry
from runner_core.errors import NotInstalled
from runner_core.frames import PictureSpec
from runner_train.runtime import constants, tf
from runner_train.shared import write_shared
from runner_train.stretch import decode_picture, stretch
from runner_train.targets import Grid
from runner_train.voting import answer_cells

MOST, LEAST, OVERLAP = 100, 0.05, 0.5
SMALLEST = 64  # numbers of a constant that is worth a cast
OUTPUTS = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
RAW = ("raw_detection_boxes", "raw_detection_scores")
EXPORTED = (".onnx", ".tflite")
ROLES = dict(zip(("boxes", "scores", "classes", "count"), OUTPUTS, strict=True))


@attrs.frozen
class Detector:
    """A trained network: ``front`` and ``head`` are Keras models, ``size`` (width, height) the front's input."""

    front: Any
    head: Any
    size: tuple[int, int]
    grid: Grid
    labels: LabelMap


@attrs.frozen
class Frozen:
    """A graph from `pixels`, 1 x H x W x 3 uint8, to `out/NAME` for each of ``names``.

    ``roles``    of the card -> the name of an output.
    ``picture``  how pixels are given to the form that takes them, where it is not as they are.
    """

    graph: Any
    names: tuple[str, ...]
    roles: Mapping[str, str]
    picture: PictureSpec | None = None

    def name_roles(self, image: str, end: str) -> dict[str, str]:
        return {"image": image} | {role: f"{name}{end}" for role, name in self.roles.items()}


def write_artifacts(detector: Detector, card: Card, folder: Path) -> tuple[Artifact, ...]:
    """All forms of the brain in ``folder``. Raises EngineError, OSError."""
    frozen = Frozen(_freeze(detector), (*OUTPUTS, *RAW), ROLES)
    made = write_forms(frozen, card, folder)
    whole = next((artifact for artifact in made if artifact.format == ".onnx"), None)
    return (*made, write_shared(detector, folder, whole)) if whole else made


def write_forms(graph: Frozen, card: Card, folder: Path) -> tuple[Artifact, ...]:
    """The graph in all formats. Raises EngineError, OSError."""
    frozen, saved = folder / f"{card.name}.pb", folder / "saved_model"
    frozen.write_bytes(_take_encoded(graph))
    _save(graph, saved)
    encoded, pixels = graph.name_roles("encoded_image_string_tensor:0", ":0"), graph.name_roles("input_tensor", "")
    made = [
        Artifact(frozen.name, ".pb", describe_files(folder, frozen), roles=encoded),
        Artifact(saved.name, "saved-model", describe_files(folder, saved), roles=pixels, picture=graph.picture),
    ]
    for form in EXPORTED:
        made += _export(frozen, attrs.evolve(card, roles=made[0].roles or {}), folder / f"{card.name}{form}")
    return tuple(made)


def _export(graph: Path, card: Card, place: Path) -> list[Artifact]:
    """The network without its suppression of boxes, by the engine's exporter; none where no converter is installed."""
    engine = get_registry().make("engines", "tensorflow")
    if not isinstance(engine, Exporter):
        return []
    try:
        artifact = engine.export(graph, card, place, half=True, trusted=False)
    except NotInstalled:
        return []
    return [attrs.evolve(artifact, files=describe_files(place.parent, place))]


def freeze_answers(answer: Callable[[Any], Mapping[str, Any]], size: tuple[int, int]) -> Any:
    """The graph from `pixels`, 1 x H x W x 3 uint8, to `out/NAME` for each name in an answer.

    ``answer`` is asked about 1 x H x W x 3 float pixels of the (width, height) ``size``.
    """
    twice = (2 * size[1], 2 * size[0])

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8, name="pixels")], autograph=False)  # type: ignore[untyped-decorator]
    def look(pixels: Any) -> dict[str, Any]:
        found = answer(tf.nn.avg_pool2d(stretch(pixels, twice), 2, 2, "VALID"))
        return {name: tf.identity(tensor, f"out/{name}") for name, tensor in found.items()}

    return _halve(constants(look.get_concrete_function()).graph.as_graph_def())


def _freeze(detector: Detector) -> Any:
    def detect(pixels: Any) -> dict[str, Any]:
        answers = detector.head(detector.front(pixels, training=False), training=False)
        scores, corners = answer_cells(answers, detector.grid)
        boxes = tf.gather(corners, [1, 0, 3, 2], axis=-1)
        found = {RAW[0]: tf.identity(boxes, RAW[0]), RAW[1]: tf.identity(scores, RAW[1])}
        found |= _suppress(boxes[0], scores[0], len(detector.labels))
        return found

    return freeze_answers(detect, detector.size)


def _suppress(boxes: Any, scores: Any, classes: int) -> dict[str, Any]:
    """The best boxes of one picture, best first, class by class; filled up with zeros to MOST.

    Shapes are fixed as early as they can be: OpenVINO finds nothing behind a ``top_k`` of a computed number.
    """
    corners, values, kinds = [], [], []
    for kind in range(classes):
        kept = tf.image.non_max_suppression(boxes, scores[:, kind], MOST, OVERLAP, LEAST)
        room = MOST - tf.size(kept)
        corners.append(tf.ensure_shape(tf.pad(tf.gather(boxes, kept), [[0, room], [0, 0]]), (MOST, 4)))
        values.append(tf.ensure_shape(tf.pad(tf.gather(scores[:, kind], kept), [[0, room]]), (MOST,)))
        kinds.append(tf.fill((MOST,), float(kind + 1)))
    best = tf.math.top_k(tf.concat(values, 0), MOST)
    return {
        OUTPUTS[0]: tf.gather(tf.concat(corners, 0), best.indices)[None],
        OUTPUTS[1]: best.values[None],
        OUTPUTS[2]: tf.gather(tf.concat(kinds, 0), best.indices)[None],
        OUTPUTS[3]: tf.reduce_sum(tf.cast(best.values > 0, tf.float32))[None],
    }


def _halve(graph: Any) -> Any:
    """The graph with its large constants kept as float16, half the size, without its placeholder."""
    result = tf.compat.v1.GraphDef(versions=graph.versions)
    for node in graph.node:
        if node.op == "Placeholder":  # whoever imports the graph puts its own pixels here
            continue
        value = tf.make_ndarray(node.attr["value"].tensor) if node.op == "Const" else None
        if value is None or value.dtype != np.float32 or value.size < SMALLEST:
            result.node.append(node)
            continue
        half = result.node.add(name=f"{node.name}/half", op="Const")
        half.attr["dtype"].type = tf.float16.as_datatype_enum
        half.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value.astype(np.float16)))
        cast = result.node.add(name=node.name, op="Cast", input=[half.name])
        cast.attr["SrcT"].type, cast.attr["DstT"].type = tf.float16.as_datatype_enum, tf.float32.as_datatype_enum
    return result


def _name_outputs(graph: Any, pixels: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Puts the graph behind ``pixels``; its outputs, each an identity of its own name."""
    wanted = [f"out/{name}:0" for name in names]
    found = tf.graph_util.import_graph_def(graph, {"pixels": pixels}, wanted, name="detector")
    return {name: tf.identity(tensor, name) for name, tensor in zip(names, found, strict=True)}


def _take_encoded(frozen: Frozen) -> bytes:
    """A TF1 graph that takes encoded pictures.

    Control flow of the second version cannot be imported by old readers; the switch is global, hence put back.
    """
    tf.compat.v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default() as whole:
            encoded = tf.compat.v1.placeholder(tf.string, (None,), "encoded_image_string_tensor")
            decoded = tf.map_fn(decode_picture, encoded, fn_output_signature=tf.TensorSpec((None, None, 3), tf.uint8))
            _name_outputs(frozen.graph, tf.identity(decoded, "image_tensor"), frozen.names)
        data: bytes = whole.as_graph_def().SerializeToString(deterministic=True)
        return data
    finally:
        tf.compat.v1.enable_control_flow_v2()


def _save(frozen: Frozen, folder: Path) -> None:
    """A SavedModel whose `serving_default` takes pixels as `input_tensor`."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8, name="input_tensor")], autograph=False)  # type: ignore[untyped-decorator]
    def serve(input_tensor: Any) -> dict[str, Any]:
        return _name_outputs(frozen.graph, input_tensor, frozen.names)

    module.serve = serve
    shutil.rmtree(folder, ignore_errors=True)
    tf.saved_model.save(module, str(folder), signatures=serve)
