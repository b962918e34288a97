"""What needs no server."""

import pytest
from runner_store_mlflow.store import MlflowStore

from runner_core.errors import UsageError
from runner_core.testing import check_plugin, conformance


@conformance(check_plugin)
def test_plugin(check):
    check("runner_store_mlflow.plugin")


@pytest.mark.parametrize(
    ("text", "location", "name"),
    [
        ("/page/3", "", "page@3"),
        ("/page@champion", "", "page@champion"),
        ("page", "", "page"),
        ("https://host/mlflow/page@2", "https://host/mlflow", "page@2"),
    ],
)
def test_references(text, location, name):
    assert MlflowStore.split(text) == (location, name)


@pytest.mark.parametrize("uri", ["", "sqlite:///x.db", "databricks"])
def test_no_server_is_named(uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(UsageError, match="no MLflow server is named; set MLFLOW_TRACKING_URI"):
        MlflowStore()
