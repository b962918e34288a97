"""Messages on standard error, and where they are printed."""

import os
import subprocess
import sys

from terminal import run_in_terminal

SCRIPT = """
import logging
from runner_core.cli.progress import show_frame_bar
from runner_core.cli.console import print_message, show_log
show_log()
with show_frame_bar(2) as step:
    print_message("brain page fails")
    step()
    logging.getLogger("runner").warning("brain graphs fails")
    step()
"""


def test_beside_a_bar_each_line_stands_by_itself():
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    code, shown = run_in_terminal([sys.executable, "-c", SCRIPT], stdout=subprocess.DEVNULL, env=environment)
    assert code == 0
    assert "0/2" in shown, "no bar"
    lines = [line.rpartition("\x1b[2K")[2] for line in shown.splitlines()]  # what is left where a line was cleared
    assert [line for line in lines if "fails" in line] == ["runner: brain page fails", "runner: brain graphs fails"]


def test_a_library_that_sets_up_logging_prints_nothing_twice():
    script = (
        "import logging; from runner_core.cli.console import show_log; show_log(); logging.basicConfig();"
        "logging.getLogger('runner').warning('ours'); logging.getLogger('theirs').warning('another');"
        "logging.getLogger('theirs').info('a detail')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "runner: ours\nanother\n"
