"""A whole run with a view, from the command line."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from runner_liveview.app import ENDED
from view_client import read
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

DESCRIPTORS = 256
LIVE = "lavfi:testsrc=size=320x240:rate=15,realtime"


@pytest.fixture
def start(tmp_path):
    """``start(*arguments)``: the command line in another process; waits for the page, and returns its address.

    ``descriptors``: how many the process may have.
    """
    processes = []

    def starting(*arguments, descriptors=None):
        few = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        process = subprocess.Popen(
            [*few, sys.executable, "-m", "runner_core.cli.main", *arguments],
            cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "RUNNER_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        processes.append(process)
        for line in process.stderr:
            if found := re.match(r"view: http://(\S+?)/", line):
                return process, found[1]
        raise AssertionError(f"it ended with {process.wait()}")

    yield starting
    for process in processes:
        process.kill()
        process.communicate()


def test_an_interrupt_ends_the_run_and_tells_the_viewers(start):
    process, host = start("run", LIVE, "--brain", "page", "--engine", "onnx", "--sink", "view:0", "--quiet")
    with connect(f"ws://{host}/frames", proxy=None) as idle, connect(f"ws://{host}/frames", proxy=None) as viewer:
        head, _, _ = read(viewer.recv(20))
        assert head["brains"][0]["brain"] == "page"
        assert idle.recv(20)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)  # the camera has no end
        with suppress(ConnectionClosed):
            while True:  # until it is told; TimeoutError if it is not
                viewer.recv(5)
        assert viewer.close_code == ENDED
    assert process.returncode == 130


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_connections_leave_a_run_the_descriptors_that_it_needs(start, tmp_path):
    """More than the process could have, of which none asks for anything: pictures are still written, and watched."""
    process, host = start(
        "run", LIVE, "--brain", "page", "--engine", "onnx", "--quiet", "--sink", "images:drawn", "--sink", "view:0",
        descriptors=DESCRIPTORS,
    )  # fmt: skip
    name, port = host.split(":")
    with ExitStack() as held:
        for _ in range(DESCRIPTORS + 50):
            held.enter_context(socket.create_connection((name, port), timeout=60)).sendall(b"GET /")
        with connect(f"ws://{host}/frames", proxy=None, open_timeout=60) as viewer:
            before = len(list((tmp_path / "drawn").iterdir()))
            while len(list((tmp_path / "drawn").iterdir())) < before + 5:
                assert read(viewer.recv(60))[1]
                viewer.send("drawn")
            assert len([*Path(f"/proc/{process.pid}/fd").iterdir()]) <= DESCRIPTORS * 3 / 4
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Too many open files" not in said
    assert "Traceback" not in said
