"""``runner demo``: what it leaves behind, and its page."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
from runner_demo.store import PICTURES
from view_client import read
from websockets.sync.client import connect

from runner_core.cli.main import main
from runner_core.pipeline.sources_sinks import open_source


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder of one demo."""
    folder = tmp_path_factory.mktemp("demo")
    with redirect_stdout(io.StringIO()) as told, pytest.raises(SystemExit) as stop:
        main(["demo", "--out", str(folder)])
    assert stop.value.code == 0
    assert "Eight pictures" in told.getvalue()
    assert "page > graphs" in told.getvalue()
    return folder


def test_the_pictures_are_annotated_and_most_of_what_they_show_is_found(out):
    assert {path.name for path in (out / "pictures").iterdir()} == {path.name for path in PICTURES.glob("*.jpg")}
    *records, last = lines(out / "answers.jsonl")
    assert last["summary"]["failed"] == 0
    truth = json.loads((PICTURES / "truth.json").read_text())["annotations"]
    for brain, category in (("page", 1), ("graphs", 2)):
        there = sum(note["category_id"] == category for note in truth)
        found = sum(
            len(said["instances"]) for record in records for said in record["inferences"] if said["brain"] == brain
        )
        assert 0.7 * there <= found <= 1.3 * there


def test_the_clip_s_graphs_lie_in_its_pages(out):
    *records, last = lines(out / "clip.jsonl")
    assert last["summary"]["failed"] == 0
    graphs = 0
    for record in records:
        pages, inside = record["inferences"]
        assert inside["parent_brain"] == "page"
        graphs += len(inside["instances"])
        assert all(graph["parent"] < len(pages["instances"]) for graph in inside["instances"])
    assert graphs > len(records), "more than one graph a frame"


def test_the_video_has_every_frame_that_was_answered(out):
    frames = list(open_source(str(out / "clip.mp4")).frames())
    assert len(frames) == len(lines(out / "clip.jsonl")) - 1
    assert frames[0].size == (960, 540)


def test_the_page_is_served_until_it_is_interrupted(tmp_path):
    command = [sys.executable, "-m", "runner_core.cli.main", "demo", "--view", "0"]
    headless = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=headless) as process:
        host = next(found[1] for line in process.stderr if (found := re.match(r"view: http://(\S+?)/", line)))
        with connect(f"ws://{host}/frames", proxy=None) as viewer:
            head, picture, _ = read(viewer.recv(30))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert [brain["brain"] for brain in head["brains"]] == ["page", "graphs"]
    assert head["brains"][1]["parent"] == "page"
    assert picture
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())
