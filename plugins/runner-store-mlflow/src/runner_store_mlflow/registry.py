"""What an MLflow server says about its model registry, and the files in it, over plain REST.

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
_MAX_FILES = 10_000


@attrs.frozen
class Entry:
    """A file of a version: its path below the version's folder, its size in bytes."""

    path: str
    size: int | None


class Registry:
    """One server. All methods raise NoSuchBrain, UnreachableError, StoreError."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._client = Client(token=os.environ.get("MLFLOW_TRACKING_TOKEN", ""))
        account = os.environ.get("MLFLOW_TRACKING_USERNAME"), os.environ.get("MLFLOW_TRACKING_PASSWORD")
        if account[0] and account[1]:
            self._client.auth = (account[0], account[1])

    def list_models(self) -> Iterator[tuple[str, str, str]]:
        """(name, greatest version, description) of each model that has a version."""
        page = ""
        while True:
            found = self._ask("/registered-models/search", page_token=page)
            for model in found.get("registered_models", []):
                version = _greatest_version(model)
                if version:
                    yield str(model["name"]), version, str(model.get("description", ""))
            page = str(found.get("next_page_token", ""))
            if not page:
                return

    def find_version(self, name: str, wanted: str | None) -> str:
        """The number of a version: ``wanted`` is a number or an alias; None is the greatest number."""
        if wanted is None:
            number = _greatest_version(_get_field(self._ask("/registered-models/get", name=name), "registered_model"))
            if not number:
                raise NoSuchBrain(f"{self._root}: {name} has no version")
            return number
        if wanted.isdecimal():
            return wanted
        return str(
            _get_field(self._ask("/registered-models/alias", name=name, alias=wanted), "model_version", "version")
        )

    def find_folder(self, name: str, number: str) -> str:
        """The folder of a version among the server's artifacts."""
        answer = self._ask("/model-versions/get-download-uri", name=name, version=number)
        uri = str(_get_field(answer, "artifact_uri"))
        if not uri.startswith(f"{_SCHEME}/"):
            raise StoreError(f"{uri}: the server does not serve these files itself", remedy="fetch them from there")
        return uri.removeprefix(_SCHEME).strip("/")

    def list_files(self, folder: str) -> Iterator[Entry]:
        """Every file below a folder."""
        for count, entry in enumerate(self._walk(folder, "")):
            if count == _MAX_FILES:
                raise StoreError(f"{self._root}: more than {_MAX_FILES} files in {folder}")
            yield entry

    def make_file(self, folder: str, entry: Entry, place: str) -> RemoteFile:
        """An entry as a file at ``place`` of a release. Each version has a folder of its own, and keeps it."""
        url = f"{self._root}{_FILES}/{quote(folder)}/{quote(entry.path)}"
        opener = http_opener(self._client, url)
        return RemoteFile(place, url, opener, size=entry.size, identity=folder)

    def _walk(self, folder: str, below: str) -> Iterator[Entry]:
        place = f"{folder}/{below}".rstrip("/")
        listed = self._client.ask_json("GET", self._root + _FILES, params={"path": place})
        for file in listed.get("files", []):
            name = str(_get_field(file, "path"))
            if not name or "/" in name or name == "..":
                raise StoreError(f"{self._root}: {name!r} is not a name of a file in {place}")
            path = f"{below}/{name}".lstrip("/")
            if file.get("is_dir"):
                yield from self._walk(folder, path)
            else:
                yield Entry(path, None if file.get("file_size") is None else int(file["file_size"]))

    def _ask(self, path: str, **parameters: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._client.ask_json("GET", self._root + _API + path, params=parameters)
        except StoreError as error:
            if error.status not in (400, 404):  # for an unknown alias the server answers 400
                raise
            named = " ".join(parameters.values())
            raise NoSuchBrain(f"{self._root}: the registry has no {named}") from error
        return answer


def _greatest_version(model: dict[str, Any]) -> str:
    """The greatest number among a model's latest versions of each stage; empty if there is none."""
    numbers = [int(version["version"]) for version in model.get("latest_versions", [])]
    return str(max(numbers)) if numbers else ""


def _get_field(data: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(data, dict) or name not in data:
            raise StoreError(f"the server's answer has no {name!r}", remedy="is it an MLflow server?")
        data = data[name]
    return data
