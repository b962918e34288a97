"""A graph that writes a file, from a path and from stores alike: refused by name, trusted by name, and no longer."""

from __future__ import annotations

import json

import pytest
from diffgram_server import ACCOUNT, PROJECT, DiffgramServer
from hostile_models import writing_graph

from runner_core import Project, open_brain
from runner_core.cards.artifact import Artifact, describe_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import UntrustedError

REFUSED = "node 'WriteFile' runs the op 'WriteFile', which could read and write files or run code; .*trust"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))


@pytest.fixture
def target(tmp_path):
    return tmp_path / "written"


@pytest.fixture(params=["path", "folder", "diffgram"])
def reference(request, tmp_path, target, monkeypatch):
    """The brain as it is typed."""
    model = writing_graph(tmp_path / "shelf" / "page" / "1" / "model.pb", target)
    if request.param == "path":
        yield str(model)
    elif request.param == "folder":
        artifact = Artifact(model.name, ".pb", describe_files(model.parent, model))
        roles = {"image": "encoded_image_string_tensor", "boxes": "detection_boxes", "scores": "detection_scores"}
        roles |= {"classes": "detection_classes", "count": "num_detections"}
        roles = {role: f"{name}:0" for role, name in roles.items()}
        Card("page", "tf-detection", artifacts=(artifact,), roles=roles).write(model.parent / CARD_FILE)
        yield f"folder:{tmp_path / 'shelf'}/page"
    else:
        monkeypatch.setenv("DIFFGRAM_CLIENT_ID", ACCOUNT[0])
        monkeypatch.setenv("DIFFGRAM_CLIENT_SECRET", ACCOUNT[1])
        with DiffgramServer({"page": model}, {"sheet": 17}, {"17": 1}) as server:
            yield f"diffgram:{server.host}/{PROJECT}/page"


def test_it_is_refused_before_a_line_of_it_runs(reference, target):
    with pytest.raises(UntrustedError, match=REFUSED):
        open_brain(reference)
    assert not target.exists()


@pytest.mark.parametrize("engine", ["auto", "tensorflow", "openvino,tensorflow", "tensorflow,openvino"])
def test_whichever_engine_is_asked_for_it_writes_nothing(reference, target, engine, testdata):
    """OpenVINO knows no op that writes, so it refuses the graph too."""
    with pytest.raises(UntrustedError, match=REFUSED):
        open_brain(reference, engine=engine)
    assert not target.exists()


def test_trusted_once_it_runs_until_it_changes(tmp_path, target, testdata):
    model = writing_graph(tmp_path / "page.pb", target)
    picture = testdata / "pictures" / "football.jpg"
    with open_brain(model, trust=True, labels=["sheet"], first_class=1) as brain:
        assert brain.predict(picture).names == ["sheet"]
    assert target.exists()
    target.unlink()
    with open_brain(model) as brain:  # remembered
        brain.predict(picture)
    assert target.exists()
    target.unlink()
    writing_graph(model, tmp_path / "elsewhere")
    with pytest.raises(UntrustedError, match=REFUSED):
        open_brain(model)
    assert not target.exists()


def test_a_brain_that_changed_on_the_server_is_a_stranger_again(tmp_path, target, monkeypatch):
    monkeypatch.setenv("DIFFGRAM_CLIENT_ID", ACCOUNT[0])
    monkeypatch.setenv("DIFFGRAM_CLIENT_SECRET", ACCOUNT[1])
    model = writing_graph(tmp_path / "model.pb", target)
    with DiffgramServer({"page": model}, {"sheet": 17}, {"17": 1}) as server:
        project = Project(f"diffgram:{server.host}/{PROJECT}")
        project.get_model("page", trust=True).close()
        server.name_to_file_id = {"leaf": 17}
        with project.get_model("page") as brain:  # other labels, the same graph
            assert brain.labels.names == ("leaf",)
        writing_graph(model, tmp_path / "elsewhere")
        server.number += 1
        with pytest.raises(UntrustedError, match=REFUSED):
            project.get_model("page")


def test_on_the_command_line(runner, tmp_path, target, testdata):
    model = writing_graph(tmp_path / "page.pb", target)
    picture = testdata / "pictures" / "football.jpg"
    predict = ("predict", picture, "--brain", model, "--conf", "0.5")
    done = runner(*predict)
    assert (done.returncode, done.stdout) == (1, "")
    assert "node 'WriteFile' runs the op 'WriteFile'" in done.stderr
    assert "--trust" in done.stderr
    assert not target.exists()
    done = runner(*predict, "--trust", "graphs")
    assert done.returncode == 2
    assert "--trust graphs: no brain of this command has that name" in done.stderr
    done = runner(*predict, "--trust", model, "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["instances"]) == 1
    target.unlink()
    assert runner(*predict).returncode == 0
    assert target.exists()
    assert list(json.loads((tmp_path / "home" / "trust.json").read_text()).values()) == ["page.pb"]


def test_trust_is_for_one_brain_alone(runner, tmp_path, target, testdata):
    named = writing_graph(tmp_path / "page.pb", tmp_path / "named")
    other = writing_graph(tmp_path / "graphs.pb", target)
    picture = testdata / "pictures" / "football.jpg"
    done = runner("predict", picture, "--brain", named, "--brain", other, "--trust", named)
    assert done.returncode == 1
    assert str(other) in done.stderr
    assert not target.exists()
