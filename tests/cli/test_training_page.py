"""``runner train --view``: a page that shows what a training gets wrong, while it goes on."""

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from colours import draw_colours, install_colours
from view_client import read
from websockets.sync.client import connect

from runner_core.cli import training_page
from runner_core.pipeline.summary import Summary
from runner_core.training import TRUTH, TrainingStep

PLUGINS = "classification,colours,datasets,onnx,store-folder"


@pytest.fixture
def environment(tmp_path):
    draw_colours(tmp_path / "pictures")
    return install_colours(tmp_path / "plugin") | {"RUNNER_HOME": str(tmp_path / "home")}


@pytest.fixture
def train(runner, tmp_path, environment):
    def call(*arguments, **variables):
        return runner(
            "train", "--data", tmp_path / "pictures", "--name", "cups", *arguments, **environment, **variables
        )

    return call


def test_it_shows_the_answer_and_the_labels(tmp_path, environment):
    command = [sys.executable, "-m", "runner_core.cli.main", "train", "--data", "pictures", "--name", "cups"]
    with subprocess.Popen(
        [*command, "--option", "pause=0.3", "--view", "0"], cwd=tmp_path, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        host = next(found[1] for line in process.stderr if (found := re.match(r"view: http://(\S+?)/", line)))
        with connect(f"ws://{host}/frames", proxy=None) as viewer:
            head, picture, _ = read(viewer.recv(60))
        out, err = process.communicate(timeout=240)
    assert out.startswith("cups@1"), err
    assert head["camera"] == "worst 1"
    assert [brain["brain"] for brain in head["brains"]] == ["cups", TRUTH]
    answer, truth = (brain["instances"][0]["class"] for brain in head["brains"])
    assert answer == 0
    assert head["brains"][1]["classes"][str(truth)]["name"] == head["file"].partition("/")[0]
    assert picture


@pytest.mark.parametrize("page", ["nowhere", "80000"])
def test_a_page_that_cannot_be_is_said_before_anything_is_learnt(page, train, tmp_path):
    done = train(f"--view={page}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"view:{page}: {page!r} is not a port" in done.stderr
    assert not (tmp_path / "home" / "trained").exists()


def test_without_a_view_it_says_what_to_install(train):
    done = train("--view", "0", RUNNER_LOAD_PLUGINS=PLUGINS)
    assert done.returncode == 2
    assert "no sink named 'view' is installed; installed: none; `pip install runner-liveview` brings it" in done.stderr


class TestHowOftenItLooks:
    """Looking takes time from learning."""

    @pytest.fixture
    def look(self, monkeypatch):
        """``look(seconds)``: how many seconds pass until it looks again where a look takes that long."""
        clock = [0.0]
        monkeypatch.setattr(training_page, "monotonic", lambda: clock[0])

        def call(seconds: float) -> float:
            looked: list[float] = []

            def worst():
                looked.append(clock[0])
                clock[0] += seconds
                return []

            page = training_page.WorstPictures(SimpleNamespace(), Summary())
            while len(looked) < 2:
                page(TrainingStep("head", 0.5, worst=worst))
                clock[0] += 0.25
            return looked[1] - looked[0] - seconds

        return call

    def test_a_quick_look_comes_every_few_seconds(self, look):
        assert 3 <= look(0.01) <= 4

    def test_a_slow_one_takes_a_fiftieth_of_the_time(self, look):
        assert 50 <= look(1.0) <= 51
