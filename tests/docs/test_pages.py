"""The pages of the documentation: their links lead somewhere, their code runs, the README names what there is."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from onnx_models import write_landmarks

from runner_core.cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "examples/*.md", "plugins/*/*.md", "plugins/*/training/*.md", "bench/*.md")
    for page in ROOT.glob(pattern)
)
PICTURES = ROOT / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures"
TOOLS = {"dev", "docs"}  # the extras that are for the repository itself

_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^    \$ runner (.*)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_something_that_is_there(page):
    missing = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_a_heading_lead_to_one(page):
    missing = []
    for link in re.findall(r"\]\(((?!https?://)[^)\s]*#[^)\s]+)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path if path else page).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", target, re.MULTILINE)
        if anchor not in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}:
            missing.append(link)
    assert missing == []


def test_the_index_names_every_page():
    docs = ROOT / "docs"
    links = _LINK.findall((docs / "README.md").read_text(encoding="utf-8"))
    pages = {page.relative_to(docs).as_posix() for pattern in ("*.md", "how-to/*.md") for page in docs.glob(pattern)}
    assert pages - {"README.md"} - set(links) == set()


def test_the_index_of_decisions_names_each():
    folder = ROOT / "docs" / "adr"
    links = set(_LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in folder.glob("0*.md")} == links


def test_the_readme_names_every_plugin_and_every_extra():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    plugins = {path.parent.name for path in ROOT.glob("plugins/runner-*/pyproject.toml")}
    assert [name for name in sorted(plugins) if f"(plugins/{name})" not in text] == []
    assert [name for name in extras if name not in TOOLS and f"`{name}`" not in text] == []


def test_every_plugin_is_in_an_extra_and_an_extra_names_plugins_alone():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = {re.split(r"[\[>]", part)[0] for name, parts in extras.items() if name not in TOOLS for part in parts}
    assert named - {"runner-core"} == {path.parent.name for path in ROOT.glob("plugins/runner-*/pyproject.toml")}


@pytest.fixture
def folder(tmp_path, testdata, cases, monkeypatch) -> Path:
    """What the pages speak of, by the names that they use."""
    models = testdata / "models"
    for name, source in {
        "street.jpg": testdata / "pictures" / "baseball.jpg",
        "photo.jpg": PICTURES / "2-one.jpg",
        "instances.json": PICTURES / "truth.json",
        "coco.pb": models / "fastestdet_coco_tf1_image_tensor.pb",
        "coco.pbtxt": models / "coco80.pbtxt",
        "voc.onnx": models / "fastestdet_coco.onnx",
        "voc.txt": models / "coco80.txt",
        "palm_detection.tflite": cases / "models" / "palm_detection_lite.tflite",
        "people/squat.bmp": testdata / "pictures" / "squat.bmp",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(source, tmp_path / name)
    write_landmarks(tmp_path / "hand_landmark.onnx", 224, (63, 1, 1, 63))
    for name in ("pictures", "new-pictures"):
        shutil.copytree(PICTURES, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize("name", ["chain-brains", "combine-answers", "export-answers", "use-a-dataset"])
def test_what_a_page_tells_works(name, folder, capfd):
    """Its commands first, then its code, block by block."""
    text = (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    for command in _CONSOLE.findall(text):
        with pytest.raises(SystemExit) as stop:
            main([part.strip("'") for part in re.findall(r"'[^']*'|\S+", command)])
        assert stop.value.code == 0, command
    blocks = _PYTHON.findall(text)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, name, "exec"), names)
    if name == "chain-brains":
        assert "on page" in capfd.readouterr().out
        assert names["hands"].keypoints.shape == (1, 21, 3)
    if name == "combine-answers":
        assert {"coco", "voc"} == set(names["merged"].brains)
    if name == "use-a-dataset":
        assert "reaches" in capfd.readouterr().out
        assert (Path("yolo") / "labels" / "data.yaml").is_file()
    if name == "export-answers":
        assert names["evaluation"].stats[1] > 0.9
        assert len(names["detections"]) == len(names["inference"]) > 0


def test_the_script_of_the_readme_finds_what_its_brains_are_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    (script,) = _PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len([line for line in script.splitlines() if line]) <= 10
    exec(compile(script, "README.md", "exec"), {})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {("page", "page"), ("graphs", "graph")} == {(brain, label) for brain, label, *_ in lines}
    assert len(lines) > 16
