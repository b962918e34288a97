"""What a folder and the environment set, and what is refused."""

import pytest

from runner_core.errors import UsageError
from runner_core.util.settings import SETTINGS, find_variable, list_settings, read_settings


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(find_variable(name), raising=False)
    return tmp_path


def test_no_file_sets_nothing(folder):
    (folder / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
    assert read_settings() == ({}, "")


def test_each_setting_is_read(folder):
    (folder / "runner.toml").write_text(
        'conf = 0.4\niou = 1\nclasses = ["cat", "dog"]\nmax-det = 3\nengine = "onnx"\ndevice = "cpu"\nthreads = 2\n'
        'strict = true\nexact = false\nlog_level = "debug"\n'
        'strict_plugins = true\n[stores]\nteam = "folder:models"\n'
    )
    values, place = read_settings()
    assert place == "runner.toml"
    assert list(SETTINGS) == [*sorted(values, key=list(SETTINGS).index)]
    assert (values["max_det"], values["stores"]) == (3, {"team": "folder:models"})


def test_the_file_of_runner_comes_before_that_of_the_project(folder):
    (folder / "pyproject.toml").write_text("[tool.runner]\nconf = 0.1\n")
    assert read_settings() == ({"conf": 0.1}, "[tool.runner] in pyproject.toml")
    (folder / "runner.toml").write_text("iou = 0.2\n")
    assert read_settings() == ({"iou": 0.2}, "runner.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cnof = 0.4", r"^runner\.toml: no setting 'cnof'; did you mean conf\? known: conf, iou"),
        ("trust = true", "no setting 'trust'"),
        ("conf = 3", "conf = 3 is not a number from 0 to 1"),
        ("conf = true", "conf = True is not a number from 0 to 1"),
        ('conf = "0.4"', "conf = '0.4' is not a number"),
        ("threads = 0", "threads = 0 is not a whole number from 1"),
        ('classes = "cat"', "is not a list of names"),
        ("stores = 1", "stores = 1 is not a table of ALIAS"),
        ("stores = {team = 1}", "is not a table of ALIAS"),
        ('log_level = "loud"', "is not one of debug, info, warning, error"),
        ("conf =", r"^runner\.toml: not readable TOML"),
    ],
)
def test_what_is_not_a_setting_is_refused(folder, text, message):
    (folder / "runner.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_settings()


def test_a_table_of_the_project_that_is_none_is_refused(folder):
    (folder / "pyproject.toml").write_text("[tool]\nrunner = 3\n")
    with pytest.raises(UsageError, match=r"\[tool\.runner\] in pyproject\.toml is not a table"):
        read_settings()


def test_what_is_set_is_listed_as_it_counts(folder, monkeypatch):
    (folder / "runner.toml").write_text('conf = 0.4\nengine = "onnx"\n[stores]\nnear = "folder:models"\n')
    monkeypatch.setenv("RUNNER_ENGINE", "openvino")
    monkeypatch.setenv("RUNNER_STORES", "far=http:https://models.example")
    assert list(list_settings()) == [
        ("conf", "0.4", "runner.toml"),
        ("engine", "openvino", "RUNNER_ENGINE"),
        ("stores", "far=http:https://models.example", "RUNNER_STORES"),
        ("stores", "near", "runner.toml"),
    ]
