"""``runner run --resume``: what is said, and how a run ends that is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import numpy as np
import pytest
from onnx_models import write_detector
from stopped_runs import write_pictures
from terminal import run_in_terminal

from runner_core.cards.labels import LabelMap
from runner_core.cli.tables import print_summary
from runner_core.pipeline.summary import Summary
from runner_core.results.result import Result
from runner_core.testing import sample_frame, sample_inference

RUNNER = [sys.executable, "-m", "runner_core.cli.main"]


@pytest.fixture
def here(tmp_path) -> Path:
    write_detector(tmp_path / "two")
    write_pictures(tmp_path / "pictures", 6)
    return tmp_path


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_is_answered_is_said_and_skipped(runner, here):
    sinks = ("--sink", "out.jsonl", "--sink", "images:drawn")
    done = runner("run", "pictures", "--brain", "two", *sinks)
    assert done.returncode == 1, done.stderr  # one picture cannot be read
    assert "6 pictures in " in done.stdout
    assert " a second" in done.stdout
    again = runner("run", "--resume", "pictures", "--brain", "two", *sinks)
    assert again.returncode == 1, again.stderr
    assert "runner: 6 pictures are answered already\n" in again.stderr
    assert "6 pictures were answered before\n" in again.stdout
    assert "1 of 6 frames failed" in again.stdout
    assert len(lines(here / "out.jsonl")) == 7


def test_by_contents(runner, here):
    runner("run", "pictures", "--brain", "two", "--sink", "out.jsonl")
    for path in (here / "pictures").rglob("*.*"):
        os.utime(path, (1, 1))
    done = runner("run", "pictures", "--brain", "two", "--sink", "out.jsonl", "--resume=hash", "-q")
    assert (done.returncode, len(lines(here / "out.jsonl"))) == (1, 7)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--resume", "--conf", "0.9"),
            "brain two: conf was 0.6 and is 0.9; ask for the same, or run without --resume",
        ),
        (("--resume", "--sink", "video:out.mp4"), "video:out.mp4 cannot go on where a run was stopped; leave it out"),
        (("--resume=size",), "'size' is not one of 'mtime', 'hash'"),
    ],
)
def test_what_is_refused_is_wrong_use(runner, here, words, message):
    pytest.importorskip("av")
    runner("run", "pictures", "--brain", "two", "--sink", "out.jsonl")
    before = (here / "out.jsonl").read_bytes()
    done = runner("run", "pictures", "--brain", "two", "--sink", "out.jsonl", *words)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert (here / "out.jsonl").read_bytes() == before


def test_standard_output_gets_what_is_new(runner_process, here):
    words = ("run", "pictures", "--brain", "two", "--sink", "out.jsonl")
    runner_process(*words)
    (here / "pictures" / "left" / "new.png").write_bytes((here / "pictures" / "left" / "0000.png").read_bytes())
    done = runner_process(*words, "--sink", "-", "--resume")
    assert "-: gets only what is new" in done.stderr
    record, last = map(json.loads, done.stdout.splitlines())
    assert (Path(record["source"]).name, record["index"], last["summary"]["frames"]) == ("new.png", 6, 7)


def stopped(here: Path) -> subprocess.CompletedProcess[str]:
    """A run over many pictures, stopped by Ctrl-C once some are answered."""
    write_pictures(here / "many", 1000)
    command = [*RUNNER, "run", "many", "--brain", "two", "--sink", "out.jsonl", "--sink", "out.csv"]
    environment = os.environ | {"RUNNER_HOME": str(here / "home")}
    with subprocess.Popen(command, cwd=here, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # fmt: skip
        out = here / "out.jsonl"
        while process.poll() is None and not (out.exists() and out.read_bytes().count(b"\n") >= 3):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, *told)


def test_ctrl_c_shows_what_was_done_and_how_to_go_on(here):
    done = stopped(here)
    *records, last = lines(here / "out.jsonl")
    assert done.returncode == 130, done.stderr
    assert f"runner: {len(records)} pictures are answered; --resume goes on behind them\n" in done.stderr
    assert done.stderr.endswith("runner: interrupted\n")
    assert f"{len(records)} pictures in " in done.stdout
    assert (last["summary"]["interrupted"], last["summary"]["frames"]) == (True, len(records))
    assert (here / "out.csv").is_file()


def test_a_terminal_shows_what_is_loaded_and_a_pipe_does_not(runner, here):
    words = ["run", "pictures", "--brain", "two", "--sink", "out.jsonl"]
    _, shown = run_in_terminal([*RUNNER, *words], cwd=here, stdout=subprocess.DEVNULL)
    assert "loading two on onnx ..." in shown
    assert "loading" not in runner(*words).stderr


def test_labels_that_are_not_shown_are_counted(capsys):
    summary = Summary()
    names = [f"label-{number}" for number in range(15)]
    inference = attrs.evolve(sample_inference(rows=0), labels=LabelMap.from_names(names), model_ids=np.arange(15),
                             boxes=None, scores=None)  # fmt: skip
    summary.add(Result(sample_frame(), (inference,)))
    print_summary(summary)
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert all(name in shown for name in names[:12])
    assert "and 3 more labels" in shown
