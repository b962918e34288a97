"""Every promise of a task can be broken, and the check says which one."""

import importlib
import time

import attrs
import numpy as np
import pytest

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.results.inference import Inference
from runner_core.testing import BrokenPromise, FakeTask, check_task, conformance, fake_rows, sample_frame

PICTURE = TensorSpec("picture", (1, 32, 32, 3), "uint8")
MODEL = Signature((PICTURE,), (TensorSpec("rows", (3, 6), "float32"),))
OUTPUTS = fake_rows((2, 2, 20, 10, 0.2, 0), (2, 2, 20, 10, 0.7, 0), (0, 0, 10, 10, 0.9, 1))


def task(**methods):
    """A sound task with other attributes; a function gets what the sound one gives first."""
    made = FakeTask()
    for name, value in methods.items():
        setattr(made, name, _around(getattr(made, name), value) if callable(value) else value)
    return made


def _around(sound, change):
    def call(*given):
        return change(sound(*given), *given)

    return call


class Codec:
    """A sound codec with an ``encode`` or a ``decode`` of its own around it."""

    def __init__(self, sound, encode, decode):
        self.sound = sound
        self._encode, self._decode = encode, decode

    def encode(self, frame):
        tensors = self.sound.encode(frame)
        return self._encode(tensors, frame) if self._encode else tensors

    def decode(self, outputs, frame):
        answer = self.sound.decode(outputs, frame)
        return self._decode(answer, outputs, frame) if self._decode else answer


def encoding(change):
    return task(bind=lambda codec, card, model: Codec(codec, change, None))


def decoding(change):
    return task(bind=lambda codec, card, model: Codec(codec, None, change))


def answering(**columns):
    """A task whose answers have other columns: values, or functions of the answer."""

    def change(answer, outputs, frame):
        made = {name: value(answer) if callable(value) else value for name, value in columns.items()}
        return attrs.evolve(answer, **made)

    return decoding(change)


class Binding(FakeTask):
    """A sound task with a ``bind`` of its own."""

    def __init__(self, bind):
        self.bind = lambda card, model: bind(super(Binding, self).bind, card, model)


def refuses_late(bind, card, model):
    """Binds anything, and fails at the first frame."""
    return bind(attrs.evolve(card, roles={"picture": "picture", "rows": "rows"}), MODEL)


def looks_up_blindly(bind, card, model):
    for role in ("picture", "rows"):
        assert card.roles[role]
    return bind(card, model)


def needs_its_tensors(bind, card, model):
    if not card.roles:
        raise TaskError("no roles")
    return bind(card, MODEL)


def needs_two_roles(bind, card, model):
    if len(card.roles) == 1:
        raise IndexError(1)
    return bind(card, model)


def shares_its_card():
    """Codecs that read the card bound last."""
    cards = []

    def bind(sound, card, model):
        codec = sound(card, model)
        cards.append(card)
        return Codec(codec, None, lambda answer, outputs, frame: attrs.evolve(answer, brain=cards[-1].name))

    return Binding(bind)


def raises_on_nothing(answer, outputs, frame):
    return attrs.evolve(answer, model_ids=answer.model_ids + answer.boxes.max().astype(int))


def forgets_columns_of_nothing(answer, outputs, frame):
    return answer if len(answer) else attrs.evolve(answer, boxes=None)


def loses_points_of_nothing(answer, outputs, frame):
    points = np.zeros((len(answer), 17 if len(answer) else 0, 3))
    return attrs.evolve(answer, keypoints=points)


def takes_all(bind, card, model):
    """Knows no threshold."""
    return bind(attrs.evolve(card, threshold=0.0), model)


def keeps_to_a_half(bind, card, model):
    """Knows one threshold, whatever the card says."""
    return bind(attrs.evolve(card, threshold=0.5), model)


def sorts_in_place(answer, outputs, frame):
    outputs["rows"].sort(axis=0)
    return answer


class Racing:
    """Keeps its answer in the codec on the way out."""

    def __init__(self, sound):
        self.sound, self.turn = sound, 0

    def encode(self, frame):
        return self.sound.encode(frame)

    def decode(self, outputs, frame):
        self.turn += 1
        mine = self.turn
        time.sleep(0.01)
        answer = self.sound.decode(outputs, frame)
        return attrs.evolve(answer, model_ids=answer.model_ids + (self.turn != mine))


BROKEN = [
    ("has_the_methods_of_a_task", object(), "object has no bind, kind, recognise: add it"),
    ("has_the_methods_of_a_task", task(kind="object detection"), "its kind is 'object detection'"),
    ("has_the_methods_of_a_task", task(bind=lambda *_: "codec"), "str has no decode: add it"),
    ("recognises_its_models", task(recognise=lambda *_: None), "recognise returns None for a model of its family"),
    (
        "recognises_its_models",
        task(recognise=lambda card, _: card and attrs.evolve(card, notes=())),
        "the notes are empty",
    ),
    ("recognises_its_models", task(recognise=lambda card, _: card and attrs.evolve(card, roles={})), "for any role"),
    (
        "recognises_its_models",
        task(recognise=lambda card, _: card and attrs.evolve(card, roles={"boxes": "b:0"})),
        "the model has no tensor for {'boxes': 'b:0'}",
    ),
    (
        "recognises_its_models",
        task(recognise=lambda card, _: card and attrs.evolve(card, threshold=50)),
        "threshold is 50",
    ),
    (
        "ignores_foreign_models",
        task(recognise=lambda *_: Card("any", "any")),
        "of another family with 0 inputs it drafts",
    ),
    ("ignores_foreign_models", task(recognise=lambda card, model: card if model.inputs[0] else None), "IndexError"),
    (
        "ignores_foreign_models",
        task(recognise=lambda card, model: card or (model.inputs and len(model.inputs[0].shape)) or None),
        "TypeError: object of type 'NoneType' has no len()",
    ),
    ("refuses_bad_cards_at_bind", Binding(refuses_late), "a card without roles does not raise TaskError"),
    (
        "refuses_bad_cards_at_bind",
        Binding(looks_up_blindly),
        "a card without roles raises KeyError: 'picture', not TaskError",
    ),
    ("refuses_bad_cards_at_bind", Binding(needs_its_tensors), "a model without these tensors does not raise TaskError"),
    ("refuses_bad_cards_at_bind", Binding(needs_two_roles), "a card without the role picture raises IndexError"),
    ("encodes_the_inputs", encoding(lambda tensors, _: {}), "it returns [], the model takes ['picture']"),
    ("encodes_the_inputs", encoding(lambda tensors, _: {"picture": tensors["picture"][0]}), "has shape (32, 32, 3)"),
    ("encodes_the_inputs", encoding(lambda tensors, _: {"picture": tensors["picture"] / 255}), "picture is float64"),
    ("encodes_the_inputs", encoding(lambda tensors, _: {"picture": [1]}), "picture is a list, not a numpy array"),
    (
        "shares_its_largest_tensor",
        encoding(lambda tensors, _: {"picture": tensors["picture"].copy()}),
        "two codecs get two copies of picture",
    ),
    ("does_not_change_the_outputs", decoding(sorts_in_place), "rows differs after decode"),
    ("fills_in_the_inference", answering(brain="other"), "it carries ('other', '1'"),
    ("fills_in_the_inference", answering(version="2"), "it carries ('fake', '2'"),
    ("fills_in_the_inference", answering(task="keypoints"), "'keypoints'"),
    ("fills_in_the_inference", answering(size=(32, 32)), "(32, 32)"),
    ("fills_in_the_inference", decoding(lambda answer, *_: answer.to_json()), "decode returns a dict"),
    (
        "orders_rows_by_score",
        decoding(lambda answer, *_: answer.take(np.array([], int))),
        "there is no row: give the check outputs with a score above 0.5",
    ),
    ("orders_rows_by_score", answering(scores=lambda answer: answer.scores * 100), "scores are not 0 to 1: array"),
    ("orders_rows_by_score", answering(scores=lambda answer: answer.scores * np.nan), "scores are not 0 to 1: array"),
    ("orders_rows_by_score", decoding(lambda answer, *_: answer.take(np.array([1, 0])[: len(answer)])), "not in order"),
    ("orders_rows_by_score", Binding(takes_all), "a score is below 0.5"),
    ("orders_rows_by_score", Binding(keeps_to_a_half), "a score is below 0.79999"),
    ("keeps_boxes_in_the_picture", answering(keypoints=np.full((2, 5, 3), np.nan)), "keypoints are not numbers"),
    (
        "keeps_boxes_in_the_picture",
        answering(boxes=lambda answer: np.full_like(answer.boxes, np.nan)),
        "boxes are not numbers",
    ),
    (
        "keeps_boxes_in_the_picture",
        answering(boxes=lambda answer: answer.boxes[:, ::-1]),
        "boxes are not x1, y1, x2, y2",
    ),
    (
        "keeps_boxes_in_the_picture",
        answering(boxes=lambda answer: answer.boxes + 96),
        "boxes lie outside the picture of (96, 64)",
    ),
    (
        "keeps_boxes_in_the_picture",
        answering(boxes=lambda answer: np.float32([-1000, -1000, 5000, 5000]) + 0 * answer.boxes),
        "boxes reach far out of the picture of (96, 64), carry them",
    ),
    ("answers_when_nothing_is_found", decoding(raises_on_nothing), "ValueError: zero-size array"),
    ("answers_when_nothing_is_found", decoding(forgets_columns_of_nothing), "boxes is None when nothing is found"),
    ("answers_when_nothing_is_found", decoding(loses_points_of_nothing), "keypoints is array([], shape=(0, 0, 3)"),
    ("answers_when_nothing_is_found", Binding(takes_all), "3 rows at threshold 1 for outputs that are all zero"),
    ("keeps_codecs_apart", shares_its_card(), "the answers of the first change when another card is bound"),
    (
        "answers_several_threads",
        task(bind=lambda codec, *_: Racing(codec)),
        "answers differ when several threads decode",
    ),
]


@conformance(check_task)
def test_a_sound_task_keeps_it(check):
    check(FakeTask(), MODEL, OUTPUTS, sample_frame())


def test_a_card_stands_for_a_task_that_recognises_nothing():
    blind = task(recognise=lambda *_: None)
    card = Card("given", "blind", roles={"picture": "picture", "rows": "rows"})
    check_task(blind, MODEL, OUTPUTS, sample_frame(), card=card)


@pytest.mark.parametrize(("promise", "broken_task", "message"), BROKEN, ids=[entry[0] for entry in BROKEN])
def test_it_can_be_broken(promise, broken_task, message):
    with pytest.raises(BrokenPromise) as broken:
        check_task.each()[promise](broken_task, MODEL, OUTPUTS, sample_frame())
    sentence = getattr(importlib.import_module("runner_core.testing.tasks"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"{type(broken_task).__name__} breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


def test_each_promise_is_broken_by_a_test():
    assert {promise for promise, *_ in BROKEN} == set(check_task.each())


def test_an_answer_without_boxes_or_scores_is_an_answer():
    class ClassMap(FakeTask):
        kind = "semantic-segmentation"

        def bind(self, card, model):
            def decode(answer, outputs, frame):
                width, height = frame.size
                return Inference(
                    card.name, self.kind, frame.size, np.array([0]), class_map=np.zeros((height, width), np.int64)
                )

            return Codec(super().bind(card, model), None, decode)

    check_task(ClassMap(), MODEL, OUTPUTS, sample_frame())
