"""What an evaluator must do: a contract, as those in ``contracts.py``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Truth
from runner_core.datasets.open import open_dataset
from runner_core.discovery.registry import get_registry
from runner_core.results.inference import Inference

Figures = Mapping[str, float | None]
"""By name: ``mAP50``, ``mIoU``, ...; None where it is not defined, as for objects of a size that no picture has."""


@runtime_checkable
class Evaluation(Protocol):
    """How good brains are on a data set, side by side."""

    @property
    def brains(self) -> Sequence[str]:
        """Their names, in the order in which they were given."""

    @property
    def figures(self) -> Figures:
        """Those of the first brain."""

    def figures_of(self, brain: str) -> Figures:
        """Those of one brain. Raises UsageError for one that was not measured."""

    def to_json(self) -> dict[str, Any]:
        """All that was measured, as JSON data."""

    def save(self, folder: Path) -> Path:
        """Writes a report into the folder and gives its page, which opens in a browser. Raises OSError."""


@runtime_checkable
class Evaluator(Protocol):
    """Measures brains on labelled pictures; made by calling the plugin's target with no argument.

    Its plugin claims the kinds of data sets that it knows: ``object-detection``, ...
    """

    def evaluate(self, brains: Sequence[Any], data: Dataset, **options: Any) -> Evaluation:
        """How good each Brain of ``brains`` is; ``options`` are the evaluator's own.

        Raises DatasetError where nothing can be measured.
        """

    def measure(self, truths: Sequence[Truth], answers: Sequence[Inference]) -> Figures:
        """The figures of answers to the pictures of ``truths``, in their order: for a trainer, which asks often."""


def evaluate(brains: Sequence[Any], dataset: str | os.PathLike[str] | Dataset, **options: Any) -> Evaluation:
    """Measures Brains side by side on a data set, or on the one in a file or folder.

    Raises NotInstalled where no evaluator for its kind is installed, DatasetError.
    """
    data = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    claiming = get_registry().find_claiming("evaluators", data.kind)
    evaluator: Evaluator = get_registry().make("evaluators", claiming[0].plugin.name if claiming else data.kind)
    return evaluator.evaluate(brains, data, **options)
