"""Semantic segmentation by its tensors alone: arrays stand for what a network emits; real ones: test_deeplab.py."""

import attrs
import numpy as np
import pytest
from runner_segmentation.semantic import SemanticSegmentation

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.results.inference import Inference
from runner_core.tasks import ASKED
from runner_core.testing import check_plugin, check_task, conformance

FRAME = Frame.from_array(np.zeros((48, 64, 3), np.uint8))
TASK = SemanticSegmentation()


def signature(
    *outputs: TensorSpec, image: tuple[int | None, ...] = (1, 32, 32, 3), dtype="uint8", **metadata
) -> Signature:
    return Signature((TensorSpec("image", image, dtype),), outputs, metadata)


def scores_of(*shape: int | None, name: str = "scores") -> TensorSpec:
    return TensorSpec(name, shape, "float32")


def map_of(*shape: int | None, dtype: str = "int64", name: str = "map") -> TensorSpec:
    return TensorSpec(name, shape, dtype)


def drafted(model: Signature, **changes: object) -> Card:
    card = TASK.recognise(model)
    assert card is not None
    return attrs.evolve(card, name="parts", **changes)


def map_answer(cells: np.ndarray, **changes: object) -> Inference:
    model = signature(map_of(*cells.shape, dtype=cells.dtype.name))
    card = Card("parts", "semantic-segmentation", roles={"image": "image", "class_map": "map"}, **changes)
    return TASK.bind(card, model).decode({"class_map": cells}, FRAME)


def score_answer(values: np.ndarray, **changes: object) -> Inference:
    model = signature(scores_of(*values.shape))
    card = Card("parts", "semantic-segmentation", roles={"image": "image", "scores": "scores"}, threshold=0.0)
    return TASK.bind(attrs.evolve(card, **changes), model).decode({"scores": values}, FRAME)


def halves(left: int, right: int, dtype: type = np.int64) -> np.ndarray:
    cells = np.full((1, 32, 32), left, dtype)
    cells[:, :, 16:] = right
    return cells


def logits(*classes: np.ndarray) -> np.ndarray:
    """1 x 32 x 32 x C."""
    return np.stack(classes, axis=-1)[None].astype(np.float32)


LEFT = np.where(np.arange(32) < 16, 4.0, -4.0)[None].repeat(32, axis=0)
TWO = logits(LEFT, -LEFT, np.full((32, 32), -6.0))


@conformance(check_plugin)
def test_plugin(check):
    check("runner_segmentation.plugin")


@conformance(check_task)
def test_a_task_on_class_maps(check):
    check(TASK, signature(map_of(1, 32, 32)), {"class_map": halves(0, 3)}, FRAME)


@conformance(check_task)
def test_a_task_on_scores(check):
    check(TASK, signature(scores_of(1, 32, 32, 5)), {"scores": np.concatenate([TWO, TWO[..., :2]], axis=-1)}, FRAME)


class TestRecognising:
    @pytest.mark.parametrize(
        ("image", "output", "role"),
        [
            ((1, 32, 32, 3), map_of(1, 32, 32), "class_map"),
            ((1, 32, 32, 3), map_of(1, 8, 8, dtype="uint8"), "class_map"),
            ((1, 32, 32, 3), map_of(1, 32, 32, 1), "class_map"),
            ((1, 3, 32, 32), map_of(1, 1, 32, 32, dtype="int32"), "class_map"),
            ((1, None, None, 3), map_of(1, None, None), "class_map"),
            ((1, 32, 32, 3), map_of(32, 32), "class_map"),
            ((1, 257, 257, 3), scores_of(1, 257, 257, 21), "scores"),
            ((1, 513, 513, 3), scores_of(1, 65, 65, 21), "scores"),
            ((1, 3, 512, 1024), scores_of(1, 19, 128, 256), "scores"),
            ((None, 3, None, None), scores_of(None, 21, None, None), "scores"),
            ((1, 256, 256, 3), scores_of(1, 256, 256, 6), "scores"),
        ],
        ids=str,
    )  # fmt: skip
    def test_maps_of_the_picture(self, image, output, role):
        card = drafted(signature(output, image=image))
        assert card.roles == {"image": "image", role: output.name}
        assert card.threshold == 0
        TASK.bind(card, signature(output, image=image))

    @pytest.mark.parametrize(
        ("image", "outputs"),
        [
            ((1, 3, 352, 352), [scores_of(1, 85, 22, 22)]),  # FastestDet's head
            ((1, 256, 256, 3), [scores_of(1, 256, 256, 3)]),  # a picture
            ((1, 256, 256, 3), [scores_of(1, 256, 256, 1)]),  # depth, or one foreground
            ((1, 3, 256, 192), [scores_of(1, 17, 64, 48)]),  # heat maps of keypoints
            ((1, 257, 257, 3), [scores_of(1, 9, 9, 17), scores_of(1, 9, 9, 34)]),  # PoseNet
            ((1, 3, 512, 512), [scores_of(1, 80, 128, 128), scores_of(1, 2, 128, 128)]),  # CenterNet
            ((1, 3, 640, 640), [scores_of(1, 116, 8400), scores_of(1, 32, 160, 160)]),  # YOLO-seg
            ((1, 3, 640, 640), [scores_of(1, 255, n, n) for n in (80, 40, 20)]),  # a raw YOLO head
            ((1, 224, 224, 3), [scores_of(1, 1001)]),
            ((1, 224, 224, 3), [scores_of(1, 100, 33, 33)]),
            ((1, 32, 32, 3), [map_of(1, 100)]),
            ((1, 32, 32, 3), [map_of(1, 32, 16)]),
            ((1, 32, 32, 3), [map_of(1, 1)]),
            ((1, None, None, 3), [map_of(None, None)]),
            ((1, 32, 32, 4), [map_of(1, 32, 32)]),
            ((1, 32, 32, 3), []),
        ],
        ids=str,
    )  # fmt: skip
    def test_others_are_passed_over(self, image, outputs):
        assert TASK.recognise(signature(*outputs, image=image, dtype="float32")) is None

    def test_deeplab_by_its_names(self):
        model = Signature(
            (TensorSpec("ImageTensor:0", (1, None, None, 3), "uint8"),),
            (TensorSpec("Other:0", (7,), "float32"), TensorSpec("SemanticPredictions:0", None, "int64")),
        )
        card = drafted(model)
        assert card.picture == PictureSpec(size=(513, 513), resize="fit", resample="antialias")
        assert card.roles["class_map"] == "SemanticPredictions:0"
        TASK.bind(card, model)

    def test_an_auxiliary_head_is_passed_over(self):
        model = signature(scores_of(1, 32, 32, 21, name="out"), scores_of(1, 32, 32, 21, name="aux_out"))
        assert drafted(model).roles["scores"] == "out"

    def test_scores_go_before_the_map_made_of_them(self):
        assert "scores" in drafted(signature(map_of(1, 32, 32), scores_of(1, 32, 32, 21))).roles

    def test_what_ultralytics_says_is_believed(self):
        answer = {"task": "semantic", "names": "{0: 'road', 1: 'sky'}", "imgsz": "[64, 64]"}
        card = drafted(signature(scores_of(1, 2, 64, 64), image=(1, 3, 64, 64), dtype="float32", **answer))
        assert card.labels.names == ("road", "sky")
        assert (card.picture.resize, card.picture.pad[0], card.picture.std[0]) == ("letterbox", 114, 255)
        assert TASK.recognise(signature(map_of(1, 32, 32), task="depth")) is None

    def test_labels_that_lie_are_left_out(self):
        card = drafted(signature(scores_of(1, 32, 32, 21), names="{0: 'a', 90: 'b'}"))
        assert not card.labels
        assert any("left out" in note for note in card.notes)

    @pytest.mark.parametrize(
        ("image", "guess"), [((1, 32, 32, 3), "stretched"), ((1, 513, 513, 3), "padded"), ((1, 3, 32, 32), "RGB")]
    )
    def test_no_guess_is_silent(self, image, guess):
        side = max(side or 0 for side in image)
        guesses = drafted(signature(map_of(1, side, side), image=image, dtype="float32")).guesses
        assert any(guess in each.text for each in guesses)


class TestForeground:
    def test_one_plane_that_ends_in_a_sigmoid_is_read_where_it_is_asked_for(self):
        plane = scores_of(1, 1, 32, 32)
        model = signature(plane, image=(1, 3, 32, 32), dtype="float32")
        ended = attrs.evolve(model, ends={plane.name: "sigmoid"})
        assert TASK.recognise(ended) is None  # it is a matte
        asked = {ASKED: "semantic-segmentation"}
        assert TASK.recognise(attrs.evolve(ended, metadata=asked)).roles["scores"] == plane.name
        assert TASK.recognise(attrs.evolve(model, metadata=asked, ends={plane.name: "linear"})) is None


class TestClassMaps:
    def test_give_a_row_a_class(self):
        answer = map_answer(halves(2, 5))
        assert answer.class_map.shape == (48, 64)
        assert sorted(answer.model_ids.tolist()) == [2, 5]
        left = answer.model_ids.tolist().index(2)
        assert answer.boxes[left].tolist() == [0, 0, 32, 48]
        assert answer.masks[left].area == 32 * 48
        assert np.array_equal(answer.masks[left].array, answer.class_map == 2)
        assert answer.scores is None

    def test_give_the_largest_first(self):
        cells = halves(2, 5)
        cells[:, :, 10:] = 5
        assert map_answer(cells).model_ids.tolist() == [5, 2]

    def test_no_threshold_applies(self):
        assert len(map_answer(halves(2, 5), threshold=1.0)) == 2

    def test_undo_the_letterbox(self):
        cells = np.zeros((1, 32, 32), np.uint8)  # 64 x 48 becomes 32 x 24, four rows lower
        cells[:, 4:28] = 1
        cells[:, 4:16, :16] = 2
        spec = PictureSpec(size=(32, 32), resize="letterbox")
        answer = map_answer(cells, picture=spec)
        assert set(np.unique(answer.class_map)) == {1, 2}
        assert answer.boxes[1].tolist() == [0, 0, 32, 24]

    def test_come_with_axes_of_one(self):
        plain = map_answer(halves(2, 5)).class_map
        assert np.array_equal(map_answer(halves(2, 5)[..., None]).class_map, plain)
        assert np.array_equal(map_answer(halves(2, 5)[0]).class_map, plain)

    def test_may_be_floats_or_large(self):
        assert map_answer(halves(2, 700, np.float32)).class_map.max() == 700

    @pytest.mark.parametrize("odd", [np.float32("nan"), -1, 1 << 20])
    def test_of_no_class_numbers_are_refused(self, odd):
        cells = halves(0, 1, np.float32)
        cells[0, 3, 3] = odd
        with pytest.raises(TaskError, match="not class numbers"):
            map_answer(cells)

    def test_of_a_class_outside_the_labels_are_refused(self):
        with pytest.raises(LabelError, match="class 5"):
            map_answer(halves(1, 5), labels=LabelMap.from_names(["background", "cat", "dog"]))


class TestBackground:
    def test_is_class_0_without_labels(self):
        assert map_answer(halves(0, 5)).model_ids.tolist() == [5]

    def test_is_class_0_where_labels_start_at_1(self):
        answer = map_answer(halves(0, 1), labels=LabelMap.from_names(["cat"], first=1))
        assert answer.names == ["cat"]

    def test_is_what_the_labels_call_so(self):
        answer = map_answer(halves(0, 1), labels=LabelMap.from_names(["cat", "background"]))
        assert answer.names == ["cat"]

    def test_is_nothing_where_class_0_has_another_name(self):
        answer = map_answer(halves(0, 1), labels=LabelMap.from_names(["road", "sky"]))
        assert sorted(answer.names) == ["road", "sky"]

    def test_is_what_the_card_says(self):
        assert map_answer(halves(0, 1), options={"background": [1]}).model_ids.tolist() == [0]


class TestTheIgnoreIndex:
    """255 in a class map."""

    VOC = LabelMap.from_names(["background", *(f"thing {number}" for number in range(1, 21))])

    @pytest.mark.parametrize("labels", [VOC, LabelMap()])
    def test_is_no_class_and_is_told(self, labels, caplog):
        caplog.set_level("INFO", "runner")
        answer = map_answer(halves(3, 255), labels=labels)
        assert answer.model_ids.tolist() == [3]
        assert [label.name for label in answer.found if label.model_id == 255] == ["unlabelled"]
        assert "class 255, which no label has, is taken for the ignore index" in caplog.text
        assert Inference.from_json(answer.to_json()) == answer

    def test_is_a_class_where_a_label_says_so(self):
        many = LabelMap.from_names([f"thing {number}" for number in range(300)])
        assert sorted(map_answer(halves(3, 255), labels=many).names) == ["thing 255", "thing 3"]

    def test_is_what_the_card_says(self):
        with pytest.raises(LabelError, match="class 255"):
            map_answer(halves(3, 255), labels=self.VOC, options={"background": [0]})

    def test_hides_no_other_class_outside_the_labels(self):
        with pytest.raises(LabelError, match="class 254"):
            map_answer(halves(254, 255), labels=self.VOC)


class TestScores:
    def test_give_the_mean_probability_over_the_pixels(self):
        answer = score_answer(TWO, options={"background": []})
        certain = np.exp(4) / (np.exp(4) + np.exp(-4) + np.exp(-6))
        assert np.allclose(answer.scores, certain, atol=1e-5)
        assert sorted(answer.model_ids.tolist()) == [0, 1]

    def test_come_in_either_layout(self):
        plain = score_answer(TWO)
        assert score_answer(TWO.transpose(0, 3, 1, 2).copy()) == plain

    def test_may_be_probabilities(self):
        powers = np.exp(TWO)
        assert np.allclose(score_answer(powers / powers.sum(-1, keepdims=True)).scores, score_answer(TWO).scores)

    def test_may_be_sigmoids(self):
        answer = score_answer(TWO, options={"activation": "sigmoid", "background": []})
        assert np.allclose(answer.scores, 1 / (1 + np.exp(-4)), atol=1e-5)

    def test_one_plane_is_the_foreground(self):
        answer = score_answer(TWO[..., :1])
        assert answer.model_ids.tolist() == [1]
        assert answer.boxes[0].tolist() == [0, 0, 32, 48]
        assert answer.scores[0] == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-5)
        soft = score_answer(1 / (1 + np.exp(-TWO[..., :1])))
        assert soft.masks == answer.masks
        assert np.allclose(soft.scores, answer.scores)

    def test_best_first_and_none_under_the_threshold(self):
        mixed = logits(np.full((32, 32), -9.0), LEFT, -LEFT / 4)
        answer = score_answer(mixed)
        assert answer.model_ids.tolist() == [1, 2]
        assert answer.scores[0] > answer.scores[1]
        between = float(answer.scores.mean())
        assert score_answer(mixed, threshold=between).model_ids.tolist() == [1]
        assert set(np.unique(score_answer(mixed, threshold=between).class_map)) == {1, 2}

    def test_the_letterbox_counts_for_nothing(self):
        padded = TWO.copy()
        padded[:, :4], padded[:, 28:] = [[-9, -9, 9]], [[-9, -9, 9]]
        answer = score_answer(
            padded, picture=PictureSpec(size=(32, 32), resize="letterbox"), options={"background": []}
        )
        assert (answer.class_map[4:-4] < 2).all()

    def test_that_are_no_numbers_do_no_harm(self):
        broken = TWO.copy()
        broken[0, 3, 3] = np.nan
        score_answer(broken)

    def test_of_unknown_layout_ask_for_it(self):
        model = signature(TensorSpec("scores", None, "float32"))
        card = Card("parts", "semantic-segmentation", roles={"image": "image", "scores": "scores"})
        with pytest.raises(TaskError, match="option layout"):
            TASK.bind(card, model)

    def test_labels_of_another_number_of_classes_are_refused_at_once(self):
        with pytest.raises(LabelError, match="labels"):
            score_answer(TWO, labels=LabelMap.from_names("abcd"))


def test_a_crop_is_refused():
    with pytest.raises(TaskError, match="crop"):
        map_answer(halves(0, 1), picture=PictureSpec(size=(32, 32), resize="crop"))


def test_a_class_map_of_another_shape_is_refused():
    with pytest.raises(TaskError, match="class_map"):
        map_answer(np.zeros((1, 100, 4), np.int64))
