"""Memory stays flat however long a run: the benchmark, shortened."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "memory.py"


@pytest.mark.slow
@pytest.mark.usefixtures("testdata")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux alone tells how much memory is in use")
def test_three_thousand_pictures_take_no_more_than_the_first_thousand():
    command = [sys.executable, str(BENCH), "--pictures", "3000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
