"""The Diffgram server's protocol: requests and answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from runner_core.cache import IDEMPOTENT_METHODS, Client
from runner_core.cards import Label, LabelMap
from runner_core.errors import LabelError, NoSuchBrain, StoreError, UsageError
from runner_core.util import redact_url

HOST = "https://diffgram.com"
ID_VARIABLE = "DIFFGRAM_CLIENT_ID"
SECRET_VARIABLE = "DIFFGRAM_CLIENT_SECRET"
_UNFINISHED = frozenset({"init", "pending", "processing", "queued", "running", "waiting"})
_FAILED = frozenset({"error", "failed", "failure"})
_LACKING = (404, 405, 501)


@attrs.frozen
class BrainInfo:
    """What the server says about a brain: its id, its labels, the URL of its graph."""

    id: int
    labels: LabelMap
    url_model: str


class Server:
    """One project on one server. All methods raise UnreachableError, StoreError.

    Questions, among them those by POST, are repeated while the server is busy. An inference is requested only once:
    each leaves a record there.
    """

    def __init__(self, location: str) -> None:
        host, _, self.project = location.rstrip("/").rpartition("/")
        if not self.project or (host and not host.startswith(("http://", "https://"))):
            raise UsageError(f"{location!r} is not a Diffgram project", remedy="write diffgram:[https://HOST/]PROJECT")
        self.host = host or HOST
        self._asking, self._inferring = Client(methods=(*IDEMPOTENT_METHODS, "POST")), Client()
        account = (os.environ.get(ID_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, ""))
        if any(account):
            self._asking.auth = self._inferring.auth = account

    def read_brain(self, name: str) -> BrainInfo:
        """Raises NoSuchBrain if the project has no brain of that name, LabelError if its label map is off by one."""
        data = self._ask("POST", f"/api/walrus/project/{self.project}/brain/local_info", json={"ai_name": name})
        ai = data.get("ai")
        if not isinstance(ai, dict):
            raise NoSuchBrain(f"{self.host}: project {self.project} has no brain {name!r}")
        return BrainInfo(_get_field(ai, "id"), self._read_labels(_get_field(ai, "label_dict")), self._model_url(ai))

    def read_status(self, name: str) -> str:
        """How far the server is with training the brain."""
        data = self._ask("POST", f"/api/walrus/v1/project/{self.project}/brain/status", json={"ai_name": name})
        return str(_get_field(_get_field(data, "ai"), "status"))

    def infer_bytes(self, name: str, picture: bytes) -> dict[str, Any]:
        """The server's inference of an encoded picture."""
        form = {"immediate_mode": "True", "ai_name": name}
        path = f"/api/walrus/v1/project/{self.project}/inference/from_local"
        return self._infer(path, files={"file": ("picture", picture)}, data=form)

    def infer_url(self, name: str, url: str) -> dict[str, Any]:
        """The server's inference of a picture that it fetches itself."""
        path = f"/api/walrus/v1/project/{self.project}/inference/from_url"
        return self._infer(path, json={"url": url, "ai_name": name})

    def infer_file(self, name: str, file_id: int) -> dict[str, Any]:
        """The server's inference of a file that it holds."""
        asked = {"file_list": [{"id": file_id}], "ai_name": name, "wait_for_inference": True}
        return self._infer(f"/api/walrus/project/{self.project}/inference/add", json=asked)

    def close(self) -> None:
        """Closes the connections; the next request opens new ones."""
        self._asking.close()
        self._inferring.close()

    def _read_labels(self, model_ids: Mapping[str, int]) -> LabelMap:
        """Joins two maps: ``label_dict`` gives file_id -> model_id, the project's labels give name -> file_id."""
        path = f"/api/v1/project/{self.project}/labels/view/name_to_file_id"
        try:
            names = {
                int(number): name for name, number in _get_field(self._ask("GET", path), "name_to_file_id").items()
            }
            pairs = sorted((int(model_id), int(file_id)) for file_id, model_id in model_ids.items())
        except (AttributeError, TypeError, ValueError) as error:
            raise StoreError(f"{self.host}: the label map of {self.project} is malformed ({error})") from error
        labels = LabelMap(tuple(Label(model, file, names.get(file, f"label {file}")) for model, file in pairs))
        if 0 in labels.model_id_to_file_id and 0 not in labels.background:
            raise LabelError(
                f"{self.host}: {labels.name(0)!r} is class 0, which is the background in a network of this kind",
                remedy="the server's label_dict is off by one: its first class is 1",
            )
        return labels

    def _model_url(self, ai: Mapping[str, Any]) -> str:
        """The URL of the graph. It must be https if the server's is: no checksum would show that it was altered."""
        url = str(_get_field(ai, "url_model"))
        if self.host.startswith("https:") and urlsplit(url).scheme != "https":
            raise StoreError(f"{self.host}: sends to {redact_url(url)} for the model: refused")
        return url

    def _infer(self, path: str, **request: Any) -> dict[str, Any]:
        try:
            answer = _ask_checked(self._inferring, "POST", self.host + path, **request)
        except StoreError as error:
            if error.status not in _LACKING:
                raise
            lacking = path.rpartition("/inference/")[2]
            remedy = "get the brain with local=True"
            raise StoreError(f"{self.host}: the server has no inference/{lacking}", remedy=remedy) from error
        return self._check_finished(_get_field(answer, "inference"))

    def _check_finished(self, inference: Any) -> dict[str, Any]:
        state = str(_get_field(inference, "status")).lower()
        if state in _UNFINISHED:
            raise StoreError(f"{self.host}: the inference is not ready ({state})", remedy="ask again later")
        if state in _FAILED:
            raise StoreError(f"{self.host}: the inference failed there", remedy="the server's own log says why")
        return dict(inference)

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        return _ask_checked(self._asking, method, self.host + path, **request)


def _ask_checked(client: Client, method: str, url: str, **request: Any) -> dict[str, Any]:
    """The answer. Raises StoreError if its log says that the server did not do what was asked."""
    data = client.ask_json(method, url, **request)
    if not isinstance(data, dict):
        raise StoreError(f"{url}: the server sent {type(data).__name__} instead of an object")
    log = data.get("log", {})
    if isinstance(log, dict) and log.get("success") is False:
        raise StoreError(f"{url}: the server refuses: {log.get('error') or 'no reason given'}")
    return data


def _get_field(data: Any, name: str) -> Any:
    if not isinstance(data, dict) or name not in data:
        raise StoreError(f"the server's answer has no {name!r}", remedy="is it a Diffgram server of another version?")
    return data[name]
