"""Trainings of classes and pixels that are killed, and stopped."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from drawn import draw_choices, draw_maps
from runner_train.trainer import DetectorTrainer

from runner_core import open_brain
from runner_core.cards import Card
from runner_core.training import TrainingStep, TrainOptions

DRAW = {"classification": draw_choices, "semantic-segmentation": draw_maps}
STAGES = ("pictures", "head without the held-back pictures", "head")
_CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from drawn import draw_choices, draw_maps
from runner_core.cards import Card
from runner_core.training import TrainOptions
from runner_train import course
from runner_train.trainer import DetectorTrainer
course.SAVE = course.TELL = 0.0
kind, place = sys.argv[1], Path(sys.argv[2])
draw = draw_choices if kind == "classification" else draw_maps
options = TrainOptions(place / "brain", minutes=0.3, seed=2, threads=1, options={{"steps": "40"}})
DetectorTrainer().train(Card(name="shapes", task=kind), None, draw(place / "data", 6), options,
                        lambda step: print(step.stage, flush=True))
"""


def _train_in_child(kind: str, place: Path, kill_at: str = "") -> int:
    """The exit code; the child is killed when it tells of this stage."""
    script = _CHILD.format(tests=str(Path(__file__).parent))
    command = [sys.executable, "-c", script, kind, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == kill_at:
                child.send_signal(signal.SIGKILL)
    return child.returncode


@pytest.mark.slow
@pytest.mark.parametrize("kind", DRAW)
def test_a_killed_training_of_other_kinds_ends_the_same(kind: str, tmp_path: Path) -> None:
    assert _train_in_child(kind, tmp_path / "whole") == 0
    for stage in STAGES:
        assert _train_in_child(kind, tmp_path / "killed", stage) == -signal.SIGKILL
        assert not (tmp_path / "killed" / "brain" / "brain.json").exists()
    assert _train_in_child(kind, tmp_path / "killed") == 0
    # the converter orders constants of an ONNX file by chance
    files = [(tmp_path / name / "brain" / "shapes.pb").read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1]


class _Stop:
    """Presses Ctrl-C at a stage."""

    def __init__(self, stage: str) -> None:
        self.stage, self.left = stage, 1

    def __call__(self, step: TrainingStep) -> None:
        if step.stage == self.stage and self.left:
            self.left = 0
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("kind", DRAW)
def test_stopping_while_other_kinds_learn_keeps_the_best_so_far(kind: str, tmp_path: Path) -> None:
    options = TrainOptions(tmp_path / "brain", minutes=0.3, options={"steps": "5000"})
    data = DRAW[kind](tmp_path / "data", 6)
    card = DetectorTrainer().train(Card(name="shapes", task=kind), None, data, options, _Stop("head"))
    with open_brain(card.parent, engine="onnx") as brain:
        assert brain(data[0].make_frame()).task == kind
    assert sum(Card.read(card).training["steps"].values()) <= 5000
