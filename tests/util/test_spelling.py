"""What was meant by a name that there is not."""

from pathlib import Path

import pytest

from runner_core.errors import OfflineError
from runner_core.util.home import require_online, stay_offline
from runner_core.util.spelling import ask_if_meant, find_alike, find_alike_paths


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("pgae", "did you mean page? "),
        ("PAGE", "did you mean page? "),
        ("graph", "did you mean graphs? "),
        ("page", ""),  # it is there: something else is wrong
        ("zebra", ""),
        ("", ""),
    ],
)
def test_a_remedy_begins_with_what_was_meant(word, asked):
    assert ask_if_meant(word, ["graphs", "page"]) == asked


def test_the_nearest_comes_first():
    assert find_alike("onxx", ["box", "onyx", "onnx"], most=3)[0] in ("onnx", "onyx")
    assert find_alike("tensorflw", ["tensor", "tensorflow"], most=2) == ["tensorflow", "tensor"]


def test_paths_are_compared_where_they_end_to_exist(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "cats.onnx").touch()
    assert find_alike_paths(Path("models/cat.onnx")) == [str(Path("models/cats.onnx"))]
    assert find_alike_paths(Path("model/cats.onnx")) == ["models"]
    assert find_alike_paths(Path("zebra")) == []


def test_a_block_that_stays_offline_makes_no_connection(monkeypatch):
    monkeypatch.delenv("RUNNER_OFFLINE", raising=False)
    require_online("it")
    with stay_offline(), pytest.raises(OfflineError):
        require_online("it")
    require_online("it")
