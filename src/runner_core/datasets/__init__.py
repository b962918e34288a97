"""Labelled pictures: read from the formats in which people keep them, split, selected, checked."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.datasets.annotation import Annotation as Annotation
    from runner_core.datasets.build import build_truth as build_truth
    from runner_core.datasets.dataset import Dataset as Dataset
    from runner_core.datasets.example import Example as Example
    from runner_core.datasets.example import Finding as Finding
    from runner_core.datasets.example import Truth as Truth
    from runner_core.datasets.open import DatasetFormat as DatasetFormat
    from runner_core.datasets.open import open_dataset as open_dataset
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "annotation": ["Annotation"],
            "build": ["build_truth"],
            "dataset": ["Dataset"],
            "example": ["Example", "Finding", "Truth"],
            "open": ["DatasetFormat", "open_dataset"],
        },
    )
