"""One Ctrl-C is enough, wherever it is raised: in a callback from C, which cannot pass it on, it is lost to Python."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HELPERS = Path(__file__).parents[1] / "helpers"

# ctypes calls Python from C, as FFmpeg does: what is raised there is printed and ignored.
SCRIPT = """
import ctypes, json, signal, sys, time
from threading import Timer
import numpy as np
from parts import MemorySink, ScriptedBrain, ScriptedSource
from runner_core import run, stream
from runner_core.cli.signals import describe_stop, interrupt_on_signals
from runner_core.pipeline.records import read_records
from runner_core.pipeline.replay import replay

@ctypes.CFUNCTYPE(None)
def called_from_c():
    signal.raise_signal(NUMBER)
    sum(range(1000))  # where Python handles the signal

def act(result):
    if result.frame.index == 3:
        called_from_c()

def lines():
    for index in range(500):
        yield json.dumps({"source": "a", "index": index, "time": None, "size": [12, 8], "inferences": []}).encode()

def read(source):
    for result in stream(source, [ScriptedBrain()]):
        sink.write(result)

sink = MemorySink(act)
ways = {
    "run": lambda: run(ScriptedSource(500), [ScriptedBrain()], [sink]),
    "camera": lambda: run(ScriptedSource(500, live=True, pause=0.02), [ScriptedBrain()], [sink]),
    "stream": lambda: read(ScriptedSource(500)),
    "replay": lambda: replay(read_records(lines(), "a"), [sink]),
}
with interrupt_on_signals():
    try:
        ways[sys.argv[1]]()
    except KeyboardInterrupt:
        pass
    print(len(sink.results), describe_stop()[1])
    for _ in range(2):  # it is over: what comes later is not interrupted
        run(ScriptedSource(2), [ScriptedBrain()], [MemorySink()])
"""


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("way", ["run", "camera", "stream", "replay"])
def test_one_interrupt_that_is_raised_in_a_callback_is_enough(way, number, code):
    path = os.pathsep.join(filter(None, (str(HELPERS), os.environ.get("PYTHONPATH", ""))))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT).replace("NUMBER", f"signal.{number}"), way],
        env=os.environ | {"PYTHONPATH": path}, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Exception ignored" in done.stderr, "it is lost where it is raised"
    written, told = map(int, done.stdout.split())
    assert (told, 1 <= written <= 6) == (code, True), written
