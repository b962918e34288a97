"""Runs by the real command line that are interrupted or killed: what was written plays."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest
from camera_server import CameraServer, jpeg, pictures, silence, then
from rtsp_server import missing, rtsp_server

PAGE = Path(__file__).parents[2] / "runner-demo" / "src" / "runner_demo" / "brains" / "page" / "page.onnx"
HANGS = 60  # seconds by which a run that ought to have ended hangs; each would go on for longer, or without end
LIVE = "lavfi:testsrc=size=320x240:rate=30,realtime"
ENDLESS = "lavfi:testsrc=size=320x240:rate=30"


@contextmanager
def running(folder: Path, source: str, *, stdin: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """``runner run`` with a video and JSON lines as sinks, once it has written some of them."""
    command = [sys.executable, "-m", "runner_core.cli.main", "run", source, "--brain", str(PAGE)]
    process = subprocess.Popen(
        [*command, "--sink", "video:out.mp4", "--sink", "jsonl:out.jsonl"],
        cwd=folder, env=os.environ | {"RUNNER_HOME": str(folder / "home")}, text=True, stdin=stdin,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def written(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def wait_for(condition, patience: float = HANGS) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


STOPS = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated"), signal.SIGHUP: (129, "terminated")}
EACH_STOP = pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)


def interrupt(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> str:
    """Sends Ctrl-C, or another signal that stops a run; returns what was printed on standard error."""
    process.send_signal(number)
    _, message = process.communicate(timeout=HANGS)
    code, word = STOPS[number]
    assert process.returncode == code, message
    assert message.splitlines()[-1] == f"runner: {word}"
    assert "Traceback" not in message
    return message


def played(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["index"] for line in path.read_text().splitlines() if '"index"' in line]


@pytest.mark.parametrize("source", [LIVE, ENDLESS], ids=["camera", "file"])
def test_ctrl_c_closes_the_files_properly(source, tmp_path):
    with running(tmp_path, source) as process:
        wait_for(lambda: written(tmp_path / "out.mp4") > 20_000)
        interrupt(process)
    looked_at = numbers(tmp_path / "out.jsonl")
    times = played(tmp_path / "out.mp4")
    assert len(looked_at) - 1 <= len(times) <= len(looked_at) + 1
    assert len(times) > 20


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize(("trouble", "number"), [("kill", signal.SIGINT), *(("freeze", each) for each in STOPS)])
def test_a_run_whose_camera_is_gone_is_stopped(trouble, number, tmp_path):
    with rtsp_server(size=(320, 240)) as server, running(tmp_path, server.url) as process:
        wait_for(lambda: written(tmp_path / "out.mp4") > 5_000)
        getattr(server, trouble)()
        time.sleep(0.5)
        interrupt(process, number)
        server.thaw() if trouble == "freeze" else None
    assert len(played(tmp_path / "out.mp4")) > 10


@EACH_STOP
@pytest.mark.parametrize(("source", "begin"), [("-", b"\xff\xd8\xff"), ("video:-", b"\x1aE\xdf\xa3")])
def test_a_run_that_waits_for_standard_input_is_stopped(source, begin, number, tmp_path):
    reading, writing = os.pipe()
    with running(tmp_path, source, stdin=reading) as process:
        os.write(writing, begin)  # and no more
        wait_for(lambda: (tmp_path / "out.jsonl").exists() or process.poll() is not None)
        wait_for(lambda: select.select([reading], [], [], 0) == ([], [], []))  # it is read
        interrupt(process, number)
    os.close(reading)
    os.close(writing)


@EACH_STOP
@pytest.mark.parametrize("source", ["clip.mp4", "video:clip.mp4"])
def test_a_run_that_waits_for_a_named_pipe_is_stopped(source, number, tmp_path):
    os.mkfifo(tmp_path / "clip.mp4")
    with (
        running(tmp_path, source) as process,
        (tmp_path / "clip.mp4").open("wb"),
    ):  # it has opened it too; nothing comes
        interrupt(process, number)


@EACH_STOP
def test_a_run_whose_server_says_no_more_is_stopped(number, tmp_path):
    server = CameraServer(then(pictures([jpeg(50)] * 40), silence(5 * HANGS)))
    with server, running(tmp_path, f"video:{server.url}") as process:
        wait_for(lambda: len(numbers_so_far(tmp_path / "out.jsonl")) > 30)
        time.sleep(0.5)
        interrupt(process, number)


@EACH_STOP
@pytest.mark.parametrize("address", ["video:http://{}/clip.mp4", "rtsp://{}/live", "http://{}/a.jpg"])
def test_a_run_whose_server_never_says_a_word_is_stopped(address, number, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(HANGS)
        with running(tmp_path, address.format(f"127.0.0.1:{server.getsockname()[1]}")) as process:
            asking, _ = server.accept()
            with asking:
                asking.recv(100)
                interrupt(process, number)


def test_what_a_killed_run_wrote_plays(tmp_path):
    with running(tmp_path, LIVE) as process:
        wait_for(lambda: len(numbers_so_far(tmp_path / "out.jsonl")) > 75)
        process.kill()
        process.communicate()
    times = played(tmp_path / "out.mp4")
    assert len(times) > 20
    assert times == sorted(times)
    assert times[0] == 0


def numbers_so_far(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
