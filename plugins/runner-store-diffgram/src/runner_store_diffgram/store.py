"""A Diffgram project as a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from runner_core.cache import Cache, Client, Release, RemoteFile, http_opener
from runner_core.cards import CARD_FILE, Artifact, Card
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain
from runner_core.stores import file_from_bytes
from runner_store_diffgram.graph_file import check_graph
from runner_store_diffgram.online_brain import DiffgramBrain
from runner_store_diffgram.server import BrainInfo, Server

MODEL = "model.pb"
# The server's models are frozen graphs of the TF Object Detection API that take encoded pictures.
ROLES = {
    "image": "encoded_image_string_tensor:0",
    "boxes": "detection_boxes:0",
    "scores": "detection_scores:0",
    "classes": "detection_classes:0",
    "count": "num_detections:0",
}


class DiffgramStore:
    """Brains of one project. The server has one version of each, which is its id there."""

    def __init__(self, location: str) -> None:
        self._server = Server(location)
        self.label = f"diffgram:{self._server.host}/{self._server.project}"

    @staticmethod
    def split(text: str) -> tuple[str, str]:
        """``[https://HOST/]PROJECT/NAME`` is a project and a name."""
        location, _, name = text.rpartition("/")
        return location, name

    def list(self) -> Iterator[BrainRef]:
        """Nothing: the server has no list of a project's brains."""
        return iter(())

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """Makes a new card each time, so that labels have today's names; the model is fetched once."""
        info = self._server.read_brain(name)
        if version not in (None, str(info.id)):
            raise NoSuchBrain(f"{self.label} has version {info.id} of {name}, not {version}")
        files = (self._card_file(name, info), self._model_file(info))
        return cache.install(Release(self.label, name, str(info.id), files))

    def online(self, name: str, version: str | None, conf: float | None) -> DiffgramBrain:
        """The brain that runs on the server; ``conf`` is its score threshold."""
        info = self._server.read_brain(name)
        if version not in (None, str(info.id)):
            raise NoSuchBrain(f"{self.label} has version {info.id} of {name}, not {version}")
        return DiffgramBrain(self._server, name, info, conf)

    def _card_file(self, name: str, info: BrainInfo) -> RemoteFile:
        artifact = Artifact(MODEL, ".pb")
        card = Card(
            name=name, task="tf-detection", version=str(info.id), artifacts=(artifact,), roles=ROLES,
            labels=info.labels, origin=self.label,
        )  # fmt: skip
        data = json.dumps(card.to_json(), indent=1).encode()
        return file_from_bytes(CARD_FILE, f"{self.label}/{CARD_FILE}", data)

    def _model_file(self, info: BrainInfo) -> RemoteFile:
        """The URL has a signature that changes; the part before it, and the brain's id, identify the contents."""
        identity = f"{info.id} {info.url_model.partition('?')[0]}"
        opener = http_opener(Client(), info.url_model)  # maybe another server: the account is not sent there
        return RemoteFile(MODEL, info.url_model, opener, identity=identity, check=check_graph)
