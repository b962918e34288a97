"""What `coming-from.md` says to type works as it stands, row by row; so do the pages for supervision and FiftyOne."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from clips import write_clip
from diffgram_server import ACCOUNT, PROJECT, DiffgramServer
from PIL import Image

from runner_core.cli.main import main

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to"
PAGE = (HOW_TO / "coming-from.md").read_text(encoding="utf-8")
DEMO = ROOT / "plugins" / "runner-demo" / "src" / "runner_demo"

_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTIONS = {title: text for title, _, text in (part.partition("\n") for part in PAGE.split("\n## ")[1:])}


def list_rows(text: str) -> list[str]:
    """What stands on the right of each row, without the head."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert all(len(row) == 2 for row in rows), "each row has two cells"
    return [here for _, here in rows[1:]]


def list_code(cell: str) -> list[str]:
    """The code with which a cell begins, and what follows it after a comma; nothing for a cell of words."""
    found = re.match(r"`[^`]+`(?:, `[^`]+`)*", cell)
    return re.findall(r"`([^`]+)`", found[0]) if found else []


def run_command(line: str) -> None:
    """As it is typed, on the clip in place of the camera, with the page on a free port."""
    line = line.replace("run 0 ", "run clip.mp4 ").replace("view:8000", "view:0")
    with pytest.raises(SystemExit) as stop:
        main([word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)[1:]])
    assert stop.value.code == 0, line


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """What the pages speak of, by the names that they use."""
    for name, source in {
        "model.onnx": DEMO / "brains" / "page" / "page.onnx",
        "photo.jpg": DEMO / "pictures" / "3-two.jpg",
        "other.jpg": DEMO / "pictures" / "2-one.jpg",
        "instances.json": DEMO / "pictures" / "truth.json",
    }.items():
        shutil.copy(source, tmp_path / name)
    (tmp_path / "labels.txt").write_text("page\n")
    still = np.asarray(Image.open(tmp_path / "photo.jpg").resize((640, 480)))
    write_clip(tmp_path / "clip.mp4", times=(0, 0.1, 0.2), size=(640, 480), pictures=[still] * 3)
    shutil.copytree(DEMO / "pictures", tmp_path / "pictures")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def shown(monkeypatch) -> list[object]:
    """The pictures that `show` would have opened a viewer for."""
    seen: list[object] = []
    monkeypatch.setattr(Image.Image, "show", lambda image, **_: seen.append(image))
    return seen


@pytest.fixture
def url(folder) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/photo.jpg"
        server.shutdown()


@pytest.fixture
def project(monkeypatch) -> Iterator[str]:
    """The address of a project with the page's brains, and file 5."""
    monkeypatch.setenv("DIFFGRAM_CLIENT_ID", ACCOUNT[0])
    monkeypatch.setenv("DIFFGRAM_CLIENT_SECRET", ACCOUNT[1])
    brains = {name: DEMO / "brains" / name / f"{name}.pb" for name in ("page", "graphs")}
    with DiffgramServer(brains, {"sheet": 17}, {"17": 1}) as server:
        server.files[5] = (DEMO / "pictures" / "3-two.jpg").read_bytes()
        yield f"diffgram:{server.host}/{PROJECT}"


def test_there_is_a_table_for_each_tool():
    assert {title.split()[0] for title in _SECTIONS} == {
        "The", "Ultralytics", "supervision", "Hugging", "OpenVINO", "FiftyOne"
    }  # fmt: skip
    assert all(len(list_rows(text)) >= 8 for text in _SECTIONS.values())


@pytest.mark.parametrize("title", _SECTIONS)
def test_what_to_type_here_works(title, folder, url, project, shown, capfd):
    names: dict[str, object] = {"url": url, "file_id": 5, "sv": sv}
    (opening,) = _PYTHON.findall(PAGE)
    exec(compile(opening, "coming-from.md", "exec"), names)
    for code in (code for cell in list_rows(_SECTIONS[title]) for code in list_code(cell)):
        if code.startswith("runner "):
            run_command(code)
            continue
        names["results"] = None
        exec(compile(code.replace("diffgram:pages", project), code, "exec"), names)
        assert len(list(names["results"] or [0])) > 0, code
    assert len(names["answer"]) == 2
    assert bool(shown) == (title == "Ultralytics")


def test_what_is_said_to_be_the_same_is(folder):
    names: dict[str, object] = {}
    exec(compile(_PYTHON.findall(PAGE)[0], "coming-from.md", "exec"), names)
    answer, brain = names["answer"], names["brain"]
    left_top = eval("np.hstack([answer.xyxyn[:, :2], answer.xywhn[:, 2:]])", names)
    x1, y1, x2, y2 = answer[0].box
    assert np.allclose(left_top[0] * [1280, 960, 1280, 960], (x1, y1, x2 - x1, y2 - y1), atol=0.01)
    again = brain.predict(names["image"], colour="bgr")
    assert np.allclose(again.boxes, answer.boxes, atol=8)
    assert not np.array_equal(brain.predict(names["image"]).scores, again.scores)


def test_the_page_of_supervision_works(folder, capsys):
    names: dict[str, object] = {}
    for block in _PYTHON.findall((HOW_TO / "use-supervision.md").read_text(encoding="utf-8")):
        if "from trackers" not in block or find_spec("trackers"):  # which needs an OpenCV of its own
            exec(compile(block, "use-supervision.md", "exec"), names)
    assert (folder / "out.jpg").stat().st_size > 10_000
    said = capsys.readouterr().out
    assert re.search(r"^\d\.\d s: [1-9] of [1-9] pages in the zone$", said, re.MULTILINE)
    assert "Inference('page', object-detection, found 2 page)" in said


def test_the_commands_of_the_page_of_fiftyone_work(folder):
    page = (HOW_TO / "use-fiftyone.md").read_text(encoding="utf-8")
    for command in re.findall(r"^    \$ (runner .*)$", page, re.MULTILINE):
        run_command(command)
    truth = json.loads((folder / "instances.json").read_text())
    found = json.loads((folder / "found.json").read_text())
    rows = found if isinstance(found, list) else found["annotations"]
    assert {row["image_id"] for row in rows} <= {image["id"] for image in truth["images"]}
    assert {row["category_id"] for row in rows} <= {category["id"] for category in truth["categories"]}
    for block in _PYTHON.findall(page):
        compile(block, "use-fiftyone.md", "exec")
