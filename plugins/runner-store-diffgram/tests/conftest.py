"""A server that speaks the protocol, with two brains of a real network and three label maps of its own."""

import pytest
from diffgram_server import ACCOUNT, PROJECT, DiffgramServer

from runner_core import Project

GRAPH = "fastestdet_coco_tf1_encoded_image_string_tensor.pb"


@pytest.fixture
def server(testdata, tmp_path, monkeypatch):
    names = (testdata / "models" / "coco80.txt").read_text().split("\n")[:80]
    file_ids = {name: 1000 + number for number, name in enumerate(names)}
    label_dict = {str(file_id): number for number, file_id in enumerate(file_ids.values(), 1)}
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DIFFGRAM_CLIENT_ID", ACCOUNT[0])
    monkeypatch.setenv("DIFFGRAM_CLIENT_SECRET", ACCOUNT[1])
    graph = testdata / "models" / GRAPH
    with DiffgramServer({"page": graph, "graphs": graph}, file_ids, label_dict) as running:
        yield running


@pytest.fixture
def project(server):
    return Project(f"diffgram:{server.host}/{PROJECT}")


@pytest.fixture
def picture(testdata):
    return testdata / "pictures" / "football.jpg"


@pytest.fixture
def impatient(monkeypatch):
    """Retries do not wait where the server does not ask for it."""
    monkeypatch.setattr("urllib3.Retry.get_backoff_time", lambda _: 0)


@pytest.fixture
def hasty(monkeypatch):
    """Called, it lets a silent server be given up soon: not before, or a busy machine would seem silent too."""
    return lambda: monkeypatch.setattr("runner_core.cache.http.TIMEOUT", (5.0, 0.5))
