"""A user without a home folder: what needs none works, what needs one says so in a line."""

import platformdirs
import pytest
from PIL import Image

from runner_core import open_brain
from runner_core.cache.cache import Cache
from runner_core.loading.speed_cache import Speed, remember_speeds
from runner_core.stores.config import read_configured_stores
from runner_core.util.facts import read_facts, update_facts
from runner_core.util.home import NoHomeError, find_home


@pytest.fixture
def homeless(monkeypatch):
    """A stand-in for a user whom the system does not know, as in a container: only root can become one."""

    def refuse(*_, **__):
        raise RuntimeError("could not determine the home directory for '~/.cache'")

    monkeypatch.delenv("RUNNER_HOME", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", refuse)


def test_what_needs_a_home_says_what_to_set(homeless, tmp_path):
    for ask in (find_home, lambda: Cache().root, lambda: update_facts("trust.json", dict)):
        with pytest.raises(NoHomeError, match="this user has no home folder; set RUNNER_HOME to a folder"):
            ask()


def test_a_model_by_its_path_needs_none(homeless, testdata, tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    models = testdata / "models"
    with open_brain(models / "fastestdet_coco.onnx", labels=models / "coco80.txt") as brain:
        assert len(brain(tmp_path / "a.png")) == 0


def test_nothing_is_known_and_nothing_kept(homeless, caplog):
    assert read_facts("trust.json") == {}
    read_configured_stores()
    remember_speeds({"key": Speed(1.0)})
    assert "engines are measured again the next time" in caplog.text
