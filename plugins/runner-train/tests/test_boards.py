"""Brains trained on photographs, through everything that a brain goes through: all engines, and each other."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from view_client import read
from websockets.sync.client import connect

from runner_core import Brain
from runner_core.cards import Card
from runner_core.datasets import open_dataset

pytestmark = pytest.mark.slow
ENGINES = ("tensorflow", "onnx", "openvino", "litert")
EQUAL = ("--iou", "0.99", "--score", "0.005")


@pytest.fixture(scope="module")
def photographs(real_datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One picture in three; labels beside them, and a folder of pictures alone."""
    place = tmp_path_factory.mktemp("boards")
    for number, picture in enumerate(sorted((real_datasets / "microcontrollers" / "train").glob("*.jpg"))):
        folder = place / {0: "train", 1: "test"}.get(number % 3, "")
        folder.mkdir(exist_ok=True)
        if folder != place and (folder.name == "train" or number < 36):
            (folder / picture.name).write_bytes(picture.read_bytes())
        if folder.name == "train":
            (folder / picture.name).with_suffix(".xml").write_bytes(picture.with_suffix(".xml").read_bytes())
    return place


@pytest.fixture(scope="module")
def boards(photographs: Path) -> Path:
    """A detector."""
    untrained = Brain.new("boards", task="object-detection")
    untrained.train(photographs / "train", minutes=0.5, steps=200, threads=2, out=photographs / "brain").close()
    return photographs / "brain"


@pytest.fixture(scope="module")
def kinds(photographs: Path) -> Path:
    """A classifier of what the detector finds."""
    for example in open_dataset(str(photographs / "train")):
        truth = example.read().answer
        with Image.open(example.picture) as image:
            for number, (box, name) in enumerate(zip(truth.boxes.tolist(), truth.names, strict=True)):
                folder = photographs / "crops" / name
                folder.mkdir(parents=True, exist_ok=True)
                image.crop(tuple(map(int, box))).save(folder / f"{example.picture.stem}-{number}.png")
    untrained = Brain.new("kinds", task="classification")
    untrained.train(photographs / "crops", minutes=0.3, steps=60, threads=2, out=photographs / "kinds").close()
    return photographs / "kinds"


def _read_answers(path: Path) -> list[list[dict]]:
    """The instances of each picture."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line["inferences"][0]["instances"] for line in lines if "inferences" in line]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_finds_boards_on_every_engine(runner, photographs, boards, tmp_path, engine):
    done = runner(
        "run", photographs / "test", "--brain", f"{boards}?conf=0.2", "--engine", engine, "--sink", "jsonl:out.jsonl"
    )
    assert done.returncode == 0, done.stderr
    answers = _read_answers(tmp_path / "out.jsonl")
    assert len(answers) == 12
    assert sum(map(len, answers)) >= 6


@pytest.mark.parametrize("which", ["boards", "kinds"])
def test_verify_is_clean_on_all_engines(runner, request, photographs, which):
    brain = request.getfixturevalue(which)
    done = runner("verify", f"{brain}?conf=0.25", photographs / "test", "--engines", ",".join(ENGINES), *EQUAL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in total" in done.stdout
    assert "only" not in done.stdout


def test_what_is_exported_answers_alike(runner, photographs, boards, tmp_path):
    done = runner(
        "export", boards, "--to", "onnx", "--to", "tflite", "--pictures", photographs / "test", "--conf", "0.1", *EQUAL
    )
    assert done.returncode == 0, done.stderr
    assert {"boards.onnx", "boards.tflite", "brain.json"} <= {path.name for path in (tmp_path / "boards").iterdir()}
    assert runner("run", photographs / "test", "--brain", "./boards", "--sink", "jsonl:out.jsonl").returncode == 0


def test_one_looks_into_what_the_other_finds(runner, photographs, boards, kinds, tmp_path):
    cascade = f"{boards}?conf=0.2 > {kinds}?conf=0"
    done = runner("run", photographs / "test", "--brain", cascade, "--sink", "jsonl:out.jsonl")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    answers = [line["inferences"] for line in lines if "inferences" in line]
    crops = [instance for _, inner in answers for instance in inner["instances"]]
    found = [(at, each["id"]) for at, (outer, _) in enumerate(answers) for each in outer["instances"]]
    assert len(found) >= 6
    told = [(at, each["parent"]) for at, (_, inner) in enumerate(answers) for each in inner["instances"]]
    assert set(told) == set(found)
    assert {each["label"] for each in crops} == {path.name for path in (photographs / "crops").iterdir()}


def test_the_page_shows_what_it_finds(photographs, boards, tmp_path):
    command = ["run", str(photographs / "test"), "--brain", f"{boards}?conf=0.05", "--sink", "view:0?wait=yes"]
    with subprocess.Popen(
        [sys.executable, "-m", "runner_core.cli.main", *command, "--quiet"],
        cwd=tmp_path, text=True, stderr=subprocess.PIPE, env={**os.environ, "RUNNER_HOME": str(tmp_path / "home")},
    ) as process:  # fmt: skip
        host = next(found[1] for line in process.stderr if (found := re.match(r"view: http://(\S+?)/", line)))
        with connect(f"ws://{host}/frames", proxy=None) as viewer:
            head, picture, _ = read(viewer.recv(120))
        process.kill()
    (shown,) = head["brains"]
    assert shown["brain"] == "boards"
    assert shown["found"] == len(shown["instances"]) > 0
    assert {each["name"] for each in shown["classes"].values()} <= set(Card.read(boards / "brain.json").labels.names)
    assert picture.startswith(b"\xff\xd8")
