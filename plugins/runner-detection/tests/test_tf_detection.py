"""The TensorFlow Object Detection API contract, in the variants that models in the wild have.

Arrays stand for what a network emits; real graphs run in test_tf_detection_graphs.py.
"""

import attrs
import numpy as np
import pytest
from runner_detection.tf_detection import TfDetection

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec

WIDTH, HEIGHT = 640, 480
FRAME = Frame.from_array(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
BOXES = np.array([[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 1.0, 1.0], [0.25, 0.5, 0.75, 1.0]], np.float32)  # y1 x1 y2 x2
PIXELS = np.array([[128, 48, 384, 240], [0, 0, 640, 480], [320, 120, 640, 360]], np.float32)  # x1 y1 x2 y2
SCORES = np.array([0.6, 0.9, 0.4], np.float32)
CLASSES = np.array([3, 1, 2], np.float32)
OUTPUTS = {"boxes": BOXES, "scores": SCORES, "classes": CLASSES}


def signature(image: TensorSpec | None = None, suffix: str = ":0", **more: tuple[int | None, ...]) -> Signature:
    shapes = {"boxes": (1, 3, 4), "scores": (1, 3), "classes": (1, 3)} | more
    outputs = tuple(TensorSpec(f"detection_{role}{suffix}", shape, "float32") for role, shape in shapes.items())
    return Signature((image or TensorSpec(f"image_tensor{suffix}", (1, None, None, 3), "uint8"),), outputs)


def drafted(model: Signature | None = None, **changes: object) -> Card:
    card = TfDetection().recognise(model or signature())
    assert card is not None
    return attrs.evolve(card, name="test", **changes)


def decoded(outputs, model=None, frame=FRAME, **changes):
    model = model or signature()
    return TfDetection().bind(drafted(model, **changes), model).decode(outputs, frame)


@pytest.mark.parametrize("suffix", ["", ":0"])
@pytest.mark.parametrize("name", ["image_tensor", "encoded_image_string_tensor", "input_tensor", "inputs", "whatever"])
def test_recognises_the_inputs_of_the_wild_with_and_without_a_zero(name, suffix):
    string = name == "encoded_image_string_tensor"
    image = TensorSpec(name + suffix, (None,) if string else (1, None, None, 3), "string" if string else "uint8")
    card = drafted(signature(image, suffix))
    assert card.roles["image"] == name + suffix
    assert card.roles["boxes"] == "detection_boxes" + suffix
    assert (card.task, card.first_class, card.picture) == ("tf-detection", 1, None)


def test_a_draft_says_what_it_supposes():
    float_input = signature(TensorSpec("input_tensor", (1, None, None, 3), "float32"))
    assert any("0 to 255" in note for note in drafted(float_input).notes)
    assert any("count from 1" in note for note in drafted(float_input).notes)
    assert not any("0 to 255" in note for note in drafted(signature()).notes)


def test_prefers_the_known_input_of_several():
    other = TensorSpec("dropout_rate:0", (), "float32")
    model = attrs.evolve(signature(), inputs=(other, *signature().inputs))
    assert drafted(model).roles["image"] == "image_tensor:0"


@pytest.mark.parametrize(
    "model",
    [
        Signature((), signature().outputs),
        Signature(signature().inputs, signature().outputs[:2]),
        signature(TensorSpec("image_tensor:0", (8, None, None, 3), "uint8")),
        signature(TensorSpec("vector", (1, 10), "float32")),
    ],
    ids=["no input", "no classes", "batch of eight", "no picture"],
)
def test_is_not_of_this_family(model):
    assert TfDetection().recognise(model) is None


@pytest.mark.parametrize(
    ("image", "picture"),
    [
        (TensorSpec("image_tensor:0", (1, None, None, 3), "uint8"), PictureSpec()),
        (TensorSpec("image_tensor:0", (None, None, None, 3), "uint8"), PictureSpec()),
        (TensorSpec("image_tensor:0", None, "uint8"), PictureSpec()),
        (TensorSpec("image_tensor:0", (None, None, 3), "uint8"), PictureSpec(batched=False)),
        (TensorSpec("image_tensor:0", (1, 300, 200, 3), "float32"), PictureSpec(size=(200, 300), dtype="float32")),
        (
            TensorSpec("image_tensor:0", (1, 3, 300, 200), "float32"),
            PictureSpec((200, 300), layout="nchw", dtype="float32"),
        ),
        (TensorSpec("inputs", (None,), "string"), PictureSpec(encoded=True)),
        (TensorSpec("inputs", (1,), "string"), PictureSpec(encoded=True)),
        (TensorSpec("inputs", (), "string"), PictureSpec(encoded=True, batched=False)),
    ],
)
def test_chooses_the_picture_from_the_input(image, picture):
    model = signature(image)
    assert TfDetection().bind(drafted(model), model).picture == picture


def test_encodes_under_the_role_image():
    tensors = TfDetection().bind(drafted(), signature()).encode(FRAME)
    assert {role: (tensor.shape, tensor.dtype) for role, tensor in tensors.items()} == {
        "image": ((1, HEIGHT, WIDTH, 3), np.uint8)
    }


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int32])
def test_rows_come_by_descending_score_in_pixels(batched, dtype):
    outputs = OUTPUTS | {"classes": CLASSES.astype(dtype)}
    answer = decoded({role: column[None] for role, column in outputs.items()} if batched else outputs, threshold=0.3)
    assert answer.model_ids.tolist() == [1, 3, 2]
    assert answer.scores.tolist() == SCORES[[1, 0, 2]].tolist()
    np.testing.assert_allclose(answer.boxes, PIXELS[[1, 0, 2]], atol=1e-3)
    assert (answer.brain, answer.task, answer.size) == ("test", "object-detection", (WIDTH, HEIGHT))
    assert answer.boxes.dtype == answer.scores.dtype == np.float32


def test_rows_under_the_threshold_are_left_out():
    assert decoded(OUTPUTS, threshold=0.5).model_ids.tolist() == [1, 3]
    assert decoded(OUTPUTS, threshold=float(SCORES[0])).model_ids.tolist() == [1, 3]
    assert len(decoded(OUTPUTS, threshold=1.0)) == 0


@pytest.mark.parametrize("count", [np.float32(1), np.array([1.0]), np.array([[1]])])
def test_rows_beyond_the_count_are_left_out(count):
    assert decoded(OUTPUTS | {"count": np.asarray(count)}, threshold=0.0).model_ids.tolist() == [3]


@pytest.mark.parametrize("count", [np.array([-3.0]), np.array([np.nan])])
def test_a_senseless_count_finds_nothing(count):
    assert len(decoded(OUTPUTS | {"count": count}, threshold=0.0)) == 0


def test_absolute_boxes_are_known_by_their_values():
    absolute = BOXES * np.array([HEIGHT, WIDTH] * 2, np.float32)
    np.testing.assert_allclose(
        decoded(OUTPUTS | {"boxes": absolute}, threshold=0.3).boxes, PIXELS[[1, 0, 2]], atol=1e-3
    )


def test_absolute_boxes_are_pixels_of_the_input():
    model = signature(TensorSpec("image_tensor:0", (1, 100, 200, 3), "uint8"))
    absolute = BOXES * np.array([100, 200] * 2, np.float32)
    answer = decoded(OUTPUTS | {"boxes": absolute}, model, threshold=0.3)
    np.testing.assert_allclose(answer.boxes, PIXELS[[1, 0, 2]], atol=1e-3)


def test_the_card_decides_where_values_do_not():
    tiny = OUTPUTS | {"boxes": BOXES * 2}
    answer = decoded(tiny, threshold=0.5, options={"boxes": "absolute"})
    np.testing.assert_allclose(answer.boxes, BOXES[[1, 0]][:, [1, 0, 3, 2]] * 2)
    assert decoded(tiny, threshold=0.5, options={"boxes": "normalised"}).boxes[1].tolist() == pytest.approx(
        [256, 96, 640, 480]
    )


def test_a_letterboxed_input_is_undone():
    picture = PictureSpec(size=(320, 320), resize="letterbox")
    model = signature(TensorSpec("image_tensor:0", (1, 320, 320, 3), "uint8"))
    inner = np.array([40 + 240 * BOXES[:, 0], 320 * BOXES[:, 1], 40 + 240 * BOXES[:, 2], 320 * BOXES[:, 3]]).T / 320
    answer = decoded(OUTPUTS | {"boxes": inner.astype(np.float32)}, model, threshold=0.3, picture=picture)
    np.testing.assert_allclose(answer.boxes, PIXELS[[1, 0, 2]], atol=1e-3)


def test_boxes_are_cut_at_the_picture_and_senseless_rows_dropped():
    boxes = np.array(
        [[-0.5, -0.5, 0.5, 1.5], [0.5, 0.5, 0.5, 0.9], [np.nan, 0, 1, 1], [0, 0, np.inf, 1], [1.2, 0, 1.4, 1]]
    )
    outputs = {
        "boxes": boxes.astype(np.float32),
        "scores": np.full(5, 0.9, np.float32),
        "classes": np.ones(5, np.float32),
    }
    answer = decoded(outputs, signature(boxes=(1, None, 4), scores=(1, None), classes=(1, None)))
    np.testing.assert_allclose(answer.boxes, [[0, 0, 640, 240]])


def test_numbers_that_are_none_are_dropped():
    outputs = OUTPUTS | {"scores": np.array([np.nan, 0.9, np.inf]), "classes": np.array([1, np.nan, 1])}
    assert len(decoded(outputs, threshold=0.0)) == 0


def test_labels_of_another_model_are_refused():
    names = LabelMap.from_names(["page", "graph"], first=1)
    with pytest.raises(LabelError, match="class 3, the 2 labels run from 1 to 2"):
        decoded(OUTPUTS, labels=names)
    assert decoded(OUTPUTS, labels=names, threshold=0.8).names == ["page"]


def test_zero_based_classes_are_a_matter_of_the_labels():
    labels = LabelMap.from_names(["a", "b", "c", "d"], first=0)
    assert decoded(OUTPUTS, labels=labels).names == ["b", "d"]


def test_box_masks_are_drawn_into_their_boxes():
    masks = np.zeros((1, 3, 4, 4), np.float32)
    masks[0, 0, :, :2] = 1.0  # the left half of the first box, x 128 to 256, y 48 to 240
    answer = decoded(OUTPUTS | {"masks": masks}, signature(masks=(1, 3, 4, 4)))
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[48:240, 128:256] = True
    assert np.array_equal(answer.masks[1].array, expected)
    assert answer.masks[0].area == 0


def test_masks_of_the_inputs_size_are_the_pictures():
    masks = np.zeros((3, HEIGHT, WIDTH), np.uint8)
    masks[0, 10:20, 30:60] = 1
    answer = decoded(OUTPUTS | {"masks": masks}, signature(masks=(1, 3, None, None)))
    assert np.array_equal(answer.masks[1].array, masks[0] == 1)


def test_picture_masks_follow_a_resized_input():
    model = signature(TensorSpec("image_tensor:0", (1, 240, 320, 3), "uint8"), masks=(1, 3, 240, 320))
    masks = np.zeros((1, 3, 240, 320), np.float32)
    masks[0, 0, 100:200, 50:150] = 1
    answer = decoded(OUTPUTS | {"masks": masks}, model)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[200:400, 100:300] = True
    assert np.array_equal(answer.masks[1].array, expected)


def test_keypoints_come_as_x_y_score():
    points = np.tile(np.array([[0.5, 0.25], [np.nan, 0.1]], np.float32), (1, 3, 1, 1))
    model = signature(keypoints=(1, 3, 2, 2))
    answer = decoded(OUTPUTS | {"keypoints": points}, model)
    assert answer.keypoints[0].tolist() == [[160, 240, 1], [0, 0, 0]]
    scored = signature(keypoints=(1, 3, 2, 2), keypoint_scores=(1, 3, 2))
    answer = decoded(OUTPUTS | {"keypoints": points, "keypoint_scores": np.full((1, 3, 2), 0.5, np.float32)}, scored)
    assert answer.keypoints[0, 0].tolist() == [160, 240, 0.5]


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        (signature(), {"roles": {"image": "image_tensor:0"}}, "no boxes, no scores, no classes"),
        (signature(), {"roles": drafted().roles | {"mask": "detection_boxes:0"}}, "unknown 'mask'"),
        (signature(), {"roles": drafted().roles | {"boxes": "boxes:0"}}, "no boxes:0 for boxes"),
        (signature(boxes=(1, 3, 5)), {}, r"float32 \[1 x 3 x 5\], tf-detection reads \[1 x N x 4\] or \[N x 4\]"),
        (signature(boxes=(2, 3, 4)), {}, r"\[2 x 3 x 4\]"),
        (signature(scores=(1, 90)), {}, "boxes 3, scores 90, classes 3"),
        (signature(masks=(1, 3, 28, 28, 1)), {}, "masks is"),
        (signature(), {"options": {"boxes": "relative"}}, "option boxes is 'relative'"),
        (signature(), {"picture": PictureSpec(encoded=True)}, "encoded bytes"),
        (signature(), {"picture": PictureSpec(dtype="float32")}, "picture has float32"),
        (signature(), {"picture": PictureSpec(layout="nchw")}, "nchw"),
        (signature(TensorSpec("i", (1, 90, 90, 3), "uint8")), {"picture": PictureSpec(size=(90, 80))}, "90 x 80"),
        (signature(TensorSpec("i", (1, None, 90, 3), "uint8")), {}, "one side"),
    ],
)
def test_binding_refuses_what_cannot_work(model, changes, message):
    with pytest.raises(TaskError, match=message):
        TfDetection().bind(drafted(model, **changes), model)


def test_binding_refuses_an_input_for_several_pictures():
    model = signature(TensorSpec("image_tensor:0", (8, None, None, 3), "uint8"))
    with pytest.raises(TaskError, match=r"\[8 x \? x \? x 3\] does not hold a single picture"):
        TfDetection().bind(drafted(), model)


@pytest.mark.parametrize(
    "outputs", [OUTPUTS | {"scores": SCORES[:2]}, OUTPUTS | {"boxes": BOXES[:, :3]}, OUTPUTS | {"boxes": BOXES.ravel()}]
)
def test_outputs_that_come_in_other_shapes_are_refused_in_a_sentence(outputs):
    model = attrs.evolve(signature(), outputs=tuple(attrs.evolve(spec, shape=None) for spec in signature().outputs))
    with pytest.raises(TaskError):
        decoded(outputs, model)
