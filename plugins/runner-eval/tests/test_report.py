"""The report in a real browser, from the file system; and its files."""

import json
import re

import attrs
import pytest
from labelled import NAMES, Prepared, make_data, make_truth
from PIL import Image
from runner_eval.evaluator import CocoEvaluator

from runner_core.cards.labels import LabelMap

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
HOSTILE = "<script>alert(1)</script> $x_1$ & \u0645\u0643\u062a\u0628"


@pytest.fixture
def evaluation(data, prepared):
    return CocoEvaluator().evaluate([prepared("first"), prepared("second", seed=9)], data, resamples=30)


@pytest.fixture
def open_page(browser):
    """``open_page(path, size)``: a page without a network; whatever it asks for, or complains of, fails the test."""
    complaints, contexts = [], []

    def opening(path, size=WIDE):
        context = browser.new_context(viewport=size, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        own = (path.as_uri(), "data:")
        page.on("request", lambda request: complaints.extend([] if request.url.startswith(own) else [request.url]))
        page.goto(path.as_uri())
        return page

    yield opening
    for context in contexts:
        context.close()
    assert not complaints


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
def test_the_page_needs_nothing_else_and_fits(evaluation, open_page, tmp_path, size):
    alone = tmp_path / "elsewhere" / "report.html"
    alone.parent.mkdir()
    alone.write_bytes(evaluation.save(tmp_path / "report").read_bytes())
    page = open_page(alone, size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    broken = "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    assert page.evaluate(broken) == 0
    assert page.locator("h2").all_inner_texts() == ["Boxes", "Masks", "Keypoints"]
    pair = page.locator(".pair").first.locator("img")
    tops = [pair.nth(number).bounding_box()["y"] for number in range(2)]
    assert (tops[0] == tops[1]) == (size is WIDE), "side by side where there is room"
    assert page.locator("td", has_text="mAP50:95").first.is_visible()


def test_names_of_any_kind_are_shown_as_they_are(tmp_path, open_page):
    folder = tmp_path / "a & <b>"
    folder.mkdir()
    names = (HOSTILE, "_hidden", *NAMES[2:])
    data = make_data(folder, 4, make_truth, names=names)
    labels = LabelMap.from_names(names)
    answers = {}
    for example in data:
        truth = example.read().answer
        answers[example.key] = attrs.evolve(truth, brain="demo", labels=labels, scores=[0.9] * len(truth)).take([0])
    found = Prepared("demo", answers, names=names).evaluate(data, resamples=10)
    page = open_page(found.save(tmp_path / "report"))
    assert page.locator("td", has_text=HOSTILE).first.is_visible()
    assert "a & <b>" in page.locator("h1").inner_text()


def test_the_files_beside_the_page(evaluation, tmp_path):
    page = evaluation.save(tmp_path / "deep" / "report")
    files = {path.name for path in page.parent.iterdir()}
    for part in ("boxes", "masks", "keypoints"):
        assert {f"precision-{part}.png", f"confusion-{part}-1.png", f"worst-{part}-2.jpg"} <= files
    assert json.loads((page.parent / "evaluation.json").read_text()) == json.loads(json.dumps(evaluation.to_json()))
    for name in files - {"report.html", "evaluation.json"}:
        with Image.open(page.parent / name) as image:
            assert min(image.size) > 100


def test_a_picture_that_is_gone_is_not_shown(evaluation, data, tmp_path):
    worst = evaluation.scores[0].parts[0].worst
    data[worst[0].place].picture.unlink()
    text = evaluation.save(tmp_path / "report").read_text()
    assert len(re.findall(f'alt="{data[worst[0].place].key}: labels"', text)) == 0
    assert f'alt="{data[worst[1].place].key}: labels"' in text


def test_a_hundred_classes_are_drawn_as_those_that_are_mixed_up_most(tmp_path):
    names = tuple(f"class number {number} with a long name" for number in range(100))
    folder = tmp_path / "pictures"
    folder.mkdir()
    data = make_data(folder, 3, make_truth, names=names)
    answers = {each.key: attrs.evolve(each.read().answer, labels=data.labels, brain="demo") for each in data}
    found = Prepared("demo", answers, names=names).evaluate(data, resamples=10)
    with Image.open(found.save(tmp_path / "report").parent / "confusion-boxes-1.png") as image:
        assert max(image.size) < 3000
