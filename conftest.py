"""Fixtures for every test of the repository."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real models and pictures, which lies beside the project and is never part of it."""
    default = Path(__file__).parent.parent / "shared" / "testdata"
    folder = Path(os.environ.get("RUNNER_TESTDATA") or default)
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}: set RUNNER_TESTDATA")
    return folder
