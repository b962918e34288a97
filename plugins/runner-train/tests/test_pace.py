"""Minutes that are too few are said before they are spent."""

from pathlib import Path

import attrs
import pytest
from drawn import draw_set
from runner_train import pace
from runner_train.plan import look_at, make_plan
from runner_train.trainer import DetectorTrainer

from runner_core.cards import Card
from runner_core.errors import TrainingError
from runner_core.training import TrainOptions

CARD = Card(name="shapes", task="object-detection")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that takes 10 seconds to read a picture, and as long for a view."""
    monkeypatch.setattr(pace, "measure_pace", lambda plan, data: pace.Pace(10.0, 10.0))


@pytest.mark.usefixtures("slow")
def test_too_few_minutes_for_one_pass_are_refused_before_any_work(tmp_path: Path) -> None:
    data, trainer = draw_set(tmp_path / "data", 6), DetectorTrainer()
    few = TrainOptions(tmp_path / "brain", minutes=3.9, threads=1)  # a pass takes 2 minutes
    for act in (
        lambda: trainer.train(CARD, None, data, few, lambda step: None),
        lambda: trainer.explain(CARD, None, data, few),
    ):
        with pytest.raises(TrainingError, match=r"3.9 minutes are too few: to see each of 6 pictures once takes 2.0"):
            act()
    assert not (tmp_path / "brain").exists()
    (told,) = [line for line in trainer.explain(CARD, None, data, attrs.evolve(few, minutes=4)) if "seconds" in line]
    views = make_plan(look_at(data), 4).views
    assert told == f"views and features take about {60 + 10 * views} seconds on this machine"


@pytest.mark.usefixtures("slow")
def test_the_clock_does_not_matter_where_steps_are_asked_for(tmp_path: Path) -> None:
    options = TrainOptions(tmp_path / "brain", minutes=1, options={"steps": "10"})
    assert DetectorTrainer().explain(CARD, None, draw_set(tmp_path / "data", 6), options)


def test_a_machine_is_measured(tmp_path: Path) -> None:
    data = draw_set(tmp_path / "data", 9)
    found = pace.measure_pace(make_plan(look_at(data), 1), data)
    assert found.reading > 0
    assert found.view > 0


def test_there_are_views_of_all_pictures(tmp_path: Path) -> None:
    plan = make_plan(look_at(draw_set(tmp_path / "data", 4)), 0.2)
    assert pace.see_each(plan, plan.views) == plan
    more = pace.see_each(plan, plan.views + 1)
    assert more.views == plan.views + 64
    assert more.reasons[-1] == f"{more.views} views, so that each picture is seen"
