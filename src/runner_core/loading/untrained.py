"""UntrainedBrain: a brain that knows nothing yet."""

from __future__ import annotations

from runner_core.brain import Brain
from runner_core.cards.labels import LabelMap
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference


class UntrainedBrain(Brain):
    """Made by ``Brain.new``. Its ``train`` gives a brain; whatever else it is asked, it raises how to get there."""

    def __init__(self, name: str, task: str) -> None:
        self.name, self.task, self.version, self.labels = name, task, "", LabelMap()
        self.family = self.engine = ""

    def infer(self, frame: Frame) -> Inference:  # noqa: ARG002  # it is not looked at
        raise UsageError(
            f"brain {self.name} is not trained yet",
            remedy=f'train it: brain = brain.train("PICTURES"); or open a trained one by its name: {self.name}',
        )

    def __repr__(self) -> str:
        return f"UntrainedBrain({self.name!r}, task={self.task!r})"
