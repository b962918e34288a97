"""Classification by its tensors alone. Arrays stand for what a network emits; real ones are in test_mobilenet.py."""

import attrs
import numpy as np
import pytest
from runner_classification.classification import Classification
from runner_classification.probabilities import to_probabilities

from runner_core.cards.card import Card
from runner_core.cards.labels import LabelMap
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import LabelError, TaskError
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference
from runner_core.testing import check_plugin, check_task, conformance

FRAME = Frame.from_array(np.zeros((48, 64, 3), np.uint8))
LOGITS = np.array([[0.5, 3.0, -2.0, 1.0, 2.0]], np.float32)


def signature(
    *outputs: tuple[int | None, ...],
    image: tuple[int | None, ...] | None = (1, 224, 224, 3),
    dtype: str = "uint8",
    **metadata: str,
) -> Signature:
    specs = tuple(TensorSpec(f"out{place}", shape, "float32") for place, shape in enumerate(outputs or [(1, 5)]))
    return Signature((TensorSpec("image", image, dtype),), specs, metadata)


def drafted(model: Signature, **changes: object) -> Card:
    card = Classification().recognise(model)
    assert card is not None
    return attrs.evolve(card, name="classes", **changes)


def answer(values: np.ndarray, model: Signature | None = None, **changes: object) -> Inference:
    model = model or signature(values.shape)
    return Classification().bind(drafted(model, **changes), model).decode({"scores": values}, FRAME)


@conformance(check_plugin)
def test_plugin(check):
    check("runner_classification.plugin")


@conformance(check_task)
def test_task(check):
    check(Classification(), signature(), {"scores": LOGITS}, FRAME)


@pytest.mark.parametrize("shape", [(1, 5), (None, 5), (1, 1, 1, 5), (1, 5, 1, 1)])
def test_one_number_a_class_is_recognised(shape):
    card = drafted(signature(shape))
    assert card.roles == {"image": "image", "scores": "out0"}
    assert any("embedding" in guess.text for guess in card.guesses)
    assert answer(LOGITS.reshape([side or 1 for side in shape]), signature(shape)).model_ids[0] == 1


@pytest.mark.parametrize(
    "outputs",
    [[(1, None)], [(5,)], [(2, 5)], [(1, 1, 17, 3)], [(1, 84, 8400)], [(1, 85, 22, 22)], [(1, 6, 56)],
     [(1, 512, 512)], [(1, 5), (1, 5)], [(1, 100, 4), (1, 100)]],
)  # fmt: skip
def test_other_outputs_are_not(outputs):
    assert Classification().recognise(signature(*outputs)) is None


@pytest.mark.parametrize("image", [(1, 224), (1, 224, 224, 4), (2, 224, 224, 3), None])
def test_other_inputs_are_not(image):
    assert Classification().recognise(signature(image=image)) is None


@pytest.mark.parametrize(
    ("image", "found", "mean", "std"),
    [
        ((1, 224, 224, 3), {}, 127.5, 127.5),
        ((1, 3, 224, 224), {}, 123.675, 58.395),
        ((1, 224, 224, 3), {"mean": "0", "std": "255"}, 0, 255),
        ((1, 3, 224, 224), {"mean": "104,117,123", "std": "1,1,1"}, 104, 1),
        ((1, 224, 224, 3), {"quantization:image": "0.00784313725,-1"}, 127.5, 127.5),
        ((1, 224, 224, 3), {"quantization:image": "0.003921568,-128"}, 0, 255),
        ((1, 224, 224, 3), {"quantization:image": "1.0,-128"}, 0, 1),
        ((1, 3, 224, 224), {"task": "classify"}, 0, 255),
    ],
)
def test_float_values_are_known_or_a_noted_guess(image, found, mean, std):
    card = drafted(signature(image=image, dtype="float32", **found))
    assert (card.picture.mean[0], card.picture.std[0]) == (mean, std)
    assert ("range" in {guess.about for guess in card.guesses}) == (not found)


def test_whole_numbers_are_pixels():
    card = drafted(signature(dtype="uint8"))
    assert card.picture.std == (1.0, 1.0, 1.0)
    assert "range" not in {guess.about for guess in card.guesses}


def test_a_free_size_is_guessed_aloud():
    card = drafted(signature(image=(None, None, None, 3)))
    assert card.picture.size == (224, 224)
    assert "size" in {guess.about for guess in card.guesses}


def test_logits_become_probabilities_best_first():
    found = answer(LOGITS)
    powers = np.exp(LOGITS[0].astype(np.float64))
    assert found.model_ids.tolist() == [1, 4, 3, 0, 2]
    assert np.allclose(found.scores, sorted(powers / powers.sum(), reverse=True), atol=1e-6)
    assert found.boxes is None


def test_probabilities_stay_as_they_are():
    several = np.array([[0.9, 0.8, 0.1]], np.float32)  # several labels at once: they do not sum to one
    assert np.allclose(answer(several).scores, [0.9, 0.8, 0.1])
    rounded = np.array([[-0.0005, 1.0005, 0.0]], np.float32)  # by a quantised network
    assert to_probabilities(rounded[0], None).tolist() == [0.0, 1.0, 0.0]
    assert answer(rounded).scores.tolist() == [1.0], "what scores nothing is not found"


@pytest.mark.parametrize(
    ("activation", "wanted"),
    [("none", [0.0, 1.0]), ("sigmoid", [0.2689414, 0.9525741]), ("softmax", [0.0179862, 0.9820138])],
)
def test_the_card_says_what_is_to_be_applied(activation, wanted):
    values = np.array([-1.0, 3.0], np.float32)
    assert np.allclose(to_probabilities(values, activation), wanted, atol=1e-6)
    found = answer(values[None], options={"activation": activation})
    assert np.allclose(sorted(found.scores), [score for score in wanted if score], atol=1e-6)


def test_numbers_beyond_all_measure_are_no_classes():
    assert answer(np.array([[np.nan, 1.0, 2.0]], np.float32)).model_ids.tolist() == [2, 1]
    assert len(answer(np.array([[np.inf, 1.0, 2.0]], np.float32))) <= 2
    assert answer(np.array([[1e30, -1e30, 0.0]], np.float32)).scores[0] == 1.0


def test_top_k_and_threshold_cut():
    assert len(answer(np.arange(100, dtype=np.float32)[None])) == 5
    assert answer(LOGITS, options={"top_k": 2}).model_ids.tolist() == [1, 4]
    assert answer(LOGITS, threshold=0.2).model_ids.tolist() == [1, 4]


@pytest.mark.parametrize("top_k", [0, -1, 2.5, "3", True])
def test_a_nonsensical_top_k_is_refused(top_k):
    with pytest.raises(TaskError, match="top_k"):
        answer(LOGITS, options={"top_k": top_k})


def test_equal_scores_keep_the_order_of_the_classes():
    assert answer(np.full((1, 4), 0.25, np.float32)).model_ids.tolist() == [0, 1, 2, 3]


class TestBackground:
    scores = np.array([[0.7, 0.2, 0.1]], np.float32)

    def test_is_the_class_that_the_labels_call_so(self):
        found = answer(self.scores, labels=LabelMap.from_names(["Background", "cat", "dog"]))
        assert found.names == ["cat", "dog"]

    def test_is_what_the_card_says(self):
        assert answer(self.scores, options={"background": [0, 2]}).model_ids.tolist() == [1]

    def test_is_nothing_where_nobody_says(self):
        assert answer(self.scores).model_ids.tolist() == [0, 1, 2]

    def test_is_the_first_of_1001(self):
        scores = np.zeros((1, 1001), np.float32)
        scores[0, [0, 7]] = 0.6, 0.4
        card = drafted(signature((1, 1001)))
        assert card.first_class == 1
        assert any("1001" in note for note in card.notes)
        assert answer(scores).model_ids[0] == 7

    def test_is_not_the_first_of_1001_where_it_has_another_name(self):
        scores = np.zeros((1, 1001), np.float32)
        scores[0, 0] = 1.0
        assert answer(scores, labels=LabelMap.from_names(f"c{n}" for n in range(1001))).names[0] == "c0"

    @pytest.mark.parametrize("found", [-1, "0", 1.5, [0, "x"], 3])
    def test_that_is_not_a_class_is_refused(self, found):
        with pytest.raises(TaskError, match="background"):
            answer(self.scores, options={"background": found})


class TestLabels:
    def test_of_another_number_of_classes_are_refused_at_once(self):
        model = signature((1, 1000))
        for names in (999, 1001):
            with pytest.raises(LabelError, match="labels"):
                Classification().bind(drafted(model, labels=LabelMap.from_names(f"c{n}" for n in range(names))), model)

    def test_a_thousand_names_fit_1001_classes_from_1(self):
        model = signature((1, 1001))
        names = [f"c{n}" for n in range(1000)]
        Classification().bind(drafted(model, labels=LabelMap.from_names(names, first=1)), model)
        with pytest.raises(LabelError, match="labels"):
            Classification().bind(drafted(model, labels=LabelMap.from_names(names)), model)

    def test_come_from_the_metadata(self):
        assert drafted(signature(names="{0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e'}")).labels.names == tuple("abcde")
        assert drafted(signature(labels="a\nb\nc\nd\ne\n")).labels.names == tuple("abcde")

    @pytest.mark.parametrize("names", ["{0: 'a'}", "['a']", "__import__('os')", "{", "{'a': 0}", "7"])
    def test_in_metadata_that_lie_are_left_out(self, names):
        card = drafted(signature(names=names))
        assert not card.labels
        Classification().bind(card, signature())


def test_an_output_of_another_length_is_refused():
    codec = Classification().bind(drafted(signature()), signature())
    with pytest.raises(TaskError, match="6 scores"):
        codec.decode({"scores": np.zeros((1, 6), np.float32)}, FRAME)


def test_a_card_for_another_output_is_refused():
    model = signature((1, 84, 8400))
    card = Card(name="x", task="classification", roles={"image": "image", "scores": "out0"})
    with pytest.raises(TaskError, match="one score a class"):
        Classification().bind(card, model)
