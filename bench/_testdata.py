"""Where the real models and pictures are: beside the project, or where RUNNER_TESTDATA says."""

import os
import sys
from pathlib import Path


def find_testdata() -> Path:
    """Ends the script with a message if there are none."""
    folder = Path(os.environ.get("RUNNER_TESTDATA") or Path(__file__).parents[2] / "shared" / "testdata")
    if not folder.is_dir():
        sys.exit(f"no test data at {folder}: set RUNNER_TESTDATA")
    return folder
