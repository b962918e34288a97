"""What a training shows of its held-back pictures while it goes on, and that this changes nothing."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from drawn import draw_choices, draw_maps, draw_set
from PIL import Image
from runner_train.pictures import Picture
from runner_train.runtime import tf
from runner_train.trainer import COURSES, make_task
from runner_train.worst import Look, WorstPictures

from runner_core.cards import Card
from runner_core.datasets import Dataset
from runner_core.results import Result
from runner_core.training import TRUTH, TrainingStep, TrainOptions

DRAW = {"object-detection": draw_set, "classification": draw_choices, "semantic-segmentation": draw_maps}


def train(data: Dataset, folder: Path, *, looks: bool) -> tuple[list[Any], list[Result]]:
    """The weights, and what the last step shows, where every one is asked."""
    told: list[Result] = []

    def watch(step: TrainingStep) -> None:
        told[:] = step.worst() if step.worst and looks else told

    options = TrainOptions(folder, minutes=0.1, options={"steps": "12"})
    module, name = COURSES[data.kind]
    task = make_task(Card(name="shapes", task=data.kind), None, data, options)
    return getattr(importlib.import_module(module), name)(task, watch).run(), told


@pytest.mark.slow
@pytest.mark.parametrize("kind", DRAW)
def test_of_each_picture_there_is_the_answer_and_the_labels_and_who_looks_changes_no_weight(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner_train.course.TELL", 0.0)
    monkeypatch.setattr("runner_train.course.Course._write", lambda _, weights, __: weights)
    data = DRAW[kind](tmp_path / "data", 12)
    seen, told = train(data, tmp_path / "seen", looks=True)
    unseen, _ = train(data, tmp_path / "unseen", looks=False)
    assert all(np.array_equal(one, other) for one, other in zip(seen, unseen, strict=True))
    assert told
    keys = {example.key: example for example in data}
    for frame, (answer, truth) in told:
        assert (answer.brain, truth.brain) == ("shapes", TRUTH)
        assert answer.size == truth.size == frame.size == (160, 128)
        there = keys[frame.source].read().answer
        if there.class_map is not None:
            assert np.array_equal(truth.class_map, there.class_map)
            assert answer.class_map.shape == (128, 160)
            continue
        assert truth.names == there.names
        if there.boxes is not None:
            assert np.allclose(truth.boxes, there.boxes, atol=0.1)


def test_the_worst_come_first_as_the_average_of_the_weights_sees_them() -> None:
    learnt, average = np.float32([0.1, 0.2]), np.float32([0.5, 0.7])
    variable = tf.Variable(learnt)
    fit = SimpleNamespace(model=SimpleNamespace(trainable_variables=[variable]), average=[average])
    wrong, seen = (0.2, 0.9, 0.0, 0.5, 0.6), []

    def look(head: Any, at: int) -> Look:
        seen.append(head.trainable_variables[0].numpy())
        return Look(wrong[at], {"model_ids": np.zeros(0, np.int64)})

    nothing = np.zeros((0, 4), np.float32), np.zeros(0, np.int64), frozenset({0})
    pictures = [Picture(f"{at}.png", Image.new("RGB", (8, 8)), *nothing) for at in range(len(wrong))]
    worst = WorstPictures(SimpleNamespace(look=look), pictures, "shapes", "object-detection", ["disc"]).of(fit)
    assert [result.frame.source for result in worst()] == ["1.png", "4.png", "3.png", "0.png"]
    assert all(np.array_equal(weights, average) for weights in seen)
    assert np.array_equal(variable.numpy(), learnt)
