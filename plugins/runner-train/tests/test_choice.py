"""A tiny training on classes of whole pictures, and what must be true of the brain that it makes."""

from functools import partial
from pathlib import Path

import attrs
import numpy as np
import pytest
from drawn import draw_choices, draw_set
from runner_train.choice import VARIETY, WholeViewer, find_range
from runner_train.pictures import read_pictures
from runner_train.trainer import DetectorTrainer, make_task

from runner_core import open_brain
from runner_core.cards import Card
from runner_core.datasets import Truth
from runner_core.errors import DatasetError, TrainingError
from runner_core.training import TrainOptions

CARD = Card(name="shapes", task="classification")
MINUTES, STEPS = 0.3, {"steps": "60"}


def _train(place: Path, data, origin: Path | None = None, watch=lambda step: None) -> Path:
    options = TrainOptions(place, minutes=MINUTES, seed=4, options=STEPS)
    return DetectorTrainer().train(CARD, origin, data, options, watch).parent


def _count_right(folder: Path, data, engine: str = "onnx") -> int:
    with open_brain(folder, engine=engine) as brain:
        return sum(brain(example.make_frame()).names[0] == example.read().answer.names[0] for example in data)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("training")
    return _train(place / "brain", draw_choices(place / "data", 10))


@pytest.mark.parametrize("engine", ["tensorflow", "onnx", "openvino", "litert"])
def test_it_names_what_it_learnt_on_all_engines(trained, tmp_path: Path, engine: str) -> None:
    test = draw_choices(tmp_path, 8, seed=9)
    assert _count_right(trained, test, engine) == 8
    frame = test[1].make_frame()
    with open_brain(trained, engine=engine) as brain, open_brain(trained, engine="onnx") as other:
        answer, same = brain(frame), other(frame)
    assert answer.scores == pytest.approx(same.scores, abs=0.005)
    assert answer.scores.sum() == pytest.approx(1, abs=0.01)


def test_its_card_tells_how_often_it_was_right(trained) -> None:
    card = Card.read(trained / "brain.json")
    assert (card.task, card.labels.names) == ("classification", ("disc", "square"))
    assert [artifact.format for artifact in card.artifacts] == [".pb", "saved-model", ".onnx", ".tflite"]
    assert all(sum(file.size for file in artifact.files) < 8_000_000 for artifact in card.artifacts)
    held = card.training["held_back"]
    assert held["pictures"] >= 1
    assert held["accuracy_range"][0] <= held["accuracy"] <= held["accuracy_range"][1]
    assert card.training["objects"] == {"disc": 5, "square": 5}


@pytest.mark.slow
def test_old_classes_are_kept_when_it_learns_more(trained, tmp_path: Path) -> None:
    more = draw_choices(tmp_path / "more", 8, names=("ring", "bar"), seed=5)
    further = _train(tmp_path / "further", more, trained)
    assert Card.read(further / "brain.json").labels.names == ("disc", "square", "ring", "bar")
    assert _count_right(further, draw_choices(tmp_path / "old", 8, seed=9)) >= 6
    assert _count_right(further, draw_choices(tmp_path / "new", 8, names=("ring", "bar"), seed=9)) >= 6


def test_what_gives_no_choice_is_refused_before_any_work(trained, tmp_path: Path) -> None:
    def refuse(data, error, words, origin=None) -> None:
        with pytest.raises(error, match=words):
            _train(tmp_path / "brain", data, origin)
        assert not (tmp_path / "brain").exists()

    data = draw_choices(tmp_path / "data", 4)
    refuse(data[:1], DatasetError, "a single picture")
    both = Truth(attrs.evolve(data[0].read().answer, model_ids=np.array([0, 1])))
    twice = attrs.evolve(data[0], read=partial(lambda truth: truth, both))
    refuse(attrs.evolve(data, examples=(*data[:2], twice)), DatasetError, "disc and square, and this learns one")
    refuse(draw_choices(tmp_path / "one", 4, names=("disc",)), DatasetError, "disc is its only class")
    refuse(data[::2], DatasetError, "no example of square")
    refuse(draw_set(tmp_path / "boxes", 4), TrainingError, "another task", trained)


def test_pictures_of_no_class_are_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = draw_choices(tmp_path, 9, names=("disc", "square", "ring")).select(["disc", "ring"])
    task = make_task(CARD, None, data, TrainOptions(tmp_path / "brain"))
    assert (len(task.data), task.counts) == (6, {"disc": 3, "ring": 3})
    assert "3 pictures of no class are left out" in caplog.text


def test_views_keep_the_class_of_their_picture(tmp_path: Path) -> None:
    pictures = read_pictures(draw_choices(tmp_path, 4), [0, 1])
    viewer = WholeViewer(pictures, (96, 64), VARIETY, 3, range(4))
    assert {tuple(viewer.make_view(number).classes) for number in range(40)} == {(0,), (1,)}


def test_few_right_answers_prove_little() -> None:
    assert find_range(7, 7) == pytest.approx((0.721, 1), abs=0.001)
    low, high = find_range(50, 100)
    assert (low + high) / 2 == pytest.approx(0.5)
    assert high - low == pytest.approx(0.162, abs=0.002)


def test_it_learns_even_where_views_have_taken_all_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner_train.course.Course._seconds_left", lambda _: 0.0)
    options = TrainOptions(tmp_path / "brain", minutes=MINUTES)
    card = DetectorTrainer().train(CARD, None, draw_choices(tmp_path / "data", 6), options, lambda step: None)
    assert min(Card.read(card).training["steps"].values()) >= 400
