"""The built wheels in an environment of their own: pip takes none of a stranger's, and a model file runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEELS = {"runner-core": ROOT} | {path.parent.name: path.parent for path in ROOT.glob("plugins/runner-*/pyproject.toml")}


def call(*command: str | Path, **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    """A wheel of each distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    call(*pip, *WHEELS.values())
    return folder


@pytest.fixture(scope="module")
def environment(wheels, tmp_path_factory) -> Path:
    """An environment in which ``runner-core[onnx]`` is installed from the wheels and the registry."""
    folder = tmp_path_factory.mktemp("environment")
    call(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    reached = subprocess.run(
        [python, "-m", "pip", "download", "-q", "--no-deps", "--dest", folder, "pluggy"], capture_output=True, check=False
    )
    if reached.returncode:
        pytest.skip("no package registry can be reached")
    call(python, "-m", "pip", "install", "-q", "--find-links", wheels, "runner-core[onnx]")
    return folder


def test_there_is_a_wheel_of_each_and_it_is_named_so(wheels):
    built = {re.sub("_", "-", path.name.partition("-0.1.0-")[0]) for path in wheels.iterdir()}
    assert built == set(WHEELS)


@pytest.mark.timeout(600)
def test_all_that_begins_with_runner_is_ours(environment, wheels):
    """pip records in ``direct_url.json`` or not at all where a wheel came from: the files themselves are compared."""
    listed = json.loads(call(environment / "bin" / "python", "-m", "pip", "list", "--format", "json"))
    ours = {each["name"] for each in listed if each["name"].startswith("runner")}
    assert {"runner-core", "runner-onnx", "runner-detection", "runner-files"} <= ours <= set(WHEELS)
    for name in ours:
        package = name.replace("-", "_")
        (home,) = environment.glob(f"lib/python*/site-packages/{package}")
        (source,) = WHEELS[name].glob(f"src/{package}")
        for path in source.rglob("*.py"):
            assert (home / path.relative_to(source)).read_bytes() == path.read_bytes()


@pytest.mark.timeout(600)
def test_a_detector_runs_with_that_alone(environment, testdata, tmp_path):
    models = testdata / "models"
    brain = f"{models / 'fastestdet_coco.onnx'}?labels={models / 'coco80.txt'}"
    out = tmp_path / "out.json"
    runner = environment / "bin" / "runner"
    call(runner, "run", testdata / "pictures" / "football.jpg", "--brain", brain, "--sink", f"coco:{out}")
    assert json.loads(out.read_text(encoding="utf-8"))["annotations"]
