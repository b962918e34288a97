"""YOLO's keypoints against their definition spelled out; random numbers stand for a network's."""

import attrs
import numpy as np
import pytest
from runner_keypoints.yolo_pose import YoloPose

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import place_picture
from runner_core.results.inference import Inference
from runner_core.testing import check_task, conformance

SIDE, COUNT = 64, 17
ROWS = 8 * 8 + 4 * 4 + 2 * 2
FRAME = Frame.from_array(np.zeros((50, 90, 3), np.uint8))
TASK = YoloPose()


def header(numbers: int = 3, count: int = COUNT, **more: str) -> dict[str, str]:
    return {"task": "pose", "names": "{0: 'person'}", "imgsz": "[64, 64]", "kpt_shape": f"[{count}, {numbers}]", **more}


def table_of(form: str = "v8", numbers: int = 3, seed: int = 1) -> np.ndarray:
    """1 x numbers x N (v8) or 1 x N x numbers (end2end)."""
    rng = np.random.default_rng(seed)
    count = ROWS if form == "v8" else 30
    middle, size = rng.uniform(15, SIDE - 15, (count, 2)), rng.uniform(6, 40, (count, 2))
    points = rng.uniform(0, SIDE, (count, COUNT, numbers))
    points[..., 2:] = rng.uniform(0, 1, (count, COUNT, numbers - 2))
    scores = rng.uniform(0, 1, (count, 1)) ** 2
    if form == "v8":
        parts = [middle, size, scores, points.reshape(count, -1)]
        return np.concatenate(parts, axis=1)[None].astype(np.float32).transpose(0, 2, 1).copy()
    parts = [middle - size / 2, middle + size / 2, scores, np.zeros((count, 1)), points.reshape(count, -1)]
    return np.concatenate(parts, axis=1)[None].astype(np.float32)


def signature(shape: tuple[int | None, ...], *, channels_first: bool = True, **metadata: str) -> Signature:
    image = (1, 3, SIDE, SIDE) if channels_first else (1, SIDE, SIDE, 3)
    return Signature((TensorSpec("images", image, "float32"),), (TensorSpec("output0", shape, "float32"),), metadata)


def drafted(model: Signature, **changes: object) -> Card:
    card = TASK.recognise(model)
    assert card is not None
    return attrs.evolve(card, name="people", **changes)


def answer(table: np.ndarray, model: Signature | None = None, **changes: object) -> Inference:
    model = model or signature(table.shape, **header())
    return TASK.bind(drafted(model, **changes), model).decode({"rows": table}, FRAME)


def reference(table: np.ndarray, form: str = "v8", numbers: int = 3) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """(score, box, K x 3 keypoints), best first, a row at a time."""
    placement = place_picture(FRAME.size, PictureSpec(size=(SIDE, SIDE), resize="letterbox"))
    offset, scale = np.array(placement.offset), np.array(placement.scale)
    found = []
    for row in (table[0].T if form == "v8" else table[0]).astype(np.float64):
        centred = np.array([*(row[:2] - row[2:4] / 2), *(row[:2] + row[2:4] / 2)])
        box, first = (centred, 5) if form == "v8" else (row[:4], 6)
        given = row[first:].reshape(COUNT, numbers)
        points = np.ones((COUNT, 3))
        points[:, :numbers] = given
        points[:, :2] = (points[:, :2] - offset) / scale
        if row[4] >= 0.25:
            found.append((row[4], box, points))
    found.sort(key=lambda one: -one[0])
    kept: list[tuple[float, np.ndarray, np.ndarray]] = []
    for score, box, points in found:
        if form != "v8" or all(overlap(box, other) <= 0.7 for _, other, _ in kept):
            kept.append((score, box, points))
    clipped = [(s, ((b - np.tile(offset, 2)) / np.tile(scale, 2)).clip(0, (90, 50, 90, 50)), p) for s, b, p in kept]
    return [one for one in clipped if (one[1][2:] > one[1][:2]).all()]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    common = np.prod((high - low).clip(0))
    return common / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - common)


def assert_same(result: Inference, wanted: list[tuple[float, np.ndarray, np.ndarray]]) -> None:
    assert len(result) == len(wanted) > 3
    assert np.allclose(result.scores, [score for score, _, _ in wanted], atol=1e-5)
    assert np.allclose(result.boxes, [box for _, box, _ in wanted], atol=1e-3)
    assert np.allclose(result.keypoints, [points for _, _, points in wanted], atol=1e-3)
    assert set(result.names) == {"person"}


@conformance(check_task)
def test_task(check):
    check(TASK, signature((1, 56, ROWS), **header()), {"rows": table_of()}, FRAME)


@pytest.mark.parametrize("form", ["v8", "end2end"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_answer_is_that_of_the_definition(form, seed):
    table = table_of(form, seed=seed)
    assert_same(answer(table), reference(table, form))


def test_keypoints_without_scores_get_1():
    table = table_of(numbers=2)
    result = answer(table, signature(table.shape, **header(numbers=2)))
    assert_same(result, reference(table, numbers=2))
    assert (result.keypoints[..., 2] == 1).all()


def test_normalised_as_tensorflow_exports_have_them():
    table = table_of()
    scaled = table.copy()
    scaled[:, :4] /= SIDE
    scaled[:, 5::3] /= SIDE
    scaled[:, 6::3] /= SIDE
    model = signature(table.shape, channels_first=False, **header())
    assert_same(answer(scaled, model), reference(table))


def test_other_things_than_people_have_keypoints_too():
    shape = (1, 4 + 2 + 4 * 3, ROWS)
    card = drafted(signature(shape, **header(count=4, names="{0: 'cat', 1: 'dog'}")))
    assert card.labels.names == ("cat", "dog")
    assert card.options["kpt_shape"] == [4, 3]
    assert "keypoint_names" not in card.options


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"task": "pose"},
        header(task="detect"),
        header(kpt_shape="17"),
        header(kpt_shape="[17, 4]"),
        header(count=20),
    ],
)
def test_without_the_metadata_it_is_passed_over(result):
    """56 numbers a row could as well be the scores of 52 classes."""
    assert TASK.recognise(signature((1, 56, ROWS), **result)) is None


def test_a_card_can_say_what_the_metadata_do_not():
    table = table_of()
    model = signature(table.shape)
    card = Card(
        "people", "yolo-pose", roles={"image": "images", "rows": "output0"}, options={"kpt_shape": [17, 3]},
        threshold=0.25, iou=0.7, labels=LabelMap.from_names(["person"]),
    )  # fmt: skip
    assert_same(TASK.bind(card, model).decode({"rows": table}, FRAME), reference(table))


def test_labels_of_another_number_of_classes_are_refused_at_once():
    with pytest.raises(LabelError, match="labels"):
        answer(table_of(), labels=LabelMap.from_names(["person", "dog"]))


@pytest.mark.parametrize("options", [{}, {"kpt_shape": [17]}, {"kpt_shape": [21, 3]}])
def test_a_card_without_the_right_keypoints_is_refused(options):
    with pytest.raises(TaskError, match="kpt_shape"):
        answer(table_of(), options=options)
