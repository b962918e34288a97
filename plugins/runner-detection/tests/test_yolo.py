"""YOLO's exports: one thing, told in every layout that there is."""

import attrs
import numpy as np
import pytest
from runner_detection.yolo import NUDENET, Yolo, choose_layout

from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.picture_spec import PictureSpec

NAMES = {0: "page", 1: "graph", 2: "table"}
EXPORT = {
    "author": "Ultralytics",
    "task": "detect",
    "stride": "32",
    "batch": "1",
    "imgsz": "[320, 320]",
    "names": str(NAMES),
    "args": "{'dynamic': False}",
}
# In a 640 x 480 picture letterboxed to 320 x 320: shrunk to a half, 40 pixels of grey above and below.
PICTURE_BOX = [100.0, 60.0, 300.0, 200.0]
INPUT_BOX = [50.0, 70.0, 150.0, 140.0]
CENTRED = [100.0, 105.0, 100.0, 70.0]


def signature(shape, image=(1, 3, 320, 320), metadata=EXPORT):
    return Signature((TensorSpec("images", image, "float32"),), (TensorSpec("output0", shape, "float32"),), metadata)


def drafted(model, **changes):
    card = Yolo().recognise(model)
    assert card is not None
    return attrs.evolve(card, name="test", **changes)


def decoded(model, table, frame, **changes):
    return Yolo().bind(drafted(model, **changes), model).decode({"predictions": table}, frame)


def v8(rows=2100):
    """1 x 7 x N: one graph, found twice, and a fainter page in the same place."""
    table = np.zeros((1, 7, rows), np.float32)
    table[0, :, 5] = [*CENTRED, 0.1, 0.9, 0.0]
    table[0, :, 6] = [*CENTRED, 0.1, 0.8, 0.0]
    table[0, :, 7] = [*CENTRED, 0.6, 0.1, 0.0]
    return table


def v5():
    table = np.zeros((1, 6300, 8), np.float32)
    table[0, :3, 4] = 0.9, 0.8, 0.6
    table[0, :3, :4] = CENTRED
    table[0, [0, 1, 2], [6, 6, 5]] = 1.0
    return table


def end_to_end():
    table = np.zeros((1, 300, 6), np.float32)
    table[0, 0], table[0, 1] = [*INPUT_BOX, 0.9, 1], [*INPUT_BOX, 0.6, 0]
    return table


@pytest.mark.parametrize(
    ("model", "table"),
    [
        (signature((1, 7, 2100)), v8()),
        (signature((None, 7, None)), v8()),
        (signature((1, 2100, 7)), v8().transpose(0, 2, 1)),
        (signature((1, 7, 2100), (1, 320, 320, 3)), v8() / np.array([320] * 4 + [1] * 3, np.float32)[:, None]),
        (signature((1, 6300, 8)), v5()),
        (signature((None, None, 8)), v5()),
        (signature((1, 300, 6)), end_to_end()),
        (signature((1, None, 6), metadata=EXPORT | {"end2end": "True"}), end_to_end()),
        (signature((1, None, 6), metadata=EXPORT | {"args": "{'nms': True}"}), end_to_end()),
    ],
    ids=["v8", "v8 free", "transposed", "tensorflow", "v5", "v5 free", "end-to-end", "end2end told", "nms told"],
)
def test_every_layout_gives_the_same(model, table, frame):
    answer = decoded(model, table, frame)
    assert answer.names == ["graph", "page"]
    np.testing.assert_allclose(answer.scores, [0.9, 0.6], rtol=1e-6)
    np.testing.assert_allclose(answer.boxes, [PICTURE_BOX, PICTURE_BOX], atol=1e-3)


def test_the_export_gives_names_size_and_values():
    card = drafted(signature((None, 7, None), (None, 3, None, None)))
    assert card.labels == LabelMap.from_names(NAMES.values())
    grey = (114, 114, 114)
    picture = PictureSpec((320, 320), "letterbox", layout="nchw", dtype="float32", std=(255.0,) * 3, pad=grey)
    assert card.picture == picture
    assert (card.threshold, card.iou) == (0.25, 0.7)
    assert not card.guesses
    assert any("task, names, imgsz" in note for note in card.notes)


def test_nudenets_classes_say_that_its_publisher_pads_with_black_at_the_right(frame):
    names = dict(enumerate(NUDENET))
    model = signature((None, 22, None), (None, 3, None, None), EXPORT | {"names": str(names)})
    card = drafted(model)
    assert (card.picture.resize, card.picture.pad, card.threshold, card.iou) == ("pad", (0, 0, 0), 0.25, 0.45)
    assert not card.guesses
    assert any("as NudeNet, whose classes these are, predicts" in note for note in card.notes)
    table = np.zeros((1, 22, 2100), np.float32)
    table[0, :4, 7], table[0, 4 + 12, 7] = CENTRED, 0.9
    found = Yolo().bind(card, model).decode({"predictions": table}, frame)  # 640 x 480, shrunk to a half
    assert found.boxes.tolist() == [[100.0, 140.0, 300.0, 280.0]]
    assert found.names == ["FACE_MALE"]
    others = EXPORT | {"names": str({**names, 0: "HAND"})}
    assert drafted(signature((None, 22, None), (None, 3, None, None), others)).picture.resize == "letterbox"


def test_an_input_that_is_not_square_is_letterboxed_to_it(frame):
    card = drafted(signature((1, 7, 1050), (1, 3, 160, 320), EXPORT | {"imgsz": "[160, 320]"}))
    assert card.picture.size == (320, 160)
    assert Yolo().bind(card, signature((1, 7, 1050), (1, 3, 160, 320))).encode(frame)["image"].shape == (1, 3, 160, 320)


def test_without_metadata_the_grid_decides_and_guesses_are_reported():
    card = drafted(signature((1, 2100, 85), metadata={}))
    assert card.options == {"layout": "rows", "objectness": True}
    assert {guess.about for guess in card.guesses} == {"objectness", "range", "colour"}
    assert next(guess for guess in card.guesses if guess.about == "objectness").by == ("options.objectness",)


def test_the_card_overrules_what_the_shape_suggests(frame):
    model = signature((1, 2100, 85), metadata={})
    table = np.zeros((1, 2100, 85), np.float32)
    table[0, 0, :5], table[0, 0, 20] = [*CENTRED, 0.1], 0.9
    assert len(decoded(model, table, frame)) == 0
    answer = decoded(model, table, frame, options={"layout": "rows", "objectness": False})
    assert answer.model_ids.tolist() == [16]


@pytest.mark.parametrize("task", ["segment", "pose", "classify", "obb"])
def test_exports_for_other_tasks_are_left_to_others(task):
    assert Yolo().recognise(signature((1, 7, 2100), metadata=EXPORT | {"task": task})) is None


@pytest.mark.parametrize("names", ["{0: 'page'}", "['a', 'b', 'c', 'd']"])
def test_names_that_contradict_the_shape_are_left_out_and_reported(names):
    card = drafted(signature((1, 7, 2100), metadata=EXPORT | {"names": names}))
    assert card.labels == LabelMap()
    assert any("labels in the metadata are left out: the model has the classes 0 to 2" in note for note in card.notes)


@pytest.mark.parametrize("lie", [{"names": "__import__('os')"}, {"names": "{"}, {"imgsz": "huge"}, {"args": "[1]"}])
def test_metadata_that_mean_nothing_do_no_harm(lie):
    card = drafted(signature((1, 7, 2100), metadata=EXPORT | lie))
    assert card.options["layout"] == "columns"


def test_a_class_is_suppressed_by_its_own_alone(frame):
    assert len(decoded(signature((1, 7, 2100)), v8(), frame, iou=1.0)) == 3
    assert len(decoded(signature((1, 7, 2100)), v8(), frame, threshold=0.7)) == 1


@pytest.mark.parametrize("shape", [(1, 7), (2, 7, 2100), (1, 7, 2100, 1), (1, 3, 2100)])
def test_binding_refuses_another_output(shape):
    model, card = signature(shape), drafted(signature((1, 7, 2100)))
    assert Yolo().recognise(model) is None
    with pytest.raises(TaskError, match=r"output0: float32 \["):
        Yolo().bind(attrs.evolve(card, options={}), model)


def test_an_output_of_too_few_features_is_refused_in_a_sentence(frame):
    model = attrs.evolve(signature((1, 7, 2100)), outputs=(TensorSpec("output0", None, "float32"),))
    codec = Yolo().bind(drafted(signature((1, 7, 2100))), model)
    with pytest.raises(TaskError, match="not YOLO's columns"):
        codec.decode({"predictions": np.zeros((1, 4, 2100), np.float32)}, frame)


@pytest.mark.parametrize(
    ("shape", "size", "classes", "order", "objectness"),
    [
        ((1, 84, 8400), (640, 640), None, "columns", False),
        ((1, 84, 34000), (1280, 1280), None, "columns", False),
        ((1, 25200, 85), (640, 640), None, "rows", True),
        ((1, 102000, 85), (1280, 1280), None, "rows", True),
        ((1, 6, 8400), (640, 640), None, "columns", False),
        ((1, 25200, 6), (640, 640), None, "rows", True),
        ((1, 8400, 6), (640, 640), 2, "rows", False),
        ((1, 525, 6), (160, 160), None, "rows", False),
        ((1, 567, 6), (96, 96), None, "rows", True),
        ((1, 300, 6), (640, 640), 80, "end-to-end", False),
        ((1, 300, 6), (640, 640), None, "end-to-end", False),
    ],
)
def test_layouts_of_the_wild(shape, size, classes, order, objectness):
    layout = choose_layout(shape, size, classes)
    assert (layout.order, layout.has_objectness) == (order, objectness)
