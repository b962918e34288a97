"""Labelled pictures, and brains whose answers to them are known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import launch_chromium
from labelled import Prepared, make_answer, make_data, make_truth

from runner_core.datasets import Dataset


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return make_data(folder, 24, make_truth)


@pytest.fixture
def prepared(data: Dataset) -> Callable[..., Prepared]:
    """``prepared(name, noise=6)``: a brain with answers to ``data``."""

    def make(name: str = "demo", seed: int = 1000, noise: float = 6.0, **options: object) -> Prepared:
        answers = {
            example.key: make_answer(example.read(), seed + place, noise=noise, brain=name)
            for place, example in enumerate(data)
        }
        return Prepared(name, answers, **options)

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as Debian has it."""
    with launch_chromium() as chromium:
        yield chromium
