"""Labelled pictures: read from the formats in which people keep them, split, selected, checked."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.datasets.annotation import Annotation as Annotation
    from runner_core.datasets.build import build_truth as build_truth
    from runner_core.datasets.check import Survey as Survey
    from runner_core.datasets.check import check_dataset as check_dataset
    from runner_core.datasets.class_names import ClassNames as ClassNames
    from runner_core.datasets.dataset import Dataset as Dataset
    from runner_core.datasets.doubts import LEAST_SCORE as LEAST_SCORE
    from runner_core.datasets.doubts import Doubt as Doubt
    from runner_core.datasets.doubts import DoubtFinder as DoubtFinder
    from runner_core.datasets.duplicates import Duplicate as Duplicate
    from runner_core.datasets.duplicates import Thumbprint as Thumbprint
    from runner_core.datasets.duplicates import find_duplicates as find_duplicates
    from runner_core.datasets.duplicates import join_duplicates as join_duplicates
    from runner_core.datasets.evaluator import Evaluation as Evaluation
    from runner_core.datasets.evaluator import Evaluator as Evaluator
    from runner_core.datasets.evaluator import Figures as Figures
    from runner_core.datasets.evaluator import evaluate as evaluate
    from runner_core.datasets.example import Example as Example
    from runner_core.datasets.example import Finding as Finding
    from runner_core.datasets.example import Truth as Truth
    from runner_core.datasets.open import DatasetFormat as DatasetFormat
    from runner_core.datasets.open import open_dataset as open_dataset
    from runner_core.datasets.results import to_results as to_results
    from runner_core.datasets.statistics import DatasetStatistics as DatasetStatistics
    from runner_core.datasets.statistics import Spread as Spread
    from runner_core.datasets.statistics import measure_dataset as measure_dataset
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "annotation": ["Annotation"],
            "build": ["build_truth"],
            "check": ["Survey", "check_dataset"],
            "class_names": ["ClassNames"],
            "dataset": ["Dataset"],
            "doubts": ["LEAST_SCORE", "Doubt", "DoubtFinder"],
            "duplicates": ["Duplicate", "Thumbprint", "find_duplicates", "join_duplicates"],
            "evaluator": ["Evaluation", "Evaluator", "Figures", "evaluate"],
            "example": ["Example", "Finding", "Truth"],
            "open": ["DatasetFormat", "open_dataset"],
            "statistics": ["DatasetStatistics", "Spread", "measure_dataset"],
            "results": ["to_results"],
        },
    )
