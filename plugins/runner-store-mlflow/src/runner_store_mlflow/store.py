"""An MLflow model registry as a store, over plain REST: no mlflow is needed here.

Protocol: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runner_core.cache.cache import Cache
from runner_core.cache.http import Client, http_opener
from runner_core.cache.release import Release, RemoteFile
from runner_core.card import FILE_NAME
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain, StoreError, UnreachableError, UsageError

URI_VARIABLE = "MLFLOW_TRACKING_URI"
_API = "/api/2.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_SCHEME = "mlflow-artifacts:/"
_TENSORFLOW = "data/model"  # where mlflow.tensorflow puts a SavedModel


class MlflowStore:
    """Versions of a registry never change, so what was fetched once is never asked for again but by alias."""

    def __init__(self, location: str = "") -> None:
        self.root = (location or os.environ.get(URI_VARIABLE, "")).rstrip("/")
        if not self.root.startswith(("http://", "https://")):
            raise UsageError("no MLflow server is named", remedy=f"set {URI_VARIABLE}, or write mlflow:https://HOST")
        self.label = f"mlflow:{self.root}"
        self._client = Client(token=os.environ.get("MLFLOW_TRACKING_TOKEN", ""))
        account = os.environ.get("MLFLOW_TRACKING_USERNAME"), os.environ.get("MLFLOW_TRACKING_PASSWORD")
        if account[0] and account[1]:
            self._client.auth = (account[0], account[1])

    @staticmethod
    def split(text: str) -> tuple[str, str]:
        """``/NAME/VERSION`` and ``/NAME@ALIAS`` name a model on the server of the environment."""
        name, slash, version = text.lstrip("/").partition("/")
        return "", f"{name}@{version}" if slash else name

    def list(self) -> Iterator[BrainRef]:
        for model in self._ask("/registered-models/search").get("registered_models", []):
            versions = [int(version["version"]) for version in model.get("latest_versions", [])]
            yield BrainRef(model["name"], str(max(versions, default="")), model.get("description", ""))

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """``version`` is a number or an alias; None is the greatest number."""
        number = self._number(name, version)
        base = self._base(name, number)
        files = tuple(self._file(base, file, name, number) for file in self._walk(base))
        if not files:
            raise StoreError(f"{self.label}: version {number} of {name} has no files")
        folder = cache.install(Release(self.label, name, number, files))
        nested = folder / _TENSORFLOW
        return nested if nested.is_dir() and not (folder / FILE_NAME).exists() else folder

    def _number(self, name: str, version: str | None) -> str:
        if version is not None and version.isdigit():
            return version
        if version is not None:
            told = self._ask("/registered-models/alias", name=name, alias=version)
            return str(told["model_version"]["version"])
        model = self._ask("/registered-models/get", name=name)["registered_model"]
        numbers = [int(entry["version"]) for entry in model.get("latest_versions", [])]
        if not numbers:
            raise NoSuchBrain(f"{self.label}: {name} has no version")
        return str(max(numbers))

    def _base(self, name: str, number: str) -> str:
        """The folder of a version among the server's artifacts."""
        uri = str(self._ask("/model-versions/get-download-uri", name=name, version=number)["artifact_uri"])
        if not uri.startswith(_SCHEME):
            raise StoreError(f"{uri}: the server does not serve these files itself", remedy="fetch them from there")
        return uri.removeprefix(_SCHEME).strip("/")

    def _walk(self, base: str, below: str = "") -> Iterator[dict[str, Any]]:
        """The files below a folder, each with its path from ``base``."""
        place = f"{base}/{below}".rstrip("/")
        listed = self._client.ask_json("GET", self.root + _FILES, params={"path": place})
        for entry in listed.get("files", []):
            path = f"{below}/{entry['path']}".lstrip("/")
            if entry.get("is_dir"):
                yield from self._walk(base, path)
            else:
                yield {"path": path, "size": entry.get("file_size")}

    def _file(self, base: str, file: dict[str, Any], name: str, number: str) -> RemoteFile:
        url = f"{self.root}{_FILES}/{quote(base)}/{quote(file['path'])}"
        size = None if file["size"] is None else int(file["size"])
        identity = f"{name} {number} {base}"
        return RemoteFile(file["path"], url, http_opener(self._client, url), size=size, identity=identity)

    def _ask(self, path: str, **parameters: str) -> dict[str, Any]:
        url = self.root + _API + path
        try:
            told: dict[str, Any] = self._client.ask_json("GET", url, params=parameters)
        except UnreachableError:
            raise
        except StoreError as error:
            if "(404)" in error.message or "answers 400" in error.message:
                named = " ".join(parameters.values())
                raise NoSuchBrain(f"{self.label} has no model {named}") from error
            raise
        return told
