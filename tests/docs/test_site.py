"""The site of `make docs`: nothing comes from elsewhere, every name is described, every link leads somewhere."""

import importlib
import json
import re
import zlib
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

import runner_core

ROOT = Path(__file__).parents[2]
SITE = ROOT / "out" / "site"
DOORS = re.findall(
    r"automodule:: runner_core\.(\w+)", (ROOT / "docs" / "reference" / "doors.md").read_text(encoding="utf-8")
)

pytestmark = pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the site is not built: make docs")


@pytest.fixture(scope="module")
def pages():
    return {path.relative_to(SITE): path.read_text(encoding="utf-8") for path in SITE.rglob("*.html")}


@pytest.fixture(scope="module")
def described():
    """The names that the reference describes, in full."""
    data = (SITE / "objects.inv").read_bytes()
    lines = zlib.decompress(data[data.index(b"\n", data.index(b"zlib")) + 1 :]).decode().splitlines()
    return {line.split()[0] for line in lines if " py:" in line}


def test_nothing_is_loaded_from_elsewhere(pages):
    loads = re.compile(r"""<(?:script|img|iframe|source|video)\b[^>]*\ssrc=["']?(?:https?:)?//[^"'\s>]+""")
    links = re.compile(
        r"""<link\b(?=[^>]*rel=["'](?:stylesheet|preload|preconnect|icon)[^>]*href=["']?(?:https?:)?//)[^>]+"""
    )
    assert [(path, found) for path, text in pages.items() for found in loads.findall(text) + links.findall(text)] == []
    sheets = {path: path.read_text(encoding="utf-8") for path in SITE.rglob("*.css")}
    assert [path for path, text in sheets.items() if re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", text)] == []


def test_links_lead_to_pages_that_are_there(pages):
    missing = [
        (str(path), link)
        for path, text in pages.items()
        for link in re.findall(r'<a\b[^>]*\shref="([^"#?:]+)[^":]*"', text)
        if not (SITE / path.parent / unquote(unescape(link))).exists()
    ]
    assert missing == []


def test_every_page_of_the_documentation_is_there(pages):
    sources = [
        *ROOT.glob("docs/*.md"), *ROOT.glob("docs/how-to/*.md"), *ROOT.glob("docs/adr/*.md"),
        *ROOT.glob("plugins/*/README.md"), *ROOT.glob("examples/*.*"),
    ]  # fmt: skip
    assert {path.relative_to(ROOT).with_suffix(".html") for path in sources} - set(pages) == set()


def test_every_public_name_is_described(described):
    assert {f"runner_core.{name}" for name in runner_core.__all__} - described == set()


def test_what_a_class_inherits_from_a_part_of_its_own_is_described(described):
    assert {f"runner_core.Inference.{name}" for name in ("filter", "draw", "to_dataframe", "xywhn")} <= described


def test_every_folder_with_a_door_is_described():
    folders = {path.parent.name for path in ROOT.glob("src/runner_core/*/__init__.py") if "__all__" in path.read_text()}
    assert folders == {*DOORS, "testing"}


@pytest.mark.parametrize("door", [*DOORS, "testing"])
def test_every_name_of_a_door_is_described(described, door):
    names = set(importlib.import_module(f"runner_core.{door}").__all__) - set(runner_core.__all__)
    assert {f"runner_core.{door}.{name}" for name in names} - described == set()


def test_the_search_finds_what_is_on_a_page():
    index = (SITE / "searchindex.js").read_text(encoding="utf-8")
    found = json.loads(index[len("Search.setIndex(") : -1])
    assert found["docnames"].index("docs/how-to/two-brains-on-a-webcam") in np.atleast_1d(found["titleterms"]["webcam"])
