"""Project: brains by name, here or online, and what is said where a store cannot do that."""

import pytest
from online_store import PLUGIN, OnlineStore
from shelves import publish

from runner_core import Project
from runner_core.errors import NoSuchBrain, UsageError
from runner_core.testing import FAKE_ENGINE, FAKE_TASK, registry_of


@pytest.fixture(autouse=True)
def stores(tmp_path, monkeypatch):
    """A folder with ``page``, then two stores that run brains online."""
    publish(tmp_path / "shelf")
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUNNER_STORES", f"shelf=folder:{tmp_path}/shelf far=online:graphs farther=online:page,graphs")
    with registry_of("runner_store_folder.plugin", engines=[FAKE_ENGINE], tasks=[FAKE_TASK], stores=[PLUGIN]):
        yield


def test_what_the_stores_offer():
    assert [(store, ref.name) for store, ref in Project().brains()] == [
        ("shelf", "page"), ("far", "graphs"), ("farther", "page"), ("farther", "graphs")
    ]  # fmt: skip
    assert [(store, ref.name) for store, ref in Project("far").brains()] == [("far", "graphs")]


@pytest.mark.parametrize("project", ["far", "online:graphs"])
def test_an_online_brain_of_a_store(project):
    with Project(project).get_model("graphs", version="3", local=False, conf=0.7) as brain:
        assert brain.name == "graphs"
    assert OnlineStore.asked == ("graphs", "3", 0.7)


def test_an_online_brain_of_whichever_store_runs_it():
    with Project().get_model(name="page", local=False) as brain:
        assert brain.name == "page"
    assert OnlineStore.asked == ("page", None, None)


def test_no_store_that_could_has_it():
    with pytest.raises(NoSuchBrain, match=r"no store has a brain named 'mug' \(asked: shelf, far, farther\)"):
        Project().get_model("mug", local=False)


def test_a_store_that_runs_nothing_says_so():
    with pytest.raises(UsageError, match=r"no store runs page online \(asked: folder:.*\); leave local=True"):
        Project("shelf").get_model("page", local=False)


def test_a_store_that_gives_nothing_away_says_so():
    with pytest.raises(NoSuchBrain, match="gives no brain away"):
        Project("far").get_model("graphs")


def test_options_that_an_online_brain_does_not_take():
    with pytest.raises(UsageError, match="an online brain takes no engine, threads; it takes conf"):
        Project("far").get_model("graphs", local=False, conf=0.5, engine="onnx", threads=1)
    with pytest.raises(UsageError, match="conf is 5"):
        Project("far").get_model("graphs", local=False, conf=5)


def test_an_unknown_store():
    with pytest.raises(UsageError, match="there is no store 'nowhere'"):
        Project("nowhere:here")
