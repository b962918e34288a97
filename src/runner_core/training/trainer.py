"""What a trainer must do: a contract, as those in ``contracts.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import attrs

from runner_core.cards.card import Card
from runner_core.datasets.dataset import Dataset
from runner_core.results.result import Result


@attrs.frozen
class TrainOptions:
    """How to train.

    ``folder``   an empty folder, or one in which an earlier call with the same brain, data set and options was stopped:
                 then the trainer goes on from there. It may keep what it likes below ``folder / "work"``, which is
                 removed when the brain is whole. ``explain`` writes nothing, and need not find it.
    ``version``  of the brain that it makes.
    ``minutes``  of wall time, from the call to the return.
    ``threads``  that it may use; None: all processors.
    ``options``  the trainer's own, as they were typed. It raises UsageError for one that it does not know.
    """

    folder: Path
    version: str = "1"
    minutes: float = 5.0
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None
    options: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class TrainingStep:
    """How far it is: told a few times a second at most.

    ``stage``    in a few words, for people: ``pictures``, ``head``, ``writing``.
    ``share``    of the whole, 0 to 1.
    ``figures``  what is known now, such as ``loss`` and ``mAP50``, the latter on the held-back pictures.
    ``worst``    computes what is answered now to the held-back pictures that it gets most wrong, the worst first: of
                 each a Result with the answer, and the labels as the answer of ``TRUTH``. It is called while the
                 step is told or not at all, and takes time from the training. None where nothing can be shown.
    """

    stage: str
    share: float
    figures: Mapping[str, float] = attrs.field(factory=dict)
    worst: Callable[[], Sequence[Result]] | None = attrs.field(default=None, eq=False, repr=False)


Watch = Callable[[TrainingStep], None]
TRUTH = "labels"  # stands for the brain where what people say is shown beside an answer


@runtime_checkable
class Trainer(Protocol):
    """Trains brains of a kind, such as object detection. Made by calling the plugin's target with no argument."""

    def train(
        self,
        card: Card,
        origin: Path | None,
        data: Dataset,
        options: TrainOptions,
        watch: Callable[[TrainingStep], None],
    ) -> Path:
        """Writes a new brain into ``options.folder`` and gives that of its ``brain.json``.

        ``card`` names the new brain and its task; ``origin`` is the folder of the brain that is trained further, which
        stays as it is, or None for one that starts from the trainer's own base. What does not fit is a TrainingError
        before minutes are spent. KeyboardInterrupt out of ``watch`` ends the training early: the best so far is
        written, where there is one, else it is raised. Ctrl-C comes that way too, and nowhere else, unless it is typed
        twice; so ``watch`` is called once a second or so.

        The card's ``training`` has what the trainer knows of it, such as ``held_back``: how many ``pictures`` it
        measured on that it did not learn from, each figure by its name, such as ``mAP50``, and the range in which it
        lies by chance as ``mAP50_range``, two numbers. What was asked for is added to it.
        """

    def explain(self, card: Card, origin: Path | None, data: Dataset, options: TrainOptions) -> Sequence[str]:
        """What it would do and why, a line each, without training. Raises as ``train``."""
