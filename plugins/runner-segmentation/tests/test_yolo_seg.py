"""YOLO's instance segmentation against its definition spelled out; random numbers stand for a network's."""

import attrs
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from runner_segmentation.yolo_seg import YoloSeg

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import place_picture
from runner_core.project import open_brain
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.testing import check_task, conformance

SIDE, CLASSES, PROTOTYPES, CELLS = 64, 3, 4, 16
ROWS = 8 * 8 + 4 * 4 + 2 * 2
FRAME = Frame.from_array(np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8))
HEADER = {"task": "segment", "names": "{0: 'a', 1: 'b', 2: 'c'}", "imgsz": f"[{SIDE}, {SIDE}]", "stride": "32"}
TASK = YoloSeg()


def outputs_of(form: str = "v8", seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A table as its form has it (v8: 1 x numbers x N, the others 1 x N x numbers) and 1 x K x h x w prototypes."""
    rng = np.random.default_rng(seed)
    count = {"v8": ROWS, "v5": 3 * ROWS, "end2end": 30}[form]
    middle, size = rng.uniform(5, SIDE - 5, (count, 2)), rng.uniform(6, 40, (count, 2))
    coefficients = rng.normal(size=(count, PROTOTYPES))
    scores = rng.uniform(0, 1, (count, CLASSES)) ** 4
    prototypes = rng.normal(size=(1, PROTOTYPES, CELLS, CELLS)).astype(np.float32)
    if form == "end2end":
        parts = [
            middle - size / 2,
            middle + size / 2,
            rng.uniform(0, 1, (count, 1)),
            rng.integers(0, CLASSES, (count, 1)),
        ]
        return np.concatenate([*parts, coefficients], axis=1)[None].astype(np.float32), prototypes
    objectness = [rng.uniform(0, 1, (count, 1))] if form == "v5" else []
    table = np.concatenate([middle, size, *objectness, scores, coefficients], axis=1)[None].astype(np.float32)
    return (table if form == "v5" else table.transpose(0, 2, 1).copy()), prototypes


def signature(table: np.ndarray, prototypes: np.ndarray, *, channels_first: bool = True, **metadata: str) -> Signature:
    shape = (1, 3, SIDE, SIDE) if channels_first else (1, SIDE, SIDE, 3)
    return Signature(
        (TensorSpec("images", shape, "float32"),),
        (TensorSpec("output0", table.shape, "float32"), TensorSpec("output1", prototypes.shape, "float32")),
        metadata,
    )


def drafted(model: Signature, **changes: object) -> Card:
    card = TASK.recognise(model)
    assert card is not None
    return attrs.evolve(card, name="things", **changes)


def answer(table: np.ndarray, prototypes: np.ndarray, model: Signature | None = None, **changes: object) -> Inference:
    model = model or signature(table, prototypes, **HEADER)
    codec = TASK.bind(drafted(model, **changes), model)
    return codec.decode({"rows": table, "prototypes": prototypes}, FRAME)


def reference(table: np.ndarray, prototypes: np.ndarray, form: str, threshold: float, iou: float) -> list[dict]:
    """The answer by the definition, a row at a time and a pixel at a time."""
    placement = place_picture(FRAME.size, PictureSpec(size=(SIDE, SIDE), resize="letterbox"))
    rows = table[0].T if form == "v8" else table[0]
    found = []
    for row in rows.astype(np.float64):
        if form == "end2end":
            box, score, number, numbers = row[:4], row[4], int(row[5]), row[6:]
        else:
            first = 5 if form == "v5" else 4
            of_classes = row[first : first + CLASSES] * (row[4] if form == "v5" else 1)
            number, score = int(of_classes.argmax()), of_classes.max()
            box = np.array([*(row[:2] - row[2:4] / 2), *(row[:2] + row[2:4] / 2)])
            numbers = row[first + CLASSES :]
        if score >= threshold:
            found.append({"box": box, "score": score, "class": number, "numbers": numbers})
    found.sort(key=lambda one: -one["score"])
    if form != "end2end":
        found = suppressed(found, iou)
    planes = [resized(plane, placement) for plane in prototypes[0]]
    for one in found:
        one["logits"] = sum(number * plane for number, plane in zip(one["numbers"], planes, strict=True))
        one["box"] = (one["box"] - np.tile(placement.offset, 2)) / np.tile(placement.scale, 2)
        one["box"] = one["box"].clip(0, (*FRAME.size, *FRAME.size))
    return [one for one in found if (one["box"][2:] > one["box"][:2]).all()]  # the rest lie in the padding


def suppressed(found: list[dict], iou: float) -> list[dict]:
    kept: list[dict] = []
    for one in found:
        if all(one["class"] != other["class"] or overlap(one["box"], other["box"]) <= iou for other in kept):
            kept.append(one)
    return kept


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    common = np.prod((high - low).clip(0))
    return common / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - common)


def resized(plane: np.ndarray, placement) -> np.ndarray:
    width, height = placement.picture
    found = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            u, v = (
                min(max(((pixel + 0.5) * scale + offset) * CELLS / SIDE - 0.5, 0), CELLS - 1)
                for pixel, scale, offset in zip((x, y), placement.scale, placement.offset, strict=True)
            )
            a, b = int(u), int(v)
            c, d = min(a + 1, CELLS - 1), min(b + 1, CELLS - 1)
            top = plane[b, a] * (1 - u + a) + plane[b, c] * (u - a)
            found[y, x] = top * (1 - v + b) + (plane[d, a] * (1 - u + a) + plane[d, c] * (u - a)) * (v - b)
    return found


def assert_same(result: Inference, wanted: list[dict]) -> None:
    assert len(result) == len(wanted) > 3
    assert result.model_ids.tolist() == [one["class"] for one in wanted]
    assert np.allclose(result.scores, [one["score"] for one in wanted], atol=1e-5)
    assert np.allclose(result.boxes, [one["box"] for one in wanted], atol=1e-3)
    height, width = FRAME.size[::-1]
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    for mask, one in zip(result.masks, wanted, strict=True):
        x1, y1, x2, y2 = one["box"]
        inside = (x >= x1) & (x < x2) & (y >= y1) & (y < y2)
        sure = np.abs(one["logits"]) > 1e-4
        assert np.array_equal(mask.array[sure], (inside & (one["logits"] > 0))[sure])


@conformance(check_task)
def test_task(check):
    table, prototypes = outputs_of()
    check(TASK, signature(table, prototypes, **HEADER), {"rows": table, "prototypes": prototypes}, FRAME)


@pytest.mark.parametrize("form", ["v8", "v5", "end2end"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_answer_is_that_of_the_definition(form, seed):
    table, prototypes = outputs_of(form, seed)
    assert_same(answer(table, prototypes), reference(table, prototypes, form, 0.25, 0.7))


def test_a_low_iou_and_a_high_threshold_leave_fewer():
    table, prototypes = outputs_of()
    result = answer(table, prototypes, iou=0.1, threshold=0.4)
    assert_same(result, reference(table, prototypes, "v8", 0.4, 0.1))
    assert len(result) < len(answer(table, prototypes))


def test_channels_last_and_normalised_boxes_as_tensorflow_exports_have_them():
    table, prototypes = outputs_of()
    scaled, last = table.copy(), prototypes.transpose(0, 2, 3, 1).copy()
    scaled[:, :4] /= SIDE
    model = signature(scaled, last, channels_first=False, **HEADER)
    assert_same(answer(scaled, last, model), reference(table, prototypes, "v8", 0.25, 0.7))


def test_the_card_may_say_how_boxes_come():
    table, prototypes = outputs_of()
    result = answer(table / 100, prototypes, options={"boxes": "absolute"}, threshold=0.001)
    assert result.boxes.size == 0 or result.boxes.max() < 3


def test_rows_of_v8_may_be_turned():
    table, prototypes = outputs_of()
    turned = table.transpose(0, 2, 1).copy()
    assert answer(turned, prototypes) == answer(table, prototypes)


class TestRecognising:
    @pytest.mark.parametrize("form", ["v8", "v5", "end2end"])
    def test_the_form_by_the_number_of_rows(self, form):
        card = drafted(signature(*outputs_of(form)))
        assert card.options["form"] == form
        assert [guess.about for guess in card.guesses] == ["kind"]
        assert not drafted(signature(*outputs_of(form), **HEADER)).guesses

    @pytest.mark.parametrize(
        ("rows", "prototypes", "form"),
        [
            ((1, 116, None), (1, 32, None, None), "v8"),
            ((1, None, 117), (1, 32, None, None), "v5"),
            ((None, 116, 8400), (None, 160, 160, 32), "v8"),
            ((1, 25200, 117), (1, 32, 160, 160), "v5"),
            ((1, 300, 38), (1, 32, 160, 160), "end2end"),
        ],
    )
    def test_the_usual_shapes(self, rows, prototypes, form):
        last = prototypes[-1] == 32
        image = (1, 640, 640, 3) if last else (1, 3, None, None) if prototypes[2] is None else (1, 3, 640, 640)
        result = {"names": str([f"c{n}" for n in range(80)])}
        specs = TensorSpec("output0", rows, "float32"), TensorSpec("output1", prototypes, "float32")
        card = drafted(Signature((TensorSpec("images", image, "float32"),), specs[::-1] if last else specs, result))
        assert card.options["form"] == form
        assert card.roles["prototypes"] == "output1"
        assert len(card.labels) == 80

    @pytest.mark.parametrize(
        "shapes",
        [[(1, 84, 8400)], [(1, 116, 8400)], [(1, 116, 8400), (1, 116, 8400)], [(1, 36, 8400), (1, 32, 160, 160)],
         [(1, 116, 4000), (1, 32, 160, 160)], [(1, 116, 8400), (1, 32, 20, 40)],
         [(1, 100, 4), (1, 100, 33, 33)], [(1, 116, 8400), (1, 32, 160, 160), (1, 4)]],
    )  # fmt: skip
    def test_others_are_passed_over(self, shapes):
        specs = tuple(TensorSpec(f"o{place}", shape, "float32") for place, shape in enumerate(shapes))
        assert TASK.recognise(Signature((TensorSpec("i", (1, 3, 640, 640), "float32"),), specs)) is None

    def test_another_task_is_passed_over(self):
        assert TASK.recognise(signature(*outputs_of(), task="pose")) is None

    def test_names_that_lie_are_left_out(self):
        card = drafted(signature(*outputs_of(), names="{0: 'a', 1: 'b'}"))
        assert not card.labels
        assert any("left out" in note for note in card.notes)


def test_labels_of_another_number_of_classes_are_refused_at_once():
    table, prototypes = outputs_of()
    with pytest.raises(LabelError, match="labels"):
        answer(table, prototypes, labels=LabelMap.from_names("abcd"))


def test_what_is_not_a_table_is_refused():
    table, prototypes = outputs_of()
    model = signature(table, prototypes, **HEADER)
    card = drafted(model)
    with pytest.raises(TaskError, match="not rows and prototypes"):
        TASK.bind(attrs.evolve(card, roles={**card.roles, "rows": "output1"}), model)
    codec = TASK.bind(card, model)
    with pytest.raises(TaskError, match="rows came as"):
        codec.decode({"rows": table[:, :-1], "prototypes": prototypes}, FRAME)


def test_numbers_that_are_none_do_no_harm():
    table, prototypes = outputs_of()
    table[0, :4, ::3], table[0, 5, 1::3] = np.nan, np.inf
    result = answer(table, prototypes)
    assert np.isfinite(result.boxes).all()


def test_a_mask_is_drawn_when_it_is_asked_for():
    result = answer(*outputs_of())
    assert all("array" not in vars(mask) for mask in result.masks)
    assert result.masks[0] == Mask(rle=result.masks[0].rle)


def test_an_export_is_recognised_and_run_without_a_card(tmp_path):
    """A real ONNX file with Ultralytics' header; its network is a constant that the picture does not move."""
    table, prototypes = outputs_of()
    path = tmp_path / "things.onnx"
    onnx.save(constant_network({"output0": table, "output1": prototypes}, HEADER), path)
    with open_brain(path) as brain:
        assert (brain.family, brain.task) == ("yolo-seg", "instance-segmentation")
        result = brain.predict(FRAME)
    assert result.names[0] in "abc"
    assert_same(result, reference(table, prototypes, "v8", 0.25, 0.7))


def constant_network(outputs: dict[str, np.ndarray], metadata: dict[str, str]) -> onnx.ModelProto:
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["most"], keepdims=0),
        helper.make_node("Mul", ["most", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"{name}.constant", "nothing"], [name]) for name in outputs),
    ]
    constants = {f"{name}.constant": value for name, value in outputs.items()} | {"zero": np.float32(0)}
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, metadata)
    return model
