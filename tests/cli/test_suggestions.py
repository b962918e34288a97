"""Whatever name is refused, the one that was meant is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from faulty_server import FaultyServer
from shelves import write_brain

PICTURES = "demo:pictures"
DEMO_PICTURE = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures" / "2-one.jpg"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("predict", "PICTURE", "--brain", "pgae"), "page"),
        (("predict", "PICTURE", "--brain", "demo:grahps"), "graphs"),
        (("predict", "PICTURE", "--brain", "dmo:page"), "demo"),
        (("predict", "PICTURE", "--brain", "cat.onnx"), "cats.onnx"),
        (("predict", "PICTURE", "--brain", "page", "--engine", "onxx"), "onnx"),
        (("predict", "PICTURE", "--brain", "page", "--task", "yollo"), "yolo"),
        (("predict", "PICTURE", "--brain", "page?cnof=0.5"), "conf"),
        (("predict", "PICTURE", "--brain", "page", "--classes", "pag"), "page"),
        (("predict", "PICTURE", "--brain", "page[pgae] > graphs"), "page"),
        (("predict", "PICTURE", "--brain", "page[page, margn=0.1] > graphs"), "margin"),
        (("predict", "PICTURE", "--brain", "page", "--trust", "pgae"), "page"),
        (("run", "webcma:0", "--brain", "page"), "webcam"),
        (("run", "rtspp://host/live", "--brain", "page"), "rtsp"),
        (("run", PICTURES, "--brain", "page", "--sink", "cocoo:out.json"), "coco"),
        (("run", PICTURES, "--brain", "page", "--sink", "yolo:out?from=boxes"), "form"),
        (("push", "page", "--to", "foldr:shelf"), "folder"),
        (("predt",), "predict"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_what_was_meant_is_named(runner, tmp_path, typed, meant):
    picture = tmp_path / "one.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "cats.onnx").touch()
    done = runner(*(str(DEMO_PICTURE) if word == "PICTURE" else word for word in typed))
    assert done.returncode == 2
    assert f"id you mean {meant}?" in done.stderr
    assert len(done.stderr.splitlines()) <= 4


@pytest.mark.parametrize(
    ("sink", "remedy"),
    [
        ("view", "write view:8000"),
        ("csv:", "write csv:FILE"),
        ("jsonl", "write jsonl:PATH"),
        ("images", "write images:DIR"),
        ("viwe", "did you mean view?"),
        ("out.cvs", "did you mean .csv?"),
    ],
)
def test_a_sink_without_a_place_shows_what_to_type(runner, sink, remedy):
    done = runner("run", PICTURES, "--brain", "page", "--sink", sink)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "is not a sink" in line]
    assert f"{remedy}" in line


def test_a_name_that_is_right_is_not_suggested(runner):
    done = runner("pull", "demo:page@9")
    assert done.returncode == 1
    assert "did you mean" not in done.stderr


def test_of_a_store_elsewhere_what_was_fetched_is_suggested_and_nothing_asked(runner, tmp_path):
    write_brain(tmp_path / "made")
    runner("push", "made", "--to", "folder:shelf")
    with FaultyServer(tmp_path / "shelf") as server:
        stores = {"RUNNER_STORES": f"team=http:{server.url}"}
        assert "did you mean" not in runner("pull", "team:pagge", **stores).stderr
        assert runner("pull", "team:page", **stores).returncode == 0
        asked = len(server.asked)
        done = runner("pull", "team:pagge", **stores)
        assert "did you mean page?" in done.stderr
        assert {each.path for each in server.asked[asked:]} <= {"/index.json", "/pagge/brain.json"}


def test_a_fetched_brain_that_is_removed(runner, tmp_path):
    write_brain(tmp_path / "made")
    runner("push", "made", "--to", "folder:shelf")
    with FaultyServer(tmp_path / "shelf") as server:
        runner("pull", f"{server.url}/page")
    assert "did you mean page?" in runner("brains", "remove", "pgae").stderr
