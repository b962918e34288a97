"""The built wheels, as pip takes them: none of a stranger's, and a model file runs with one extra alone."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PROJECTS = {path.name: path for path in ROOT.glob("plugins/runner-*")} | {"runner-core": ROOT}
PIP = ("-m", "pip", "--disable-pip-version-check", "-q")


def call(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    """A wheel of each distribution, by the build backend itself: pip starts processes for each."""
    folder = tmp_path_factory.mktemp("wheels")
    for project in PROJECTS.values():
        list(WheelBuilder(str(project)).build(directory=str(folder), versions=["standard"]))
    return folder


@pytest.fixture
def registry(tmp_path):
    """Skips where pip reaches no registry."""
    asked = (sys.executable, *PIP, "download", "--no-deps", "--dest", tmp_path, "pluggy")
    if subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("pip reaches no package registry")


def test_there_is_a_wheel_of_each(wheels):
    assert {path.name.partition("-")[0].replace("_", "-") for path in wheels.iterdir()} == set(PROJECTS)


def test_pip_takes_all_that_begins_with_runner_from_the_wheels(wheels, registry, tmp_path):
    """Although a registry stands beside them, on which strangers have such names."""
    report = tmp_path / "report.json"
    asked = "runner-core[onnx,video,view,export,data,stores,demo]"  # not what is large: it would be fetched
    call(sys.executable, *PIP, "install", "--dry-run", "--ignore-installed", "--find-links", wheels,
         "--report", report, asked)  # fmt: skip
    chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
    places = {each["metadata"]["name"]: Path(urlsplit(each["download_info"]["url"]).path).parent for each in chosen}
    ours = {name: place for name, place in places.items() if name.startswith("runner")}
    large = {"runner-eval", "runner-litert", "runner-openvino", "runner-tensorflow", "runner-train"}
    assert set(PROJECTS) - set(ours) == large
    assert set(ours.values()) == {wheels}


@pytest.mark.slow
def test_a_detector_runs_with_one_extra_alone(wheels, registry, testdata, tmp_path):
    python, runner = (tmp_path / "environment" / "bin" / name for name in ("python", "runner"))
    call(sys.executable, "-m", "venv", tmp_path / "environment")
    call(python, *PIP, "install", "--find-links", wheels, "runner-core[onnx]")
    models, out = testdata / "models", tmp_path / "out.json"
    brain = f"{models / 'fastestdet_coco.onnx'}?labels={models / 'coco80.txt'}"
    call(runner, "run", testdata / "pictures" / "football.jpg", "--brain", brain, "--sink", f"coco:{out}")
    assert json.loads(out.read_text(encoding="utf-8"))["annotations"]
