"""What an MLflow server says of its model registry, and the files behind it, over plain REST.

Protocol: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import attrs

from runner_core.cache import Client, RemoteFile, http_opener
from runner_core.errors import NoSuchBrain, StoreError

_API = "/api/2.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_SCHEME = "mlflow-artifacts:"
_MOST_FILES = 10_000


@attrs.frozen
class Entry:
    """A file of a version: its path below the version's folder, its size in bytes."""

    path: str
    size: int | None


class Registry:
    """All methods raise NoSuchBrain, UnreachableError, StoreError."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._client = Client(token=os.environ.get("MLFLOW_TRACKING_TOKEN", ""))
        account = os.environ.get("MLFLOW_TRACKING_USERNAME"), os.environ.get("MLFLOW_TRACKING_PASSWORD")
        if account[0] and account[1]:
            self._client.auth = (account[0], account[1])

    def models(self) -> Iterator[tuple[str, str, str]]:
        """(name, greatest version, description) of each model that has a version."""
        page = ""
        while True:
            told = self._ask("/registered-models/search", page_token=page)
            for model in told.get("registered_models", []):
                version = _greatest(model)
                if version:
                    yield str(model["name"]), version, str(model.get("description", ""))
            page = str(told.get("next_page_token", ""))
            if not page:
                return

    def number(self, name: str, wanted: str | None) -> str:
        """The number of a version: of an alias, or the greatest."""
        if wanted is None:
            number = _greatest(_field(self._ask("/registered-models/get", name=name), "registered_model"))
            if not number:
                raise NoSuchBrain(f"{self._root}: {name} has no version")
            return number
        if wanted.isdecimal():
            return wanted
        return str(_field(self._ask("/registered-models/alias", name=name, alias=wanted), "model_version", "version"))

    def folder(self, name: str, number: str) -> str:
        """Where a version lies among the server's artifacts."""
        told = self._ask("/model-versions/get-download-uri", name=name, version=number)
        uri = str(_field(told, "artifact_uri"))
        if not uri.startswith(f"{_SCHEME}/"):
            raise StoreError(f"{uri}: the server does not serve these files itself", remedy="fetch them from there")
        return uri.removeprefix(_SCHEME).strip("/")

    def files(self, folder: str) -> Iterator[Entry]:
        """Every file below a folder."""
        for count, entry in enumerate(self._walk(folder, "")):
            if count == _MOST_FILES:
                raise StoreError(f"{self._root}: more than {_MOST_FILES} files in {folder}")
            yield entry

    def file(self, folder: str, entry: Entry, place: str) -> RemoteFile:
        """An entry as a file at ``place`` of a release. Each version has a folder of its own, and keeps it."""
        url = f"{self._root}{_FILES}/{quote(folder)}/{quote(entry.path)}"
        opener = http_opener(self._client, url)
        return RemoteFile(place, url, opener, size=entry.size, identity=folder)

    def _walk(self, folder: str, below: str) -> Iterator[Entry]:
        place = f"{folder}/{below}".rstrip("/")
        told = self._client.ask_json("GET", self._root + _FILES, params={"path": place})
        for file in told.get("files", []):
            name = str(_field(file, "path"))
            if not name or "/" in name or name == "..":
                raise StoreError(f"{self._root}: {name!r} is no name of a file in {place}")
            path = f"{below}/{name}".lstrip("/")
            if file.get("is_dir"):
                yield from self._walk(folder, path)
            else:
                yield Entry(path, None if file.get("file_size") is None else int(file["file_size"]))

    def _ask(self, path: str, **parameters: str) -> dict[str, Any]:
        try:
            told: dict[str, Any] = self._client.ask_json("GET", self._root + _API + path, params=parameters)
        except StoreError as error:
            if error.status not in (400, 404):  # an alias that nobody knows is a bad request
                raise
            named = " ".join(parameters.values())
            raise NoSuchBrain(f"{self._root}: the registry has no {named}") from error
        return told


def _greatest(model: dict[str, Any]) -> str:
    """Of a model's versions, by its last of each stage; empty where there is none."""
    numbers = [int(version["version"]) for version in model.get("latest_versions", [])]
    return str(max(numbers)) if numbers else ""


def _field(told: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(told, dict) or name not in told:
            raise StoreError(f"the server's answer has no {name!r}", remedy="is it an MLflow server?")
        told = told[name]
    return told
