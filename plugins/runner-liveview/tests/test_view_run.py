"""A whole run with a view, from the command line."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from runner_liveview.app import ENDED
from view_client import read
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

LIVE = "lavfi:testsrc=size=320x240:rate=15,realtime"


@pytest.fixture
def start(tmp_path):
    """``start(*arguments)``: the command line in another process; waits for the page, and returns its address."""
    processes = []

    def starting(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "runner_core.cli.main", *arguments],
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
