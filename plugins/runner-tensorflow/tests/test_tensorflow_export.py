"""Cutting networks out of graphs: what lies before them, what lies behind them, and what cannot be cut."""

import numpy as np
import onnx
import onnxruntime
import pytest
from runner_tensorflow.engine import TensorFlowEngine

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.errors import EngineError
from runner_core.frames.picture_spec import PictureSpec

ROLES = {"image": "image_tensor:0", "boxes": "detection_boxes:0", "scores": "detection_scores:0"}
ROLES |= {"classes": "detection_classes:0"}


def card(*names, roles=None, **fields):
    return Card(
        "toy",
        fields.pop("task", "tf-detection"),
        roles=roles or ROLES,
        labels=LabelMap.from_names(names, first=1),
        **fields,
    )


def exported(path, told, place, **options):
    return TensorFlowEngine().export(path, told, place, **{"half": False, "trusted": False, **options})


def run(place, pixels):
    session = onnxruntime.InferenceSession(place)
    assert [each.name for each in session.get_inputs()] == ["image"]
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": pixels}), strict=True))


def resized(tf, *, method="bilinear", antialias=False):
    image = tf.compat.v1.placeholder(tf.uint8, (1, None, None, 3), "image_tensor")
    return tf.image.resize(tf.cast(image, tf.float32), (8, 8), method=method, antialias=antialias)


def boxes_and_scores(tf, picture, columns):
    """Six boxes, and for each a score a class that depends on the picture."""
    boxes = tf.constant([[0, 0, 0.2 + 0.1 * row, 0.5] for row in range(6)], tf.float32)
    brightness = tf.reduce_mean(picture) / 255
    scores = brightness * tf.constant(np.linspace(0.1, 1, 6 * columns).reshape(6, columns), tf.float32)
    return boxes, scores


def one_class(tf, **resize):
    boxes, scores = boxes_and_scores(tf, resized(tf, **resize), 1)
    kept = tf.image.non_max_suppression(boxes, scores[:, 0], 4, iou_threshold=0.625)
    tf.identity(tf.gather(boxes, kept)[None], "detection_boxes")
    tf.identity(tf.gather(scores[:, 0], kept)[None], "detection_scores")
    tf.ones_like(tf.gather(scores[:, 0], kept)[None], name="detection_classes")


def several_classes(tf, columns=3, per_class=False):
    boxes, scores = boxes_and_scores(tf, resized(tf), columns)
    own = tf.tile(boxes[None, :, None], (1, 1, columns if per_class else 1, 1))
    found = tf.image.combined_non_max_suppression(own, scores[None], 5, 9, iou_threshold=0.4)
    for name, tensor in zip(("boxes", "scores", "classes"), found, strict=False):
        tf.identity(tensor + (name == "classes"), f"detection_{name}")


@pytest.mark.parametrize(
    ("resize", "resample"),
    [
        ({"method": "bilinear"}, "bilinear"),
        ({"method": "bilinear", "antialias": True}, "antialias"),
        ({"method": "nearest"}, "nearest"),
        ({"method": "area"}, "area"),
    ],
)
def test_the_resize_becomes_the_picture_spec(tf, frozen, tmp_path, resize, resample):
    artifact = exported(frozen(lambda: one_class(tf, **resize)), card("page"), tmp_path / "toy.onnx")
    assert artifact.picture == PictureSpec(size=(8, 8), resample=resample)
    given = run(tmp_path / "toy.onnx", np.full((1, 8, 8, 3), 51, np.uint8))
    np.testing.assert_allclose(given["scores"][0, :, 0], 0.2 * np.linspace(0.1, 1, 6), atol=1e-6)
    assert given["boxes"].shape == (1, 6, 4)


def test_what_changes_no_picture_of_the_right_size_goes_with_the_resize(tf, frozen, tmp_path):
    def own_resize():
        image = tf.compat.v1.placeholder(tf.uint8, (1, None, None, 3), "image_tensor")
        places = tf.range(8) * tf.shape(image)[1] // 8
        nearest = tf.gather(tf.gather(tf.cast(image, tf.float32), places, axis=1), places, axis=2)
        told = tf.raw_ops.ResizeBilinear(images=nearest, size=(8, 8), half_pixel_centers=True)
        tf.identity(tf.reduce_sum(told, (1, 2)), "probabilities")

    roles = {"image": "image_tensor:0", "scores": "probabilities:0"}
    toy = card("a", "b", "c", roles=roles, task="classification")
    assert exported(frozen(own_resize), toy, tmp_path / "toy.onnx").picture == PictureSpec(size=(8, 8))
    assert not {"Gather", "Resize"} & {node.op_type for node in onnx.load(tmp_path / "toy.onnx").graph.node}
    pixels = np.random.default_rng(1).integers(0, 256, (1, 8, 8, 3), np.uint8)
    np.testing.assert_allclose(run(tmp_path / "toy.onnx", pixels)["scores"], pixels.sum((1, 2)), rtol=1e-6)


def test_what_suppressed_boxes_becomes_the_options(tf, frozen, tmp_path):
    artifact = exported(frozen(lambda: one_class(tf)), card("page"), tmp_path / "toy.onnx")
    assert (artifact.task, artifact.iou, artifact.format) == ("boxes-scores", 0.625, ".onnx")
    assert artifact.options == {"order": "yxyx", "nms": True, "several": True, "first": 1}
    assert artifact.roles == {"image": "image", "boxes": "boxes", "scores": "scores"}


def test_all_classes_keep_their_scores(tf, frozen, tmp_path):
    artifact = exported(frozen(lambda: several_classes(tf)), card("a", "b", "c"), tmp_path / "toy.onnx")
    assert artifact.iou == 0.4
    assert run(tmp_path / "toy.onnx", np.zeros((1, 8, 8, 3), np.uint8))["scores"].shape == (1, 6, 3)
    from_zero = Card("toy", "tf-detection", roles=ROLES, labels=LabelMap.from_names(("a", "b", "c")))
    assert exported(frozen(lambda: several_classes(tf)), from_zero, tmp_path / "x.onnx").options["first"] == 0


@pytest.mark.parametrize(("overlaps", "told"), [((0.4, 0.4), 0.4), ((0.4, 0.7), 0.6)])
def test_the_overlap_is_that_of_all_classes(tf, frozen, tmp_path, overlaps, told):
    def class_by_class():
        boxes, scores = boxes_and_scores(tf, resized(tf), 2)
        kept = [tf.image.non_max_suppression(boxes, scores[:, k], 4, iou) for k, iou in enumerate(overlaps)]
        best = tf.concat([tf.gather(scores[:, k], each) for k, each in enumerate(kept)], 0)
        tf.identity(tf.gather(boxes, tf.concat(kept, 0))[None], "detection_boxes")
        tf.identity(best[None], "detection_scores")
        tf.ones_like(best[None], name="detection_classes")
        tf.identity(boxes[None], "raw_detection_boxes")
        tf.identity(scores[None], "raw_detection_scores")

    assert exported(frozen(class_by_class), card("a", "b"), tmp_path / "toy.onnx").iou == told


def looping(tf, *, raw):
    """Boxes suppressed picture by picture, as the Object Detection API does it."""
    boxes, scores = boxes_and_scores(tf, resized(tf), 3)

    def suppressed(each):
        kept = tf.image.non_max_suppression(boxes, each[:, 1], 4)
        return tf.gather(boxes, kept), tf.gather(each[:, 1], kept)

    tf.compat.v1.disable_control_flow_v2()
    try:
        found = tf.map_fn(suppressed, scores[None], fn_output_signature=(tf.float32, tf.float32))
    finally:
        tf.compat.v1.enable_control_flow_v2()
    for name, tensor in zip(("boxes", "scores", "classes"), (*found, tf.ones_like(found[1])), strict=True):
        tf.identity(tensor, f"detection_{name}")
    if raw:
        tf.identity(boxes[None], "raw_detection_boxes")
        tf.identity(scores[None], "raw_detection_scores")


def test_a_loop_is_left_out_where_the_raw_boxes_have_their_names(tf, frozen, tmp_path):
    artifact = exported(frozen(lambda: looping(tf, raw=True)), card("a", "b"), tmp_path / "toy.onnx")
    given = run(tmp_path / "toy.onnx", np.full((1, 8, 8, 3), 255, np.uint8))
    assert given["scores"].shape == (1, 6, 2), "the background's column is left out"
    assert given["scores"][0, 0, 0] == pytest.approx(np.linspace(0.1, 1, 18)[1])
    assert artifact.options["first"] == 1


@pytest.mark.parametrize(
    ("build", "names", "said"),
    [
        (lambda tf: looping(tf, raw=False), ("a", "b"), "suppresses boxes in a loop"),
        (lambda tf: several_classes(tf, per_class=True), ("a", "b", "c"), "boxes of their own for each class"),
        (one_class, ("a", "b"), "whatever their class, of 2"),
    ],
)
def test_what_cannot_be_cut_is_reported(tf, frozen, tmp_path, build, names, said):
    with pytest.raises(EngineError, match=said):
        exported(frozen(lambda: build(tf)), card(*names), tmp_path / "toy.onnx")
    assert not (tmp_path / "toy.onnx").exists()


def test_masks_of_chosen_boxes_cannot_be_cut_off(tf, frozen, tmp_path):
    def masked():
        one_class(tf)
        tf.zeros((1, 4, 3, 3), name="detection_masks")

    told = card("page", roles=ROLES | {"masks": "detection_masks:0"})
    with pytest.raises(EngineError, match="masks belong to boxes that the graph selects"):
        exported(frozen(masked), told, tmp_path / "toy.onnx")


def test_a_network_without_boxes_keeps_its_outputs(keras_file, tmp_path):
    roles = {"image": "image", "scores": "scores"}
    told = card("a", "b", "c", roles=roles, task="classification", picture=PictureSpec(size=(8, 8), dtype="float32"))
    artifact = exported(keras_file, told, tmp_path / "toy.onnx")
    assert (artifact.task, artifact.options, artifact.picture) == ("classification", None, told.picture)
    assert run(tmp_path / "toy.onnx", np.zeros((1, 8, 8, 3), np.float32))["scores"].shape == (1, 3)


def test_a_graph_that_decodes_is_fed_behind_its_decoder(tf, frozen, tmp_path):
    def encoded():
        data = tf.compat.v1.placeholder(tf.string, (None,), "encoded_image_string_tensor")
        picture = tf.io.decode_image(data[0], channels=3, expand_animations=False)
        boxes, scores = boxes_and_scores(tf, tf.image.resize(picture[None], (8, 8)), 1)
        kept = tf.image.non_max_suppression(boxes, scores[:, 0], 4)
        tf.identity(tf.gather(boxes, kept)[None], "detection_boxes")
        tf.identity(tf.gather(scores[:, 0], kept)[None], "detection_scores")
        tf.ones_like(tf.gather(scores[:, 0], kept)[None], name="detection_classes")

    told = card("page", roles=ROLES | {"image": "encoded_image_string_tensor:0"})
    artifact = exported(frozen(encoded), told, tmp_path / "toy.tflite")
    assert artifact.picture.size == (8, 8)
    assert not artifact.picture.encoded


def test_what_a_converter_lacks_is_said_in_its_words(tf, frozen, tmp_path):
    def odd():
        image = tf.compat.v1.placeholder(tf.float32, (1, 8, 8, 3), "image_tensor")
        tf.raw_ops.Betainc(a=image, b=image, x=image, name="scores")

    told = card(roles={"image": "image_tensor:0", "scores": "scores:0"}, task="classification")
    with pytest.raises(EngineError, match=r"cannot be converted to \.(onnx|tflite): .*Betainc"):
        exported(frozen(odd), told, tmp_path / "toy.tflite")
    assert not list(tmp_path.glob("*.tflite"))
