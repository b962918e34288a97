"""What the server does wrong is said in one line; what may be asked twice is, and nothing else."""

import numpy as np
import pytest
from diffgram_server import Fault

from runner_core import Project
from runner_core.cache.cache import Cache
from runner_core.errors import LabelError, RunnerError, StoreError, UnreachableError, UsageError

QUESTIONS = ("local_info", "name_to_file_id", "brain/status")
INFERENCES = ("inference/from_local", "inference/from_url", "inference/add")


def ask(project, part, picture):
    """Something that makes the client ask for what has ``part`` in its path."""
    with project.get_model("page", local=False) as brain:
        return put_to(brain, part, picture)


def put_to(brain, part, picture):
    if part in QUESTIONS:
        return brain.status()
    if part == "inference/from_url":
        return brain.predict_from_url("http://127.0.0.1:9/a.jpg")
    return brain.predict_from_file(5, size=(500, 335)) if "add" in part else brain.predict(picture)


def told_of(boxes, scores, labels):
    return {"inference": {"id": 1, "status": "success", "box_list": boxes, "score_list": scores, "label_list": labels}}


def nothing_is_kept():
    assert Cache().verify() == []
    assert list(Cache().brains()) == []


@pytest.mark.parametrize("part", QUESTIONS)
@pytest.mark.parametrize("fault", [Fault(503), Fault(429, {"Retry-After": "0"}), Fault(500)], ids=str)
def test_a_question_is_asked_again(project, server, picture, impatient, part, fault):
    server.faults[part] = [fault, fault, Fault()]
    ask(project, part, picture)
    assert server.count(part) == 3


@pytest.mark.parametrize("part", INFERENCES)
@pytest.mark.parametrize("fault", [Fault(503), Fault(429, {"Retry-After": "0"}), Fault(wait=1)], ids=str)
def test_an_inference_is_asked_for_once(project, server, picture, impatient, hasty, part, fault):
    """It leaves a record on the server."""
    server.faults[part] = [fault]
    with project.get_model("page", local=False) as brain:
        hasty()
        with pytest.raises(
            UnreachableError, match=rf"{part}: (the server fails|too many requests|the server cannot be)"
        ):
            put_to(brain, part, picture)
    assert server.count(part) == 1


@pytest.mark.parametrize("part", [*QUESTIONS, *INFERENCES])
def test_the_rate_and_the_time_to_wait_are_said(project, server, picture, part):
    server.faults[part] = [Fault(429, {"Retry-After": "999", "X-RateLimit-Limit": "10"})]
    with pytest.raises(UnreachableError, match=rf"{part}.*429, X-RateLimit-Limit: 10\); try again in 999 s"):
        ask(project, part, picture)
    assert server.count(part) == 1


@pytest.mark.parametrize("part", INFERENCES)
@pytest.mark.parametrize("status", [404, 405, 501])
def test_what_the_server_lacks_is_reported(project, server, picture, part, status):
    server.faults[part] = [Fault(status)]
    with pytest.raises(StoreError, match=rf"the server has no {part}; get the brain with local=True"):
        ask(project, part, picture)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"inference": {"id": 1, "status": "pending", "box_list": []}}, "not ready \\(pending\\); ask again"),
        ({"inference": {"id": 1, "status": "failed"}}, "the inference failed"),
        ({"inference": None}, "no 'status'"),
        ({}, "no 'inference'"),
        ([], "list instead of an object"),
        ({"log": {"success": False, "error": {"name": "no permission"}}}, "refuses.*no permission"),
        ({"inference": {"status": "success"}}, "is malformed"),
        (
            told_of([[0, 0, 1]], [1], [1]),
            "is malformed",
        ),
        (told_of([], [1], [1]), "is malformed"),
        (
            told_of([[0] * 4], [1], ["a"]),
            "is malformed",
        ),
    ],
)
def test_a_malformed_inference_is_reported(project, server, picture, told, said):
    server.faults["from_local"] = [Fault(200, data=told)]
    with pytest.raises(StoreError, match=said):
        ask(project, "from_local", picture)


def test_an_inference_of_nothing(project, server, picture):
    server.faults["from_local"] = [Fault(200, data=told_of([], [], []))]
    assert len(ask(project, "from_local", picture)) == 0


@pytest.mark.parametrize(
    ("part", "fault", "error", "said"),
    [
        ("local_info", Fault(403), StoreError, "refuses access"),
        ("local_info", Fault(404), StoreError, "not found"),
        ("local_info", Fault(200), StoreError, "text/html instead of JSON"),
        ("local_info", Fault(302, {"Location": "/elsewhere"}), StoreError, "not found"),
        ("local_info", Fault(200, data={"ai": {"id": 1}}), StoreError, "no 'label_dict'"),
        ("local_info", Fault(200, data={"ai": {"id": 1, "label_dict": {}}}), StoreError, "no 'url_model'"),
        ("local_info", Fault(200, data={"ai": {"id": 1, "label_dict": {"a": 1}}}), StoreError, "is malformed"),
        ("local_info", Fault(200, data={"ai": {"id": 1, "label_dict": {"1": 1, "2": 1}}}), LabelError, "twice"),
        ("name_to_file_id", Fault(200, data={"name_to_file_id": {"a": "b"}}), StoreError, "is malformed"),
        ("name_to_file_id", Fault(200, data={"log": {"success": False}}), StoreError, "no reason given"),
        ("/models/", Fault(200), StoreError, "HTML page"),
        ("/models/", Fault(200, data={"error": "expired"}), StoreError, "not a TensorFlow graph"),
        ("/models/", Fault(404), StoreError, "not found"),
        ("/models/", Fault(302, {"Location": "file:///etc/passwd"}), StoreError, "redirects to .*: refused"),
    ],
)
def test_no_brain_and_nothing_kept(project, server, impatient, part, fault, error, said):
    server.faults[part] = [fault]
    with pytest.raises(error, match=said):
        project.get_model("page")
    nothing_is_kept()


def test_a_server_that_is_silent(project, server, impatient, hasty):
    server.faults["local_info"] = [Fault(wait=1)]
    hasty()
    with pytest.raises(UnreachableError, match=r"local_info: the server cannot be reached \(.*timed out"):
        project.get_model("page")
    nothing_is_kept()


def test_the_account_is_asked_for(project, monkeypatch):
    monkeypatch.setenv("DIFFGRAM_CLIENT_SECRET", "wrong")
    with pytest.raises(StoreError, match=r"refuses access \(403\); check the token or the account"):
        project.get_model("page")


def test_the_account_goes_to_the_server_alone(project, server):
    """The graph lies elsewhere, behind an address that carries its own signature."""
    project.get_model("page").close()
    assert [path for path, account in server.accounts if not account] == ["/models/page?signature=1"]


def test_a_model_that_comes_less_safely_than_the_rest_is_refused(monkeypatch):
    project = Project("diffgram:https://diffgram.example/pages")
    answers = {"POST": {"ai": {"id": 1, "label_dict": {}, "url_model": "http://elsewhere/graph?signature=secret"}}}
    answers["GET"] = {"name_to_file_id": {}}
    monkeypatch.setattr("runner_core.cache.http.Client.ask_json", lambda self, method, *_, **__: answers[method])
    with pytest.raises(StoreError, match="sends to http://elsewhere/graph for the model: refused"):
        project.get_model("page")


@pytest.mark.parametrize("location", ["", "ftp://host/pages", "host/pages", "https://host/"])
def test_a_malformed_project(location):
    with pytest.raises(UsageError, match="is not a Diffgram project; write diffgram:"):
        Project(f"diffgram:{location}").get_model("page")


def test_the_server_down_leaves_what_was_fetched(project, server, picture, impatient, caplog):
    project.get_model("page").close()
    server.faults["local_info"] = [Fault(503)]
    with project.get_model("page") as brain:
        assert len(brain.predict(picture)) == 5
    assert "the server fails (503)" in caplog.text
    assert "version 41, fetched before, is used" in caplog.text


def test_a_label_map_off_by_one_is_refused(project, server, picture):
    """Class 0 of such a network is the background, and the last class would have no name."""
    server.label_dict = {file_id: number - 1 for file_id, number in server.label_dict.items()}
    for local in (True, False):
        with pytest.raises(LabelError, match=r"'person' is class 0.* is the background .*; .*off by one"):
            project.get_model("page", local=local)


@pytest.mark.parametrize("local", [True, False])
def test_a_label_map_of_fewer_classes_is_refused(project, server, picture, local):
    server.label_dict = {file_id: number - 40 for file_id, number in server.label_dict.items() if number > 40}
    with project.get_model("page", local=local) as brain, pytest.raises(LabelError, match="labels run from 1 to 40"):
        brain.predict(picture.parent / "grace_hopper.bmp")


def test_an_unreadable_picture_is_not_sent(project, server, tmp_path):
    (tmp_path / "page.jpg").write_text("<html>")
    with project.get_model("page", local=False) as brain, pytest.raises(RunnerError, match=r"page\.jpg"):
        brain.predict(tmp_path / "page.jpg")
    assert server.count("inference") == 0


def test_scores_below_conf_are_left_out(project, picture):
    with project.get_model("page", local=False) as low, project.get_model("page", local=False, conf=0.7) as high:
        scores = low.predict(picture).scores
        assert 0 < len(high.predict(picture)) == np.count_nonzero(scores >= 0.7) < len(scores)
