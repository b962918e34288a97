"""Labels of rendered pictures, of which one in ten is made wrong, checked by the two brains that ship."""

import subprocess
import sys
from pathlib import Path

import pytest
from wrong_labels import rate, spoil

from runner_core import Project
from runner_core.cli.check_labels import check_labels
from runner_core.datasets import open_dataset

SCRIPTS = Path(__file__).parents[2] / "plugins" / "runner-demo" / "training"
PICTURES, SHARE = 120, 0.1


@pytest.mark.slow
def test_most_wrong_labels_are_found_and_most_that_is_found_is_wrong(tmp_path):
    command = [sys.executable, "render.py", str(tmp_path), "--split", "held-out", "--pictures", str(PICTURES)]
    subprocess.run(command, cwd=SCRIPTS, check=True, capture_output=True, timeout=600)
    project = Project("demo")
    brains = [project.get_model(name=name, local=True) for name in ("page", "graphs")]
    data, wrong = spoil(open_dataset(tmp_path), SHARE, seed=0)
    doubts = check_labels(data, brains, watch=lambda: None).doubts
    precision, recall = rate(doubts, wrong)
    best, _ = rate(doubts[: len(wrong) // 2], wrong)
    print(f"{len(wrong)} wrong labels, {len(doubts)} doubted: precision {precision:.2f}, recall {recall:.2f};"
          f" of the first {len(wrong) // 2} {best:.2f}")  # fmt: skip
    assert precision >= 0.6
    assert recall >= 0.6
    assert best >= 0.8
