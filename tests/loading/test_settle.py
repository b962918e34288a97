"""Whatever a task's codec gives, an answer has its boxes in the picture and its rows by score."""

import attrs
import numpy as np
import pytest

from runner_core import open_brain
from runner_core.loading import settle
from runner_core.loading.settle import settle_answer
from runner_core.plugin import Plugin
from runner_core.results.inference import Inference
from runner_core.testing import FAKE_ENGINE, FakeTask, fake_rows, registry_of, sample_pixels, write_fake_model


def answer(boxes, scores, **columns):
    return Inference(
        brain="b", task="t", size=(96, 64), model_ids=range(len(scores)), boxes=boxes, scores=scores, **columns
    )


@pytest.fixture(autouse=True)
def _untold(monkeypatch):
    monkeypatch.setattr(settle, "_told", set())


def test_a_box_that_reaches_out_of_the_picture_is_cut():
    settled = settle_answer(answer([[-1000, 3, 5000, 80]], [0.9]), "mine")
    assert settled.boxes.tolist() == [[0, 3, 96, 64]]


def test_a_turned_box_stays_as_it_is():
    turned = answer([[-5, 3, 50, 80]], [0.9], angles=[0.3])
    assert settle_answer(turned, "mine") is turned


def test_what_keeps_the_promises_is_not_touched():
    sound = answer([[0, 0, 96, 64], [1, 2, 3, 4]], [0.9, 0.9])
    assert settle_answer(sound, "mine") is sound


def test_rows_out_of_order_are_sorted_and_the_task_is_named_once(caplog):
    rows = answer([[0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]], [0.2, 0.9, 0.2])
    for _ in range(2):
        settled = settle_answer(rows, "mine")
    assert settled.model_ids.tolist() == [1, 0, 2]
    assert settled.boxes[0].tolist() == [2, 2, 3, 3]
    assert caplog.messages == [
        "task mine gives rows out of the order of their scores; they are sorted: tell its author"
    ]


class Careless(FakeTask):
    """Its codec gives rows in the wrong order, far outside the picture."""

    def bind(self, card, signature):
        codec = super().bind(card, signature)
        return CarelessCodec(codec)


class CarelessCodec:
    def __init__(self, codec):
        self.codec, self.encode = codec, codec.encode

    def decode(self, outputs, frame):
        found = self.codec.decode(outputs, frame)
        return attrs.evolve(found, boxes=found.boxes + 1000, scores=np.sort(found.scores))


def test_an_open_brain_answers_so_whatever_its_task_gives(tmp_path, caplog):
    rows = fake_rows((0, 0, 9, 9, 0.9, 0), (10, 10, 20, 20, 0.7, 0))
    model = write_fake_model(tmp_path / "m.npz", rows)
    with registry_of(engines=[FAKE_ENGINE], tasks=[Plugin("careless", f"{__name__}:Careless", "Careless.")]):
        found = open_brain(model)(sample_pixels())
    assert found.boxes.max() <= 96
    assert found.scores[0] >= found.scores[-1]
    assert any("task careless gives rows" in message for message in caplog.messages)
