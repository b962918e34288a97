"""The article's server: brains local and online, label maps that live, faults in one line."""

from __future__ import annotations

import numpy as np
import pytest
from diffgram_server import ACCOUNT, PROJECT, DiffgramServer
from runner_store_diffgram.graph_file import check_graph

from runner_core import Project, open_brain
from runner_core.cache.cache import Cache
from runner_core.errors import LabelError, NoSuchBrain, StoreError, UnreachableError, UsageError

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


def test_the_same_picture_gives_the_same_inference_here_and_there(project, server, picture):
    with project.get_model("page", local=True) as here, project.get_model("page", local=False) as there:
        one, other = here.predict_from_local(picture), there.predict_from_local(picture)
    assert [instance.label for instance in one.instances] == ["person"] * 4 + ["sports ball"]
    assert one.names == other.names
    assert one.file_ids.tolist() == other.file_ids.tolist() == [1000] * 4 + [1032]
    assert (one.size, one.task, one.version) == (other.size, other.task, other.version)
    np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_two_brains_of_the_article(project, picture):
    page = project.get_model(name="page", local=True)
    graphs = project.get_model(name="graphs", local=True)
    inferences = [brain.predict_from_local(picture) for brain in (page, graphs)]
    assert [inference.brain for inference in inferences] == ["page", "graphs"]
    assert all(len(inference) == 5 for inference in inferences)
    page.close()
    graphs.close()


def test_a_label_renamed_there_is_renamed_here_without_a_new_download(project, server, picture):
    with project.get_model("page") as brain:
        assert brain.file_id_to_name[1000] == "person"
        assert brain.file_id_to_model_id[1000] == 1
        assert brain.model_id_to_file_id[1] == 1000
    server.name_to_file_id["player"] = server.name_to_file_id.pop("person")
    with project.get_model("page") as brain:
        assert brain.predict(picture).instances[0].label == "player"
        assert brain.predict(picture).instances[0].file_id == 1000
    assert server.downloads == 1


def test_online_by_url_and_by_file(project, server, picture, testdata, tmp_path):
    server.files[5] = picture.read_bytes()
    server.brains["picture"] = picture  # any file behind the server's address
    with project.get_model("page", local=False) as there:
        local = there.predict_from_local(picture)
        by_url = there.predict_from_url(f"{server.host}/models/picture")
        by_file = there.predict_from_file(5, size=local.size)
        assert there.status() == "trained"
        with pytest.raises(UsageError, match="does not tell the size of file 5"):
            there.predict_from_file(5)
    for other in (by_url, by_file):
        assert other.names == local.names
        np.testing.assert_array_equal(other.boxes, local.boxes)
    with project.get_model("page") as here, pytest.raises(UsageError, match="does not see file 5"):
        here.predict_from_file(5)


def test_labels_off_by_one_are_refused(project, server, picture):
    server.label_dict = {file_id: number - 40 for file_id, number in server.label_dict.items() if number > 40}
    with project.get_model("page") as brain, pytest.raises(LabelError, match="labels run from 1 to 40"):
        brain.predict(picture.parent / "grace_hopper.bmp")


def test_the_server_down_leaves_what_was_fetched(project, server, picture, caplog):
    project.get_model("page").close()
    server.refuse["local_info"] = (503, {})
    with project.get_model("page") as brain:
        assert len(brain.predict(picture)) == 5
    assert "the server fails (503)" in caplog.text
    assert "version 41, fetched before, is used" in caplog.text


@pytest.mark.parametrize(
    ("end", "status", "headers", "error", "said"),
    [
        ("local_info", 403, {}, StoreError, "refuses access"),
        ("local_info", 404, {}, StoreError, "not found"),
        ("local_info", 500, {}, UnreachableError, "fails"),
        ("local_info", 429, {"Retry-After": "9", "X-RateLimit-Limit": "10"}, UnreachableError, "X-RateLimit-Limit: 10"),
        ("local_info", 200, {}, StoreError, "text/html instead of JSON"),
        ("/models/", 200, {}, StoreError, "HTML page"),
        ("/models/", 404, {}, StoreError, "not found"),
    ],
)
def test_what_the_server_does_wrong_is_said(project, server, tmp_path, end, status, headers, error, said):
    server.refuse[end] = (status, headers)
    with pytest.raises(error, match=said):
        project.get_model("page")
    assert Cache().verify() == []
    assert list(Cache().brains()) == []


def test_an_unknown_brain(project):
    with pytest.raises(NoSuchBrain, match="no brain 'nobody'"):
        project.get_model("nobody")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.999])
def test_a_graph_cut_short_is_no_graph(testdata, tmp_path, cut):
    whole = (testdata / "models" / GRAPH).read_bytes()
    part = tmp_path / "part.pb"
    part.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(StoreError, match="not all of it"):
        check_graph(part)
    part.write_bytes(whole)
    check_graph(part)


def test_a_reference_on_the_command_line(server, picture):
    with open_brain(f"diffgram:{server.host}/{PROJECT}/page") as brain:
        assert len(brain.predict(picture)) == 5
