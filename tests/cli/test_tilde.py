"""``~`` is a home at the front of a path and a sign in the middle of a name, wherever a path is given."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from runner_demo.store import BRAINS, PICTURES

from runner_core import Frame, open_brain, run
from runner_core.drawing.captions import Style
from runner_core.errors import UsageError
from runner_core.pipeline.sources_sinks import open_sink, open_source

PAGE = BRAINS / "page" / "page.onnx"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """What is in it is reached by ~/ alone: the working folder is another."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    shutil.copy(PICTURES / "2-one.jpg", home / "a.jpg")
    shutil.copy(PAGE, home / "page.onnx")
    shutil.copytree(BRAINS / "page", home / "store" / "page")
    (home / "l.txt").write_text("sheet\n")
    shutil.copy(PICTURES.parent / "clip.mp4", home / "clip.mp4")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "kept"))
    monkeypatch.chdir(here)
    return home


SINKS = ["csv:~/o.csv", "~/o.csv", "jsonl:~/o.jsonl", "coco:~/o.json", "parquet:~/o.parquet", "label-studio:~/o.json"]
FOLDERS = ["images:~/o", "crops:~/o", "yolo:~/o", "voc:~/o"]


@pytest.mark.parametrize("sink", [*SINKS, *FOLDERS, "video:~/o.mp4"])
def test_answers_go_home(home, sink):
    with open_brain("~/page.onnx", labels="~/l.txt", engine="onnx") as page:
        assert run("~/a.jpg", [page], [sink]).ok
    assert [path for path in home.iterdir() if path.name.startswith("o")]
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("source", ["~/a.jpg", "file:~/a.jpg", "~/*.jpg", "~/clip.mp4", "video:~/clip.mp4"])
def test_pictures_come_from_home(home, source):
    assert next(iter(open_source(source).frames())).size


def test_python_and_commands_take_it_too(home, runner):
    assert Frame.of("~/a.jpg").size == Frame.from_path(Path("~/a.jpg")).size == Frame.of(home / "a.jpg").size
    with open_brain("folder:~/store/page", engine="onnx") as page:
        page("~/a.jpg").save("~/drawn.jpg")
        assert (home / "drawn.jpg").is_file()
    given = {"HOME": str(home)}
    done = runner("predict", "~/a.jpg", "-b", "~/page.onnx?labels=~/l.txt", "--save", "~/saved.png", **given)
    assert (done.returncode, "sheet" in done.stdout, (home / "saved.png").is_file()) == (0, True, True), done.stderr
    assert runner("predict", "~/a.jpg", "-b", "~/page.onnx", "--labels=~/l.txt", **given).returncode == 0
    assert runner("run", "~/a.jpg", "-b", "~/page.onnx", "-s", "jsonl:~/o.jsonl", **given).returncode == 0
    assert runner("replay", "~/o.jsonl", "--pictures=~/a.jpg", "-s", "images:~/again", **given).returncode == 0
    assert len(list((home / "again").iterdir())) == 1
    stores = {**given, "RUNNER_STORES": "mine=folder:~/store"}
    assert runner("predict", "~/a.jpg", "-b", "mine:page", "--engine", "onnx", **stores).returncode == 0


def test_what_is_read_is_known_by_either_name(home, runner):
    done = runner("run", "~/a.jpg", "-b", "~/page.onnx", "-s", "jsonl:~/a.jpg", HOME=str(home))
    assert (done.returncode, "would write over what is read" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["~pic.jpg", "b~1.jpg", "sub/~/c.jpg", "~nobody-of-that-name/d.jpg"])
def test_elsewhere_it_is_a_part_of_a_name(home, name):
    place = Path.cwd() / name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(home / "a.jpg", place)
    assert next(iter(open_source(name).frames())).size == Frame.of(name).size
    with open_brain("~/page.onnx", engine="onnx") as page:
        assert run(name, [page], ["images:~out", "csv:~out.csv", "coco:~o/x.json"]).ok
    assert {"~out", "~out.csv", "~o"} <= {path.name for path in Path.cwd().iterdir()}


def test_a_font_of_ones_own(home, monkeypatch):
    monkeypatch.setenv("RUNNER_FONT", "~/gone.ttf")
    with pytest.raises(UsageError, match=str(home / "gone.ttf")):
        Style.of((100, 100))


def test_without_a_home_it_is_said_and_nothing_is_called_so(home, monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a user whom the system does not know
    for ask in (lambda: open_sink("csv:~/o.csv"), lambda: open_source("~/a.jpg"), lambda: Frame.of("~/a.jpg"),
                lambda: open_brain("~/page.onnx")):  # fmt: skip
        with pytest.raises(UsageError, match=r"~/.*: this user has no home folder; write the whole path"):
            ask()
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.skipif(not shutil.which("unshare"), reason="another user is made with unshare")
def test_a_user_whom_the_system_does_not_know_runs_a_model_by_its_path(tmp_path):
    words = ["unshare", "--user", "--map-user=12345", sys.executable, "-m", "runner_core.cli.main"]
    if subprocess.run([*words[:3], "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody make another user")

    def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        return subprocess.run([*words, *arguments], check=False, cwd=tmp_path, env=environment, text=True,
                              capture_output=True)  # fmt: skip

    tmp_path.chmod(0o777)
    shutil.copytree(BRAINS / "page", tmp_path / "page")
    shutil.copy(PICTURES / "2-one.jpg", tmp_path / "a.jpg")
    done = typed("run", "a.jpg", "--brain", "page/page.onnx", "--sink", "jsonl:a.jsonl", "--sink", "csv:~x.csv", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    done = typed("brains", "prune", "--keep-size", "1MB")
    message = "runner: this user has no home folder; set RUNNER_HOME to a folder\n"
    assert (done.returncode, done.stderr) == (2, message)
    assert {path.name for path in tmp_path.iterdir()} >= {"a.jsonl", "~x.csv"}
    assert "~" not in {path.name for path in tmp_path.iterdir()}
