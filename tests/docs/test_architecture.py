"""docs/ARCHITECTURE.md: its paths exist, its picture is what the script draws, its tables are complete."""

import re
from pathlib import Path

import pytest
from tool_scripts import load_script

ROOT = Path(__file__).parents[2]
CORE = ROOT / "src" / "runner_core"
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")

_PATH = re.compile(r"`([\w.-]+/|[\w./-]*[\w-]+\.(?:py|md|toml)|\.importlinter)`")


def section(title: str) -> str:
    return PAGE.partition(f"## {title}")[2].partition("\n## ")[0]


def paths_of(text: str) -> list[str]:
    return _PATH.findall(text)


@pytest.fixture(scope="module")
def script():
    return load_script("draw_architecture")


def test_every_path_on_the_page_exists():
    named = paths_of(PAGE)
    assert len(named) > 60
    assert [path for path in named if not (CORE / path).exists() and not (ROOT / path).exists()] == []


def test_a_path_that_is_not_there_is_seen():
    assert paths_of("see `loading/gone.py`, `cli/` and `open_brain`") == ["loading/gone.py", "cli/"]


def test_the_picture_is_what_the_script_draws(script):
    assert script.PICTURE.read_text(encoding="utf-8") == script.draw(), "run `make architecture`"


def test_a_room_that_is_not_drawn_is_an_error(script, monkeypatch):
    monkeypatch.setattr(script, "layers", lambda: [{"cli", "attic"}])
    with pytest.raises(ValueError, match="attic"):
        script.draw()


def test_a_room_above_one_that_may_import_it_is_an_error(script, monkeypatch):
    layers = script.layers()
    monkeypatch.setattr(script, "layers", lambda: layers[::-1])
    with pytest.raises(ValueError, match="drawn above a room that may import it"):
        script.draw()


@pytest.mark.parametrize("title", ["From a name or a path to a brain", "From a source to answers"])
def test_a_journey_is_six_lines_and_each_names_a_file(title):
    steps = re.split(r"^\d\. ", section(title), flags=re.MULTILINE)[1:]
    assert len(steps) == 6
    assert all(paths_of(step) for step in steps)


def test_there_are_many_ways_in():
    rows = [row for row in section("I want to change ...").splitlines() if row.startswith("|")][2:]
    assert len(rows) >= 15


def test_each_package_says_why_it_is_core():
    named = {path for path in paths_of(section("Why each package is core")) if not path.startswith("tests/")}
    packages = {f"{path.parent.name}/" for path in CORE.glob("*/__init__.py")}
    modules = {path.name for path in CORE.glob("*.py")} - {"__init__.py"}
    assert named == packages | modules
