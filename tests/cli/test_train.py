"""``runner train``: from labelled pictures to a brain that is found by its name, whatever stops it on the way."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from colours import draw_colours, install_colours
from stopped_runs import Nursery
from terminal import run_in_terminal

from runner_core.cli import train as cli_train

COMMAND = [sys.executable, "-m", "runner_core.cli.main", "train", "--data", "pictures"]


WHOLE = {"PYTHONDONTWRITEBYTECODE": "1"}  # on a full disk it would be cut, and not be read again


@pytest.fixture
def plugin(tmp_path) -> dict[str, str]:
    return install_colours(tmp_path / "plugin") | {"RUNNER_HOME": str(tmp_path / "home")}


@pytest.fixture
def pictures(tmp_path) -> Path:
    return draw_colours(tmp_path / "pictures")


@pytest.fixture
def train(runner, plugin, pictures):
    def call(*arguments: object):
        return runner("train", "--data", pictures, *arguments, **plugin)

    return call


@pytest.fixture
def start(tmp_path, plugin, pictures):
    """``start("--name", "cups")``: the command in a process of its own, which ends with the test."""
    with ExitStack() as started:

        def call(*arguments: str, **options):
            process = subprocess.Popen(
                [*COMMAND, *arguments], cwd=tmp_path, env=os.environ | WHOLE | plugin, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
            )  # fmt: skip
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield call


def folder_of(tmp_path: Path, name: str = "cups") -> Path:
    return tmp_path / "home" / "trained" / name


def count_seen(tmp_path: Path) -> int:
    """Pictures that the training which runs has looked at."""
    for notes in folder_of(tmp_path).glob(".training-*/brain/work/notes.json"):
        return len(json.loads(notes.read_bytes())["seen"])
    return 0


def wait_for(tmp_path: Path, seen: int, process: subprocess.Popen) -> None:
    while count_seen(tmp_path) < seen:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def read_version(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_it_has_learnt_is_a_brain_by_that_name(train, runner, plugin, tmp_path):
    done = train("--name", "cups")
    assert done.returncode == 0, done.stderr
    folder = folder_of(tmp_path) / "1"
    assert done.stdout.splitlines() == [
        f"cups@1 knows blue, green, red: {folder / 'brain.json'}",
        "accuracy 1.00 (0.50 to 1.00), on 2 held-back pictures",
        "try it: runner run 0 --brain cups --sink view:8000",
    ]
    assert [line.split()[1:3] for line in done.stderr.splitlines()] == [["8%", "pictures"], ["100%", "writing"]]
    answers = runner("run", "pictures", "--brain", "cups", "--sink", "jsonl:-", **plugin)
    found = [json.loads(line)["inferences"][0]["instances"][0]["label"] for line in answers.stdout.splitlines()[:12]]
    assert found == ["blue"] * 4 + ["green"] * 4 + ["red"] * 4
    assert "trained" in runner("brains", **plugin).stdout
    assert str(folder) in runner("inspect", "cups", **plugin).stdout
    assert runner("push", "cups", "--to", "folder:shelf", **plugin).stdout == "folder:shelf: cups@1\n"


def test_the_version_before_stays(train, runner, plugin, tmp_path):
    train("--name", "cups")
    before = read_version(folder_of(tmp_path) / "1")
    assert train("--name", "cups", "--seed", "1").stdout.startswith("cups@2")
    assert train("--from", "cups@1").stdout.startswith("cups@3")
    assert read_version(folder_of(tmp_path) / "1") == before
    told = runner("predict", "pictures/red/000.png", "--brain", "cups", **plugin)
    assert told.returncode == 0
    assert runner("pull", "cups", "cups@1", **plugin).stdout.splitlines() == [
        f"cups: {folder_of(tmp_path) / '3'}", f"cups@1: {folder_of(tmp_path) / '1'}",
    ]  # fmt: skip


def test_explain_tells_the_plan_and_writes_nothing(train, tmp_path):
    done = train("--name", "cups", "--explain")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "cups@1 is trained by colours (runner-colours 1.0), in at most 5 minutes",
        "it learns blue, green, red from 12 pictures",
        "the mean colour of 3 classes, for nothing else is asked",
        f"it will be in {folder_of(tmp_path) / '1'}",
    ]
    assert json.loads(train("--name", "cups", "--explain", "--json").stdout)["explain"] == done.stdout.splitlines()
    assert not (tmp_path / "home" / "trained").exists()


def test_json_is_one_object(train, tmp_path):
    done = train("--name", "cups", "--json", "--out", tmp_path / "here", "--quiet")
    told = json.loads(done.stdout)
    assert (told["name"], told["version"], told["folder"]) == ("cups", "1", str(tmp_path / "here"))
    assert told["training"]["held_back"]["accuracy_range"] == [0.5, 1.0]
    assert told["interrupted"] is False
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--name", "cups", "--minutes", "0"], 2, "minutes is 0.0; give how long it may take"),
        (["--name", "cups", "--minutes", "soon"], 2, "'soon' is not a valid float"),
        ([], 2, "the new brain has no name; give one: --name cups"),
        (["--name", "page"], 2, "page is a brain of store demo; train that one further (--from demo:page)"),
        (["--name", "a/b"], 2, "'a/b' has a slash"),
        (["--name", "cups", "--option", "pause"], 2, "--option pause: no value; write --option KEY=VALUE"),
        (["--name", "cups", "--option", "paus=1"], 2, "no option 'paus'; known: pause, fail"),
        (["--name", "cups", "--task", "keypoints"], 2, "no trainer for keypoints is installed"),
        (["--from", "page"], 1, "its labels are for classification, the brain is for object-detection"),
        (["--from", "nothing"], 2, "no store has a brain named 'nothing'"),
        (["--name", "cups", "--out", "pictures"], 1, "pictures: something is there already"),
        (["--name", "cups", "--out", "pictures/red/000.png/out"], 1, "000.png is not a folder"),
    ],
)
def test_wrong_use_is_said_before_anything_is_written(arguments, code, message, train, tmp_path):
    done = train(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert not list(folder_of(tmp_path).glob("[!.]*"))


def test_the_device_and_the_threads_are_settings(train, tmp_path, monkeypatch):
    asked = []
    plan = cli_train.plan_training
    monkeypatch.setattr(
        cli_train, "plan_training", lambda *each, **more: (asked.append(more["asked"]), plan(*each, **more))[1]
    )
    monkeypatch.setenv("RUNNER_DEVICE", "cuda:1")
    (tmp_path / "runner.toml").write_text('threads = 3\ndevice = "cuda:0"\n')
    for typed, device, threads in (((), "cuda:1", 3), (("--threads", "2", "--device", "cpu"), "cpu", 2)):
        assert train("--name", "cups", "--explain", *typed).returncode == 0
        assert (asked[-1].device, asked[-1].threads) == (device, threads)


def test_a_name_of_a_brain_that_answers_something_else_is_refused(train, tmp_path):
    train("--name", "cups")
    card = folder_of(tmp_path) / "1" / "brain.json"
    card.write_text(card.read_text().replace('"task": "classification"', '"task": "yolo"'))
    done = train("--name", "cups")
    assert done.returncode == 2
    assert "cups is a brain for object-detection already, not for classification" in done.stderr


@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moment_the_same_command_goes_on_to_the_same_brain(
    tmp_path, plugin, pictures, monkeypatch, kills
):
    for name, value in plugin.items():
        monkeypatch.setenv(name, value)
    draw, stopped = random.Random(3), 0
    (tmp_path / "home").mkdir()
    with Nursery(tmp_path / "home") as nursery:
        run = ("train", "--data", str(pictures), "--quiet", "--option", "pause=0.005", "--name")
        assert nursery.run(tmp_path, *run, "cups") == 0, nursery.said
        whole = read_version(folder_of(tmp_path) / "1")
        for number in range(kills):
            name = f"cups{number}"
            code = nursery.run(tmp_path, *run, name, stop=signal.SIGKILL, after=draw.uniform(0, 0.35))
            stopped += code == -signal.SIGKILL
            there = {path.name for path in folder_of(tmp_path, name).glob("*")}
            assert code == -signal.SIGKILL or "1" in there, nursery.said
            if there != {"1", ".training.lock"}:  # else it was killed when all was done
                assert nursery.run(tmp_path, *run, name) == 0, nursery.said
            found = read_version(folder_of(tmp_path, name) / "1")
            assert found["colours.onnx"] == whole["colours.onnx"]
            assert found["brain.json"].replace(f'"{name}"'.encode(), b'"cups"') == whole["brain.json"]
            left = {path.name for path in folder_of(tmp_path, name).iterdir()}
            assert left == {"1", ".training.lock"}
    assert stopped


def test_killed_when_it_had_been_published_it_is_not_trained_twice(train, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("runner_core.training.versions.shutil.rmtree", lambda *_, **__: None)  # as if killed before
        train("--name", "cups")
    done = train("--name", "cups")
    assert done.returncode == 0
    assert "its training was finished before" in done.stderr
    assert sorted(path.name for path in folder_of(tmp_path).iterdir()) == [".training.lock", "1"]


def test_killed_before_it_was_published_it_is_not_trained_twice(train, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("runner_core.training.versions.Path.rename", fail)
        assert train("--name", "cups").returncode == 1
    done = train("--name", "cups")
    assert done.stdout.startswith("cups@1")
    assert "pictures" not in done.stderr.replace(str(tmp_path), "")  # no stage of learning
    assert sorted(path.name for path in folder_of(tmp_path).iterdir()) == [".training.lock", "1"]


def test_one_that_is_gone_on_with_says_so(train, start, tmp_path, pictures):
    process = start("--name", "cups", "--option", "fail=kill")
    assert process.wait(240) == -signal.SIGKILL
    process.communicate()
    assert count_seen(tmp_path) == 3
    other = train("--name", "cups")  # not the same: it was asked for something else
    assert "of a training with other pictures or options that was stopped; `runner clean` removes it" in other.stderr
    (marker,) = folder_of(tmp_path).glob(".training-*/brain/work/notes.json")
    assert marker.exists()


@pytest.mark.parametrize(("number", "code", "word"), [(signal.SIGINT, 130, ""), (signal.SIGTERM, 143, "")])
def test_a_signal_keeps_the_best_so_far(number, code, word, start, tmp_path):
    process = start("--name", "cups", "--seed", "2", "--option", "pause=0.2")
    wait_for(tmp_path, 9, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, err
    assert "ending early, the best so far is kept" in err
    assert out.startswith("cups@1 knows blue, green, red, ended early: ")
    assert json.loads((folder_of(tmp_path) / "1" / "brain.json").read_bytes())["training"]["ended_early"] is True
    assert sorted(path.name for path in folder_of(tmp_path).iterdir()) == [".training.lock", "1"]


def test_a_signal_before_there_is_anything_keeps_what_it_has_for_the_same_command(start, tmp_path, train):
    process = start("--name", "cups", "--option", "pause=0.3")
    wait_for(tmp_path, 1, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (130, "")
    assert "no brain is written yet; the same command goes on" in err
    assert err.endswith("runner: interrupted\n")
    process = start("--name", "cups", "--option", "pause=0.3")
    out, err = process.communicate(timeout=240)
    assert "goes on with a training of the same that was stopped" in err
    assert out.startswith("cups@1 knows")


def test_the_second_ctrl_c_ends_at_once(start, tmp_path):
    process = start("--name", "cups", "--option", "pause=30")
    while not list(folder_of(tmp_path).glob(".training-*/brain/work")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)  # another signal than the second one, so that both arrive
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 130
    assert count_seen(tmp_path) == 0, err  # it did not wait for the first picture


def test_two_at_once_do_not_train_one_name(start, train, tmp_path):
    first = start("--name", "cups", "--option", "pause=0.3")
    wait_for(tmp_path, 1, first)
    second = train("--name", "cups")
    assert second.returncode == 1
    assert "cups: another process trains it now; wait until it is done" in second.stderr
    assert train("--name", "mugs").returncode == 0
    assert first.communicate(timeout=240)[0].startswith("cups@1")


def test_a_full_disk_is_said_and_the_same_command_goes_on(start, tmp_path):
    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))

    process = start("--name", "cups", "--threads", "1", preexec_fn=fill)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (1, "")
    assert "cannot be read or written (File too large); see to it, then give the same command again" in err
    done = start("--name", "cups", "--threads", "1")
    out, err = done.communicate(timeout=240)
    assert out.startswith("cups@1"), err
    assert "goes on with a training of the same that was stopped" in err


def test_a_disk_that_is_nearly_full_is_said_before(train, monkeypatch):
    monkeypatch.setattr("runner_core.training.versions.shutil.disk_usage", lambda _: type("Usage", (), {"free": 5e6}))
    done = train("--name", "cups")
    assert done.returncode == 1
    assert "5 MB are free there; free some space" in done.stderr


def test_clean_removes_what_was_stopped(start, runner, plugin, tmp_path):
    process = start("--name", "cups", "--option", "fail=kill")
    assert process.wait(240) == -signal.SIGKILL
    process.communicate()
    told = runner("clean", "--dry-run", **plugin)
    assert ".training-" in told.stdout
    assert count_seen(tmp_path) == 3
    assert runner("clean", **plugin).returncode == 0
    assert list(folder_of(tmp_path).iterdir()) == []


def test_clean_leaves_one_that_runs(start, runner, plugin, tmp_path):
    process = start("--name", "cups", "--option", "pause=0.3")
    wait_for(tmp_path, 1, process)
    assert "in use, and stays" in runner("clean", **plugin).stdout
    assert process.communicate(timeout=240)[0].startswith("cups@1")


def test_a_terminal_shows_the_stage_and_the_figures(tmp_path, plugin, pictures):
    environment = os.environ | plugin | {"TERM": "xterm-256color", "COLUMNS": "120"}
    code, shown = run_in_terminal(
        [*COMMAND, "--name", "cups", "--option", "pause=0.05"], cwd=tmp_path, env=environment
    )  # fmt: skip
    assert code == 0
    assert "pictures" in shown
    assert "loss 0." in shown
    assert "cups@1 knows" in shown
