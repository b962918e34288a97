"""The renderer behind the two brains: same seed, same picture, and boxes where the charts are."""

import sys
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

np = pytest.importorskip("numpy")
Image = pytest.importorskip("PIL.Image")

TRAINING = Path(__file__).parents[1] / "training"
PAPER, INK = (250, 246, 236), (20, 20, 22)


@pytest.fixture(scope="module")
def made():
    """The renderer's modules; they are scripts beside each other, so their names leave sys.modules again."""
    before = set(sys.modules)
    sys.path.insert(0, str(TRAINING))
    try:
        import charts
        import clip
        import figures
        import looks
        import page
        import plots
        import render
        import scene

        modules = (charts, clip, figures, looks, page, plots, render, scene)
        yield SimpleNamespace(**{module.__name__: module for module in modules})
    finally:
        sys.path.remove(str(TRAINING))
        own = {path.stem for path in TRAINING.glob("*.py")}
        for name in (set(sys.modules) - before) & own:
            del sys.modules[name]


@pytest.fixture(scope="module")
def pictures(made):
    return [made.scene.scene(seed) for seed in range(90_000_000, 90_000_012)]


def ink(sheet, box):
    """The share of pixels of `box` that differ from the paper, which is the sheet's most frequent colour."""
    pixels = np.asarray(sheet.image)
    _, paper = max(sheet.image.getcolors(sheet.image.width * sheet.image.height))
    left, top, right, bottom = box
    away = np.abs(pixels[top:bottom, left:right].astype(int) - paper).max(-1)
    return (away > 12).mean()


def sheets(made, count):
    return [made.page.sheet(Random(f"test {seed}"), 400, "report", "charts") for seed in range(count)]


def test_same_seed_same_picture(made, pictures):
    made.scene.printed.cache_clear()
    again = made.scene.scene(90_000_003)
    assert again.image.tobytes() == pictures[3].image.tobytes()
    assert np.array_equal(again.objects, pictures[3].objects)


def test_other_seed_other_picture(pictures):
    assert len({picture.image.tobytes() for picture in pictures}) == len(pictures)


def test_charts_are_boxed_on_the_sheet(made):
    boxed = [(sheet, box) for sheet in sheets(made, 6) for box in sheet.charts]
    assert boxed
    for sheet, (left, top, right, bottom) in boxed:
        assert 0 <= left < right <= sheet.image.width
        assert 0 <= top < bottom <= sheet.image.height
        for edge in ((left, top, right, top + 1), (left, bottom - 1, right, bottom)):
            assert ink(sheet, edge) > 0, "the first and the last row of a box hold ink"
        for edge in ((left, top, left + 1, bottom), (right - 1, top, right, bottom)):
            assert ink(sheet, edge) > 0, "the first and the last column of a box hold ink"


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed: charts of the clip need it")
def test_the_clip_that_ships_is_the_one_that_is_rendered(made):
    av = pytest.importorskip("av")
    rendered = next(made.clip.frames())
    with av.open(str(TRAINING.parent / "src" / "runner_demo" / "clip.mp4")) as container:
        shipped = next(container.decode(video=0)).to_image()
    one, other = (np.asarray(picture.reduce(8)).astype(int) for picture in (rendered, shipped))
    assert np.abs(one - other).mean() < 3, "what the encoder leaves out averages away"


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed: half of the charts need it")
def test_the_pictures_to_learn_from_are_those_that_are_rendered(made):
    split, look, _, step = made.looks.SETS["twenty"]
    encoded, size, _ = made.looks.shoot(3, split, look, step)
    shipped = Image.open(TRAINING.parent / "src" / "runner_demo" / "looks" / "twenty" / "03.jpg")
    assert shipped.size == size
    one, other = (
        np.asarray(each.convert("RGB").reduce(8)).astype(int) for each in (Image.open(BytesIO(encoded)), shipped)
    )
    assert np.abs(one - other).mean() < 3


def test_prose_has_no_charts(made):
    assert not made.page.sheet(Random("prose"), 300, "book", "prose").charts


def test_objects_lie_inside_the_picture(pictures):
    for picture in pictures:
        width, height = picture.image.size
        kind, left, top, right, bottom = picture.objects.T
        assert np.isin(kind, (0, 1)).all()
        for low, high, side in ((left, right, width), (top, bottom, height)):
            assert (low >= 0).all()
            assert (low < high).all()
            assert (high <= side).all()


def test_graphs_lie_on_pages(pictures):
    graphs = 0
    for picture in pictures:
        pages = picture.objects[picture.objects[:, 0] == 0, 1:]
        for left, top, right, bottom in picture.objects[picture.objects[:, 0] == 1, 1:]:
            graphs += 1
            x, y = (left + right) / 2, (top + bottom) / 2
            assert any(x1 <= x <= x2 and y1 <= y <= y2 for x1, y1, x2, y2 in pages)
    assert graphs, "twelve pictures without any graph test nothing"


def test_page_box_encloses_what_is_brighter_than_a_black_desk(made, monkeypatch):
    monkeypatch.setattr(made.scene, "desk", lambda r, size: Image.new("RGB", size))
    monkeypatch.setattr(made.scene, "clutter", lambda stage, count, choice: None)
    monkeypatch.setattr(made.scene, "cover", lambda stage: None)
    monkeypatch.setattr(made.scene, "exposed", lambda r, picture, clean: picture)
    picture = made.scene.scene(90_000_100, (480, 360), "two")
    bright = np.asarray(picture.image.convert("L")) > 90
    inside = np.zeros_like(bright)
    for left, top, right, bottom in picture.objects[picture.objects[:, 0] == 0, 1:].round().astype(int):
        y, x = np.nonzero(bright[top:bottom, left:right])
        assert np.ptp(x) + 1 >= (right - left) * 0.97
        assert np.ptp(y) + 1 >= (bottom - top) * 0.97
        inside[top:bottom, left:right] = True
    assert bright[inside].sum() >= 0.95 * bright.sum()


def test_rows_are_shares_of_the_picture_and_filled_up(made):
    rows = made.render.padded(np.array([[1, 64, 48, 320, 240]], np.float32), (640, 480))
    assert rows[0].tolist() == pytest.approx([1, 0.1, 0.1, 0.5, 0.5])
    assert (rows[1:] == -1).all()


def test_coco_counts_every_object(made, pictures):
    data = made.render.coco([(f"{i}.jpg", p.image.size, p.objects) for i, p in enumerate(pictures)], ("page", "graph"))
    assert len(data["annotations"]) == sum(len(picture.objects) for picture in pictures)
    assert {c["name"] for c in data["categories"]} == {"page", "graph"}


@pytest.mark.parametrize("marks", range(9))
def test_every_kind_of_chart_draws_inside_its_sprite(made, monkeypatch, marks):
    monkeypatch.setattr(made.charts, "MARKS", (made.charts.MARKS[marks],))
    sprite = made.charts.chart(Random(marks), (160, 120), PAPER, INK)
    assert sprite.size == (160, 120)
    assert len(sprite.getcolors(160 * 120)) > 2


@pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="matplotlib is not installed: half of the charts come from it"
)
def test_matplotlib_draws_the_asked_size(made):
    assert made.plots.plot(Random(4), (200, 140), PAPER, INK).size == (200, 140)


@pytest.mark.parametrize("subject", ["mug", "keyboard"])
def test_things_are_labelled_alone(made, subject):
    seen = [made.scene.scene(seed, subject=subject) for seed in range(4)]
    for picture in seen:
        assert 1 <= len(picture.objects) <= 3
        assert not picture.objects[:, 0].any()
    shapes = np.concatenate([picture.objects[:, 3:] - picture.objects[:, 1:3] for picture in seen])
    assert (shapes.max(axis=1) > 40).all()


def test_tables_are_labelled_in_place_of_charts(made):
    fill = [made.page.sheet(Random(f"table {seed}"), 400, "report", "hard", subject="table") for seed in range(4)]
    assert any(sheet.charts for sheet in fill)
    assert not any(made.page.sheet(Random(f"table {seed}"), 400, "report", "hard").charts for seed in range(4))


def test_pages_on_request_hold_what_charts_are_confused_with(made, monkeypatch):
    drawn = []
    monkeypatch.setattr(made.page, "rings", lambda *given: drawn.append("rings") or made.figures.rings(*given))
    monkeypatch.setattr(made.page, "pie", lambda *given: drawn.append("pie") or made.charts.pie(*given))
    monkeypatch.setitem(made.page.ON_REQUEST, "round", {"pie": 1, "rings": 1})
    charts = sum(len(made.page.sheet(Random(f"round {seed}"), 400, "report", "round").charts) for seed in range(4))
    assert {"rings", "pie"} <= set(drawn)
    assert charts == drawn.count("pie")
