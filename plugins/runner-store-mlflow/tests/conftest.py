"""The server, once for all tests; without its environment they are skipped, saying so."""

import os
from pathlib import Path

import pytest
from mlflow_server import VARIABLE, MlflowServer


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory):
    if not os.environ.get(VARIABLE):
        pytest.skip(f"no MLflow server: `make test-mlflow` installs one, and sets {VARIABLE}")
    with MlflowServer(Path(os.environ[VARIABLE]), tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture
def server(mlflow, tmp_path, monkeypatch):
    """The same, with an empty cache, named by the environment as people do it."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow.url)
    return mlflow
