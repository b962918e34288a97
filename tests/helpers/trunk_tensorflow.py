"""The networks of ``trunk_models`` in TensorFlow: as SavedModels, and as ``.tflite`` files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from runner_litert.engine import LiteRTEngine
from runner_tensorflow.runtime import tf
from trunk_models import CELLS, CLASSES, ROLES, SIDE, TAPS, WIDTHS, anchors, weights, write_card

from runner_core.contracts import EngineOptions

SHAPES = {"near": (SIDE // 4, SIDE // 4, WIDTHS[2]), "far": (SIDE // 8, SIDE // 8, WIDTHS[3])}


def write_tensorflow(
    folder: Path, form: str, task: str = "classification", *, trunk: int = 1, head: int = 2,
    forms: tuple[str, ...] = ("head",),
) -> Path:  # fmt: skip
    """A brain in ``saved-model`` or ``.tflite``, as ``write_onnx`` makes one."""
    folder.mkdir(parents=True)
    base, own = weights(trunk), weights(head)

    def features(image):
        first = _convolve(image, base["k0"])
        near = _convolve(first, base["k1"])
        return {"near": near, "far": _convolve(near, base["k2"])}

    def answer(near, far):
        if task == "classification":
            return {"scores": tf.nn.softmax(tf.reduce_mean(far, [1, 2]) @ own["far-classes"])}
        pooled = tf.nn.max_pool2d(near @ own["near-classes"], 2, 2, "VALID")
        scores = tf.sigmoid(tf.reshape(pooled + far @ own["far-classes"], [-1, CELLS**2, CLASSES]))
        return {"scores": scores, "boxes": anchors() + 0 * tf.reduce_max(scores, [1, 2], keepdims=True)}

    def whole(image):
        found = features(image)
        return answer(found["near"], found["far"])

    def only_far(far):
        return answer(None, far)

    picture = {"image": (SIDE, SIDE, 3)}
    suffix = form if form.startswith(".") else ""
    _save(folder / f"trunk{suffix}", features, picture)
    head_function = only_far if task == "classification" else answer
    _save(folder / f"head{suffix}", head_function, {tap: SHAPES[tap] for tap in TAPS[task]})
    _save(folder / f"whole{suffix}", whole, picture)
    taps, roles = {tap: tap for tap in TAPS[task]}, {}
    if form == ".tflite":  # the converter has names of its own
        given = _name_outputs(folder / "trunk.tflite", ("far", "near"))
        taps = {f"serving_default_{tap}:0": given[tap] for tap in TAPS[task]}
        roles = {"image": "serving_default_image:0", **_name_outputs(folder / "whole.tflite", sorted(ROLES[task]))}
    write_card(folder, task, form, forms, taps, "nhwc", roles=roles)
    return folder


def _name_outputs(path: Path, names: Sequence[str]) -> dict[str, str]:
    """In the order of their names, as the converter numbers them."""
    session = LiteRTEngine().load(path, EngineOptions())
    found = sorted(spec.name for spec in session.outputs)
    session.close()
    return dict(zip(names, found, strict=True))


def _convolve(x, kernel):
    return tf.nn.relu(tf.nn.conv2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), kernel, 2, "VALID"))


def _save(path: Path, function: Callable[..., dict], shapes: dict[str, tuple[int, ...]]) -> None:
    batch = 1 if path.suffix else None
    specs = [tf.TensorSpec([batch, *shape], tf.float32, name) for name, shape in shapes.items()]
    module = tf.Module()
    module.call = tf.function(function, input_signature=specs)
    tf.saved_model.save(module, str(path.with_suffix("")), module.call)
    if path.suffix:
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(path.with_suffix(""))).convert())
