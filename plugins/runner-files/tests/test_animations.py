"""An animation is a video of all its pictures if it is named itself; among other pictures, its first is taken."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runner_files.source import FileSource

from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_source, conformance

COLOURS = ((250, 0, 0), (0, 250, 0), (0, 0, 250))


def animate(path: Path) -> Path:
    first, *rest = [Image.new("RGB", (32, 24), colour) for colour in COLOURS]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    first.save(path, save_all=True, append_images=rest, duration=[200, 300, 400], **options)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    return tmp_path


@conformance(check_source)
def test_keeps_the_promises_of_a_source(check, tmp_path):
    check(FileSource, str(animate(tmp_path / "a.gif")))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.apng"])
def test_named_itself_it_is_a_video(here, name):
    animate(here / name)
    source = open_source(name)
    frames = list(source.frames())
    assert [(frame.source, frame.index) for frame in frames] == [(name, 0), (name, 1), (name, 2)]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.2, 0.5])
    assert [tuple(frame.pixels[0, 0]) for frame in frames] == list(COLOURS)
    assert (source.total, source.live) == (3, False)


@pytest.mark.parametrize("location", ["pictures", "pictures/*", "pictures/*.gif", "list.txt"])
def test_among_others_its_first_picture_is_taken(here, location, caplog):
    caplog.set_level("INFO", "runner")
    animate(here / "pictures" / "a.gif")
    (here / "list.txt").write_text("pictures/a.gif")
    source = open_source(location)
    (frame,) = source.frames()
    assert (frame.time, source.total) == (None, 1)
    assert tuple(frame.pixels[0, 0]) == COLOURS[0]
    assert "of an animation the first picture is looked at" in caplog.text


def test_a_still_picture_has_no_time(here):
    Image.new("RGB", (8, 6), (9, 9, 9)).save(here / "a.gif")
    source = open_source("a.gif")
    (frame,) = source.frames()
    assert (frame.time, source.total) == (None, 1)


def test_what_is_damaged_is_a_frame_with_an_error(here):
    (here / "a.gif").write_bytes(animate(here / "b.gif").read_bytes()[:9])
    source = open_source("a.gif")
    (frame,) = source.frames()
    assert (frame.source, source.total) == ("a.gif", 1)


def test_a_run_over_one(runner, tmp_path, testdata):
    animate(tmp_path / "a.gif")
    model = testdata / "models" / "fastestdet_coco.onnx"
    brain = ["--brain", model, "--labels", testdata / "models" / "coco80.txt", "--conf", "0.99"]
    done = runner("run", "a.gif", *brain, "--sink", "jsonl:out.jsonl", "--sink", "images:out")
    assert done.returncode == 0, done.stderr
    *records, last = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [record["time"] for record in records] == pytest.approx([0, 0.2, 0.5])
    assert last["summary"]["frames"] == 3
    drawn = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert drawn == ["a-000000.png", "a-000001.png", "a-000002.png"]
    assert np.asarray(Image.open(tmp_path / "out" / drawn[1]))[20, 30].tolist() == list(COLOURS[1])

    replayed = runner("replay", "out.jsonl", "--video", "a.gif", "--sink", "images:again")
    assert replayed.returncode == 0, replayed.stderr
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == drawn

    predicted = runner("predict", "a.gif", *brain)
    assert predicted.returncode == 0, predicted.stderr
    assert "of an animation the first picture is looked at here; `runner run FILE` looks at all" in predicted.stderr
