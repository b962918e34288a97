"""Defaults of the working folder and of the environment: what is typed comes first, then the environment, the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shelves import write_brain

PICTURE = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures" / "2-one.jpg"
COMMAND = ("predict", PICTURE, "--brain", "page", "--json")


def find_engine(runner, *more, **environment) -> str:
    done = runner(*COMMAND, *more, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["engine"]


def test_typed_then_the_environment_then_the_file(runner, tmp_path):
    without = find_engine(runner)
    assert without == "tensorflow"
    (tmp_path / "runner.toml").write_text('engine = "onnx"\n')
    assert find_engine(runner) == "onnx"
    assert find_engine(runner, RUNNER_ENGINE="openvino") == "openvino"
    assert find_engine(runner, "--engine", "litert", RUNNER_ENGINE="openvino") == "litert"


@pytest.mark.parametrize("name", ["runner.toml", "pyproject.toml"])
def test_either_file_sets_what_an_option_would(runner, tmp_path, name):
    head = "[tool.runner]\n" if name == "pyproject.toml" else ""
    (tmp_path / name).write_text(f'{head}classes = ["page"]\nconf = 0.999\n')
    done = runner(*COMMAND)
    assert json.loads(done.stdout)["instances"] == []
    (tmp_path / name).write_text(f'{head}classes = ["pag"]\n')
    assert "no label named 'pag'; did you mean page?" in runner(*COMMAND).stderr


def test_what_a_file_asks_for_can_be_undone(runner, tmp_path):
    (tmp_path / "runner.toml").write_text("strict = true\n")
    model = PICTURE.parents[1] / "brains" / "page" / "page.onnx"
    (tmp_path / "page.onnx").write_bytes(model.read_bytes())
    refused = runner("predict", PICTURE, "--brain", "page.onnx")
    assert refused.returncode == 2, refused.stderr
    assert "settle them" in refused.stderr
    assert runner("predict", PICTURE, "--brain", "page.onnx", "--no-strict").returncode == 0


def test_a_slip_in_the_file_is_refused_by_what_reads_it(runner, tmp_path):
    (tmp_path / "runner.toml").write_text("cnof = 0.4\n")
    for command in (COMMAND, ("plugins",), ("doctor",)):
        done = runner(*command)
        assert done.returncode == 2
        assert done.stderr.startswith("runner: runner.toml: no setting 'cnof'; did you mean conf?")
    assert runner("--help").returncode == 0


def test_a_wrong_value_in_the_environment_names_the_variable(runner):
    done = runner(*COMMAND, RUNNER_CONF="3")
    assert done.returncode == 2
    assert "RUNNER_CONF" in done.stderr


def test_the_stores_of_the_folder_are_asked(runner, tmp_path):
    write_brain(tmp_path / "made", "cats")
    assert runner("push", "made", "--to", "folder:models").returncode == 0
    (tmp_path / "runner.toml").write_text('[stores]\nteam = "folder:models"\n')
    assert "models/cats/1" in runner("pull", "team:cats").stdout
    assert "models/cats/1" in runner("pull", "cats").stdout


def test_of_an_alias_that_is_there_twice_the_environments_counts(runner, tmp_path):
    for folder in ("near", "far"):
        write_brain(tmp_path / f"made-{folder}", folder)
        runner("push", f"made-{folder}", "--to", f"folder:{folder}")
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "stores.toml").write_text('[stores]\nteam = "folder:nowhere"\n')
    (tmp_path / "runner.toml").write_text('[stores]\nteam = "folder:near"\n')
    assert runner("pull", "team:near").returncode == 0
    assert runner("pull", "team:far", RUNNER_STORES="team=folder:far").returncode == 0


def test_doctor_shows_no_secret_of_a_store(runner):
    stores = "one=http:http://me:s3cret@host/a?token=s3cret two=http:http://host/b?signature=s3cret"
    out = runner("doctor", RUNNER_STORES=stores).stdout
    assert "s3cret" not in out
    assert "setting stores one=http:http://host/a two=http:http://host/b (RUNNER_STORES)" in out


def test_doctor_shows_what_is_set_and_where(runner, tmp_path):
    (tmp_path / "runner.toml").write_text("conf = 0.4\nthreads = 1\n")
    stores = "team=http:https://me:secret@host/brains"
    out = runner("doctor", RUNNER_THREADS="2", RUNNER_STORES=stores).stdout
    assert "setting stores team=http:https://host/brains (RUNNER_STORES)\n" in out
    assert "setting conf 0.4 (runner.toml)\n" in out
    assert "setting threads 2 (RUNNER_THREADS)\n" in out


def test_the_log_tells_as_much_as_is_asked(runner, tmp_path):
    command = ("predict", PICTURE, "--brain", "page")
    assert "from store demo" in runner("--log-level", "debug", *command).stderr
    assert "from store demo" in runner(*command, "--log-level=debug").stderr
    assert "from store demo" in runner(*command, RUNNER_LOG_LEVEL="debug").stderr
    assert runner(*command).stderr == ""
    (tmp_path / "runner.toml").write_text('log_level = "debug"\n')
    assert "from store demo" in runner(*command).stderr
    assert runner(*command, "--log-level", "warning").stderr == ""


def test_what_is_asked_comes_before_quiet(runner):
    command = ("run", PICTURE, "--brain", "page", "--quiet")
    assert runner(*command).stderr == ""
    assert "read by source file" in runner(*command, "--log-level", "debug").stderr


def test_a_level_that_there_is_not(runner):
    done = runner("plugins", "--log-level", "loud")
    assert done.returncode == 2
    assert "'loud' is not one of 'debug', 'info', 'warning', 'error'" in done.stderr
