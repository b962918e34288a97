"""The Diffgram server's protocol: what is asked of it and what it answers."""

from __future__ import annotations

import os
from typing import Any

import attrs

from runner_core.cache.http import Client
from runner_core.errors import NoSuchBrain, StoreError, UsageError
from runner_core.labels import Label, LabelMap

HOST = "https://diffgram.com"
ID_VARIABLE = "DIFFGRAM_CLIENT_ID"
SECRET_VARIABLE = "DIFFGRAM_CLIENT_SECRET"


@attrs.frozen
class BrainInfo:
    """What the server says of a brain: its id, its labels, where its graph is."""

    id: int
    labels: LabelMap
    url_model: str


class Server:
    """One project on one server. All methods raise UnreachableError, StoreError."""

    def __init__(self, location: str) -> None:
        host, _, self.project = location.rstrip("/").rpartition("/")
        if not self.project or (host and not host.startswith(("http://", "https://"))):
            raise UsageError(f"{location!r} is no Diffgram project", remedy="write diffgram:[https://HOST/]PROJECT")
        self.host = host or HOST
        self.client = Client()
        account = (os.environ.get(ID_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, ""))
        if any(account):
            self.client.auth = account

    def brain(self, name: str) -> BrainInfo:
        """Raises NoSuchBrain where the project has none of that name."""
        data = self._post(f"/api/walrus/project/{self.project}/brain/local_info", json={"ai_name": name})
        ai = data.get("ai")
        if not isinstance(ai, dict):
            raise NoSuchBrain(f"{self.host}: project {self.project} has no brain {name!r}")
        return BrainInfo(_field(ai, "id"), self._labels(_field(ai, "label_dict")), _field(ai, "url_model"))

    def status(self, name: str) -> str:
        """How far the server is with training the brain."""
        data = self._post(f"/api/walrus/v1/project/{self.project}/brain/status", json={"ai_name": name})
        return str(_field(_field(data, "ai"), "status"))

    def infer_bytes(self, name: str, picture: bytes) -> dict[str, Any]:
        """The server's inference of an encoded picture."""
        form = {"immediate_mode": "True", "ai_name": name}
        path = f"/api/walrus/v1/project/{self.project}/inference/from_local"
        return self._inference(path, files={"file": ("picture", picture)}, data=form)

    def infer_url(self, name: str, url: str) -> dict[str, Any]:
        """The server's inference of a picture that it fetches itself."""
        path = f"/api/walrus/v1/project/{self.project}/inference/from_url"
        return self._inference(path, json={"url": url, "ai_name": name})

    def infer_file(self, name: str, file_id: int) -> dict[str, Any]:
        """The server's inference of a file that it holds."""
        asked = {"file_list": [{"id": file_id}], "ai_name": name, "wait_for_inference": True}
        return self._inference(f"/api/walrus/project/{self.project}/inference/add", json=asked)

    def _labels(self, model_ids: dict[str, int]) -> LabelMap:
        """The three maps: ``label_dict`` gives file_id -> model_id, the project's labels give name -> file_id."""
        url = f"{self.host}/api/v1/project/{self.project}/labels/view/name_to_file_id"
        names = {int(number): name for name, number in _field(self._checked("GET", url), "name_to_file_id").items()}
        pairs = sorted((int(model_id), int(file_id)) for file_id, model_id in model_ids.items())
        return LabelMap(tuple(Label(model, file, names.get(file, f"label {file}")) for model, file in pairs))

    def _inference(self, path: str, **request: Any) -> dict[str, Any]:
        inference: dict[str, Any] = _field(self._post(path, **request), "inference")
        return inference

    def _post(self, path: str, **request: Any) -> dict[str, Any]:
        return self._checked("POST", self.host + path, **request)

    def _checked(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        """The answer, unless its log says that the server did not do what was asked."""
        data = self.client.ask_json(method, url, **request)
        if not isinstance(data, dict):
            raise StoreError(f"{url}: the server sent {type(data).__name__} instead of an object")
        log = data.get("log", {})
        if isinstance(log, dict) and log.get("success") is False:
            raise StoreError(f"{url}: the server refuses: {log.get('error') or 'no reason given'}")
        return data


def _field(data: dict[str, Any], name: str) -> Any:
    if name not in data:
        raise StoreError(f"the server's answer has no {name!r}", remedy="is it a Diffgram server of another version?")
    return data[name]
