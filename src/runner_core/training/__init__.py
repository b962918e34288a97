"""How brains are trained: what a trainer must do, and the way from a data set to a new version of a brain."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.training.trainer import TRUTH as TRUTH
    from runner_core.training.trainer import Trainer as Trainer
    from runner_core.training.trainer import TrainingStep as TrainingStep
    from runner_core.training.trainer import TrainOptions as TrainOptions
    from runner_core.training.trainer import Watch as Watch
    from runner_core.training.training import Trained as Trained
    from runner_core.training.training import Training as Training
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "trainer": ["TRUTH", "TrainOptions", "Trainer", "TrainingStep", "Watch"],
            "training": ["Trained", "Training"],
        },
    )
