"""Every family tells its own models from those of the others, and keeps what a task promises."""

import importlib

import attrs
import numpy as np
import pytest
from runner_detection.plugin import FAMILIES

from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError
from runner_core.testing import check_plugin, check_task, conformance, sample_frame

NHWC, NCHW = (1, 320, 320, 3), (1, 3, 640, 640)


def model(image, *outputs, dtype="float32", metadata=None):
    """A signature: the shape of the image, and (name, shape) or (name, shape, dtype) of the outputs."""
    specs = tuple(TensorSpec(name, shape, *(kind or ["float32"])) for name, shape, *kind in outputs)
    return Signature((TensorSpec("image", image, dtype),), specs, metadata or {})


def task(family):
    module, name = FAMILIES[family][0].split(":")
    return getattr(importlib.import_module(f"runner_detection.{module}"), name)()


def yunet(image, size):
    """YuNet's twelve outputs, for pictures of (width, height)."""
    cells = {stride: size[0] // stride * (size[1] // stride) for stride in (8, 16, 32)}
    numbers = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    return model(image, *((f"{name}_{side}", (1, cells[side], numbers[name])) for name in numbers for side in cells))


FOCAL = [(f"{name}{rows}", (1, rows, width)) for name, width in (("cls", 5), ("reg", 32)) for rows in (64, 16, 4)]
TF = [("detection_boxes:0", (1, 9, 4)), ("detection_scores:0", (1, 9)), ("detection_classes:0", (1, 9))]
EXPORT = {"task": "detect", "names": "{0: 'page', 1: 'graph'}", "imgsz": "[640, 640]", "stride": "32"}
MODELS = [
    ("tf-detection", model((1, None, None, 3), *TF, ("num_detections:0", (1,)), dtype="uint8")),
    ("tf-detection", model((1, None, None, 3), *TF, dtype="uint8")),
    ("tf-detection", model((None,), *TF, ("num_detections:0", (1,)), dtype="string")),
    (
        "tflite-detection",
        model(
            NHWC,
            ("TFLite_Detection_PostProcess", (1, 10, 4)),
            ("TFLite_Detection_PostProcess:1", (1, 10)),
            ("TFLite_Detection_PostProcess:2", (1, 10)),
            ("TFLite_Detection_PostProcess:3", (1,)),
        ),
    ),
    (
        "tflite-detection",
        model(
            NHWC,
            ("StatefulPartitionedCall:0", (1, 10)),
            ("StatefulPartitionedCall:1", (1, 10, 4)),
            ("StatefulPartitionedCall:2", (1,)),
            ("StatefulPartitionedCall:3", (1, 10)),
            dtype="uint8",
        ),
    ),
    ("yolo", model(NCHW, ("output0", (1, 84, 8400)))),
    ("yolo", model(NCHW, ("output0", (1, 8400, 84)))),
    ("yolo", model(NCHW, ("output0", (1, 25200, 85)))),
    ("yolo", model(NCHW, ("output0", (1, 25200, 6)))),
    ("yolo", model(NCHW, ("output0", (1, 300, 6)))),
    ("yolo", model(NHWC, ("Identity", (1, 84, 2100)))),
    ("yolo", model((None, 3, None, None), ("output0", (None, 6, None)), metadata=EXPORT)),
    ("yolo-obb", model(NCHW, ("output0", (1, 7, 8400)), metadata=EXPORT | {"task": "obb"})),
    ("yolo-obb", model(NCHW, ("output0", (1, 300, 7)), metadata=EXPORT | {"task": "obb"})),
    ("yolo-heads", model((1, 3, 416, 416), ("grid", (1, 125, 13, 13)))),
    ("yolo-heads", model((1, 416, 416, 3), ("a", (1, 26, 26, 18)), ("b", (1, 13, 13, 18)))),
    ("yolox", model((1, 3, 416, 416), ("output", (1, 3549, 85)))),
    ("yolox", model(NCHW, ("output", (None, 8400, 6)))),
    ("yolox", model(NHWC, ("PartitionedCall:0", (1, 2100, 8)))),
    ("yolo", model(NCHW, ("outputs", (1, 8400, 85)))),
    ("yolo", model(NHWC, ("Identity", (1, 2100, 84)))),
    ("yolo", model(NCHW, ("output", (1, 8400, 7)), metadata=EXPORT)),
    ("nanodet", model(NCHW, ("output", (1, 8500, 37)))),
    ("nanodet", model((1, 3, 64, 64), *FOCAL)),
    ("fastestdet", model((1, 3, 352, 352), ("758", (1, 85, 22, 22)))),
    ("fastestdet", model((1, 352, 352, 3), ("head", (1, 22, 22, 85)))),
    ("detr", model((None, 3, None, None), ("logits", (None, 100, 92)), ("pred_boxes", (None, 100, 4)))),
    ("detr", model(NCHW, ("dets", (1, 300, 4)), ("labels", (1, 300, 91)))),
    ("ssd", model(NHWC, ("raw_outputs/box_encodings", (1, 50, 4)), ("raw_outputs/class_predictions", (1, 50, 3)))),
    ("ssd", model(NCHW, ("mbox_loc", (1, 50, 4)), ("mbox_conf", (1, 50, 3)))),
    ("ssd", model((1, 260, 260, 3), ("boxes", (1, 5972, 4)), ("scores", (1, 5972, 2)))),
    ("mediapipe-detection", model((1, 192, 192, 3), ("Identity", (1, 2016, 18)), ("Identity_1", (1, 2016, 1)))),
    ("yunet", yunet((1, 3, None, None), (96, 64))),
    ("yunet", yunet((1, 3, 320, 320), (320, 320))),
    ("detection-output", model((1, 3, 300, 300), ("527", (1, 1, 200, 7)))),
    ("detection-output", model(NCHW, ("detection_out", (1, 1, None, 7)))),
    ("boxes-scores", model((1, 3, 240, 320), ("scores", (1, 4420, 2)), ("boxes", (1, 4420, 4)))),
    ("boxes-scores", model(NCHW, ("812", (1, 8400, 4)), ("825", (1, 8400, 80)))),
    ("boxes-scores", model(NCHW, ("boxes", (None, 4)), ("labels", (None,), "int64"), ("scores", (None,)))),
]
OTHERS = [
    model((1, 224, 224, 3), ("features", (1, 7, 7, 1280))),
    model(NCHW, ("a", (1, 144, 80, 80)), ("b", (1, 144, 40, 40)), ("c", (1, 144, 20, 20))),
    model(NHWC, ("probabilities", (1, 1000))),
    model(NHWC, ("map", (1, 320, 320, 21))),
    model(NHWC, ("map", (1, 40, 40, 21))),
    model(NHWC, ("keypoints", (1, 1, 17, 3))),
    model(NCHW, ("output0", (1, 56, 8400))),
    model(NCHW, ("output0", (1, 116, 8400)), ("output1", (1, 32, 160, 160))),
    model(NCHW, ("embedding", (1, 128))),
    model((1, 128), ("output0", (1, 84, 8400))),
    model(NCHW, ("location", (1, 4)), ("score", (1, 10))),
]


@pytest.mark.parametrize(("family", "signature"), MODELS)
def test_one_family_alone_recognises_a_model(family, signature):
    assert [name for name in FAMILIES if task(name).recognise(signature)] == [family]


@pytest.mark.parametrize("signature", OTHERS)
def test_no_family_recognises_what_is_not_a_detector(signature):
    assert [name for name in FAMILIES if task(name).recognise(signature)] == []


@pytest.mark.parametrize(("family", "signature"), MODELS)
def test_a_draft_says_its_guesses_about_a_float_input(family, signature):
    card = task(family).recognise(signature)
    answer = " ".join(card.notes)
    if signature.inputs[0].dtype == "float32":
        assert any("values" in text for text in (*card.notes, *(guess.text for guess in card.guesses)))
    assert card.task == family
    assert all(name in answer for name in card.roles.values())


@pytest.mark.parametrize(("family", "signature"), [pair for pair in MODELS if pair[0] not in ("ssd", "tf-detection")])
def test_a_draft_holds_what_binding_would_choose(family, signature):
    card = attrs.evolve(task(family).recognise(signature), name="test")
    drafted = task(family).bind(card, signature)
    chosen = task(family).bind(attrs.evolve(card, picture=None), signature)
    assert np.array_equal(drafted.encode(sample_frame())["image"], chosen.encode(sample_frame())["image"])


def fill_obb(outputs):
    rows = outputs["rows"][0]
    final = rows.shape[1] == 7
    (rows if final else rows.T)[0] = [200, 200, 90, 80, 0.9, 1 if final else 0.1, 0.3]


def fill_heads(outputs):
    grid = outputs["head_32"][0]
    (grid if grid.shape[1] == grid.shape[2] else grid.transpose(2, 0, 1))[[4, 6], 3, 4] = 9.0


def fill_nanodet(outputs):
    outputs.get("predictions", outputs.get("scores_16"))[0, 5, 1] = 0.9


def fill_yunet(outputs):
    outputs["cls_8"][0, 5] = outputs["obj_8"][0, 5] = 0.9


FILLERS = {"yolo-obb": fill_obb, "yolo-heads": fill_heads, "nanodet": fill_nanodet, "yunet": fill_yunet}


def found(family, signature):
    """Outputs with one thing in them, as the family's network would give it."""
    card = task(family).recognise(signature)
    outputs = {role: zeros(spec) for role, spec in card_specs(card, signature).items()}
    single = "classes" in outputs
    if family in FILLERS:
        FILLERS[family](outputs)
        return outputs
    for role, tensor in outputs.items():
        if role == "predictions":
            predict(tensor, card)
        elif role == "detections":
            tensor[0, 0, 0] = [0, 1, 0.9, 0.2, 0.2, 0.6, 0.7]
        elif role == "boxes":
            tensor.reshape(-1, 4)[0] = [0.2, 0.2, 0.6, 0.7]
        elif role in ("classes", "count") or single:
            tensor.reshape(-1)[0] = 0.9 if role == "scores" else 1
        else:
            tensor.reshape(-1, tensor.shape[-1])[0, 1] = 9.0 if role == "logits" else 0.9
    return outputs


def card_specs(card, signature):
    specs = {spec.name: spec for spec in signature.outputs}
    return {role: specs[name] for role, name in card.roles.items() if name in specs}


def zeros(spec):
    """A batch of one, seven of what else is free."""
    sides = [side or (1 if axis == 0 and len(spec.shape) > 2 else 7) for axis, side in enumerate(spec.shape)]
    return np.zeros(sides, spec.dtype)


def predict(table, card):
    if card.task == "fastestdet":
        features = table[0] if table.shape[1] > table.shape[3] else table[0].transpose(2, 0, 1)
        features[[0, 6], 3, 4] = 0.9
        return
    if card.task == "yolox":
        table[0, 500, :6] = [0.2, 0.3, 1, 2, 0.9, 0.9]
        return
    rows = table[0].T if card.options["layout"] == "columns" else table[0]
    final = card.options["layout"] == "end-to-end"
    rows[0, :6] = [100, 90, 300, 250, 0.9, 1] if final else [200, 200, 90, 80, 0.9, 0.9]


@pytest.fixture(
    params=[pair for pair in MODELS if pair[0] not in ("ssd", "mediapipe-detection")], ids=lambda pair: pair[0]
)
def family_and_model(request):
    return request.param


@conformance(check_task)
def test_keeps_the_promises_of_a_task(check, family_and_model):
    family, signature = family_and_model
    check(task(family), signature, found(family, signature), sample_frame())


@conformance(check_task)
def test_ssd_keeps_the_promises_of_a_task(check):
    signature = next(signature for family, signature in MODELS if family == "ssd")
    card = task("ssd").recognise(signature)
    anchors = np.full((50, 4), 0.5).tolist()
    card = attrs.evolve(card, options={**card.options, "anchors": anchors})
    check(task("ssd"), signature, found("ssd", signature), sample_frame(), card)


@conformance(check_plugin)
def test_keeps_the_promises_of_a_plugin(check):
    check("runner_detection.plugin")


# Family -> a model, and the names that belong to it.
OF_CLASSES = {
    "tf-detection": (MODELS[0][1], ["a", "b"]),
    "tflite-detection": (MODELS[3][1], ["a", "b"]),
    "yolo": (model(NCHW, ("output0", (1, 6, 8400))), ["a", "b"]),
    "yolo-heads": (model((1, 3, 416, 416), ("a", (1, 21, 26, 26)), ("b", (1, 21, 13, 13))), ["a", "b"]),
    "yolox": (model(NCHW, ("output", (1, 8400, 7))), ["a", "b"]),
    "nanodet": (model(NCHW, ("output", (1, 8500, 34))), ["a", "b"]),
    "fastestdet": (model((1, 3, 352, 352), ("758", (1, 7, 22, 22))), ["a", "b"]),
    "detr": (model(NCHW, ("logits", (1, 100, 3)), ("pred_boxes", (1, 100, 4))), ["a", "b"]),
    "ssd": (model(NCHW, ("mbox_loc", (1, 50, 4)), ("mbox_conf", (1, 50, 3))), ["a", "b"]),
    "detection-output": (model(NCHW, ("detection_out", (1, 1, 200, 7))), ["a", "b"]),
    "boxes-scores": (model(NCHW, ("boxes", (1, 50, 4)), ("scores", (1, 50, 3))), ["a", "b", "c"]),
}


@pytest.mark.parametrize("family", OF_CLASSES)
def test_labels_of_the_metadata_are_drafted_where_they_fit(family):
    signature, names = OF_CLASSES[family]
    card = task(family).recognise(attrs.evolve(signature, metadata={"labels": "\n".join(names)}))
    assert card.labels.names == tuple(names)
    assert card.labels.labels[0].model_id == card.first_number
    if family not in (
        "tf-detection",
        "tflite-detection",
        "detection-output",
    ):  # these do not say how many classes they have
        card = task(family).recognise(attrs.evolve(signature, metadata={"labels": "\n".join([*names, "z"])}))
        assert card.labels == LabelMap()
        assert "left out" in card.notes[-1]


@pytest.mark.parametrize(
    "family", ["yolo", "yolo-heads", "yolox", "nanodet", "fastestdet", "detr", "ssd", "boxes-scores"]
)
@pytest.mark.parametrize("change", [lambda names: names[:-1], lambda names: [*names, "z"]], ids=["fewer", "more"])
def test_labels_of_another_number_of_classes_are_refused_at_once(family, change):
    signature, names = OF_CLASSES[family]
    card = task(family).recognise(signature)
    options = {**card.options, "anchors": [[0.5] * 4] * 50} if family == "ssd" else card.options
    card = attrs.evolve(card, name="test", options=options)
    right, wrong = (LabelMap.from_names(each, first=card.first_number) for each in (names, change(names)))
    task(family).bind(attrs.evolve(card, labels=right), signature)
    with pytest.raises(LabelError, match="the model has the classes 0 to"):
        task(family).bind(attrs.evolve(card, labels=wrong), signature)
