"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_stores() -> Iterator[Plugin]:
    yield Plugin(
        name="mlflow",
        target="runner_store_mlflow.store:MlflowStore",
        summary="an MLflow model registry: models:/NAME/VERSION, models:/NAME@ALIAS",
        claims=("models",),
    )
