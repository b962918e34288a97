"""``runner data --check``: wrong labels among the pictures that ship, found by the two brains that ship."""

import json
import shutil
from importlib.resources import files

import pytest
from browsers import launch_chromium

BOTH = ("--check", "page", "--check", "graphs")
QUIET = {"COLUMNS": "200"}


@pytest.fixture
def folder(tmp_path):
    """The demo's pictures, labelled as they are: 15 pages and 13 graphs."""
    return shutil.copytree(files("runner_demo") / "pictures", tmp_path / "pictures")


def change(folder, act):
    """``act(annotations, pages)`` changes the labels: all of them, and those of pages."""
    path = folder / "truth.json"
    document = json.loads(path.read_text())
    act(document["annotations"], [entry for entry in document["annotations"] if entry["category_id"] == 1])
    path.write_text(json.dumps(document))


def spoil(annotations, pages):
    """One label of every kind."""
    pages[0]["category_id"] = 2
    annotations.remove(pages[2])
    x, y, wide, high = pages[3]["bbox"]
    pages[3]["bbox"] = [x + wide * 0.3, y + high * 0.2, wide * 0.7, high * 0.8]
    common = {"image_id": pages[-1]["image_id"], "category_id": 1, "iscrowd": 0}
    annotations.append({"id": 900, **common, "bbox": [5, 5, 60, 60], "area": 3600})
    annotations.append({"id": 901, **common, "bbox": [5, 500, 1.5, 60], "area": 90})
    x, y, wide, high = pages[4]["bbox"]
    annotations.append({**pages[4], "id": 902, "bbox": [x + 2, y, wide, high]})


def test_labels_as_they_should_be_are_not_doubted(runner, folder):
    done = runner("data", folder, *BOTH, **QUIET)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("doubtful labels: 0\n")


def test_wrong_ones_of_each_kind_are_found_and_no_others(runner, folder):
    change(folder, spoil)
    done = runner("data", folder, *BOTH, "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert sorted(each["kind"] for each in told["doubts"]) == [
        "misplaced", "missing", "narrow", "spurious", "swapped", "twice",
    ]  # fmt: skip
    assert (told["unjudged"], told["unchecked"]) == ([], [])
    suspicions = [each["suspicion"] for each in told["doubts"]]
    assert suspicions == sorted(suspicions, reverse=True)
    swapped = next(each for each in told["doubts"] if each["kind"] == "swapped")
    assert (swapped["picture"], swapped["label"], swapped["found"]) == ("1-book.jpg", "graph", "page")


def test_they_are_listed_with_picture_and_number(runner, folder):
    change(folder, lambda _, pages: pages[0].update(category_id=2))
    done = runner("data", folder, *BOTH, **QUIET)
    line = next(line for line in done.stdout.splitlines() if "1-book.jpg" in line)
    assert [cell.strip() for cell in line.strip("│").split("│")][:2] == ["1-book.jpg", "1"]
    assert "this graph is found to be page" in line


def test_classes_that_no_brain_knows_are_said(runner, folder):
    done = runner("data", folder, "--check", "page", **QUIET)
    assert "not judged, as no brain knows them: graph" in done.stdout


def test_the_page_shows_them_without_anything_beside_it(runner, folder, tmp_path):
    change(folder, spoil)
    done = runner("data", folder, *BOTH, "--page", tmp_path / "doubts.html")
    assert f"data: {tmp_path / 'doubts.html'}" in done.stderr
    with launch_chromium() as browser:
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": 800})
            asked = []
            page.on("request", lambda request, asked=asked: asked.append(request))
            page.goto((tmp_path / "doubts.html").as_uri())
            assert page.locator("figure").count() == 6
            assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 40)")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert {each.url.partition(":")[0] for each in asked} <= {"file", "data"}


def test_wrong_use_is_one_line(runner, folder, tmp_path):
    (tmp_path / "folders" / "cup").mkdir(parents=True)
    shutil.copy(folder / "2-one.jpg", tmp_path / "folders" / "cup")
    for arguments, message in (
        ((folder, "--page", "doubts.html"), "name a brain: --check BRAIN"),
        ((folder, "--check", "pgae"), "did you mean"),
        ((tmp_path / "folders", "--form", "folders", "--check", "page"), "labels of classification have no boxes"),
    ):
        done = runner("data", *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert message in done.stderr
