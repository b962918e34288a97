"""Runs over the demo's pictures: its networks are the real ones that are always there."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner_core import Project

PICTURES = Path(__file__).parents[2] / "runner-demo" / "src" / "runner_demo" / "pictures"


@pytest.fixture(scope="session")
def pictures() -> Path:
    return PICTURES


@pytest.fixture(scope="session")
def demo_brains():
    project = Project("demo")
    with project.get_model("page") as page, project.get_model("graphs") as graphs:
        yield page, graphs
