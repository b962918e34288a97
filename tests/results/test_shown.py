"""An answer at the keyboard: other forms of boxes, drawing, saving, a notebook's HTML, a data frame, hints."""

import copy
import io
import re
from base64 import b64decode

import attrs
import numpy as np
import pytest
from inferences import full, sample
from PIL import Image

from runner_core import Frame, Inference, Instance, Result
from runner_core.drawing.annotate import annotate_picture
from runner_core.errors import ImageError, SinkError, UsageError
from runner_core.results.result import Failure
from runner_core.util.notebook import MOST_PIXELS, MOST_ROWS, format_table

PIXELS = np.random.default_rng(3).integers(0, 255, (40, 60, 3)).astype(np.uint8)


@pytest.fixture
def held() -> Inference:
    """An answer that holds its picture."""
    return sample(frame=Frame.from_array(PIXELS))


def test_iterating_and_indexing_give_instances():
    inference = sample()
    assert [instance.label for instance in inference] == ["page", "graph", "page"]
    assert isinstance(inference[1], Instance)
    assert inference[-1].id == 2
    assert [instance.id for instance in inference[1:]] == [1, 2]
    with pytest.raises(IndexError):
        inference[3]


def test_boxes_come_in_the_four_usual_forms():
    inference = sample()
    assert inference.xywh.tolist() == [[5, 5, 10, 10], [12.5, 12.5, 15, 15], [2, 3, 2, 2]]
    np.testing.assert_allclose(inference.xyxyn * [60, 40, 60, 40], inference.boxes, rtol=1e-6)
    np.testing.assert_allclose(inference.xywhn * [60, 40, 60, 40], inference.xywh, rtol=1e-6)
    assert {form.dtype for form in (inference.xywh, inference.xyxyn, inference.xywhn)} == {np.dtype(np.float32)}
    none = sample(boxes=None)
    assert none.xywh is none.xyxyn is none.xywhn is None


def test_it_is_drawn_as_the_sinks_draw(held):
    wanted = annotate_picture(Image.fromarray(PIXELS), [held])
    assert held.draw() == sample().draw(PIXELS) == wanted
    assert wanted != Image.fromarray(PIXELS)


def test_without_its_picture_it_asks_for_it():
    with pytest.raises(UsageError, match=r"does not hold its picture; give it: inference\.cutout\(picture\)"):
        sample().cutout()
    with pytest.raises(UsageError, match=r"does not hold its picture; give it: inference\.draw\(picture\)"):
        sample().draw()
    with pytest.raises(UsageError, match="array is 4 x 2, not 60 x 40; give the picture that the answer is of"):
        sample().draw(np.zeros((2, 4, 3), np.uint8))


def test_it_is_saved_whole_or_not_at_all(held, tmp_path):
    assert held.save(tmp_path / "a.png") == tmp_path / "a.png"
    with Image.open(tmp_path / "a.png") as saved:
        assert np.array_equal(np.asarray(saved), np.asarray(held.draw()))
    with pytest.raises(UsageError, match=r"no format of pictures is called '\.cat'; write \.jpg or \.png"):
        held.save(tmp_path / "a.cat")
    with pytest.raises(SinkError, match="cannot be written"):
        held.save(tmp_path / "none" / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_it_is_shown_by_pillow(held, monkeypatch):
    """A stand-in for the machine's viewer, which tests do not have."""
    shown = []
    monkeypatch.setattr(Image.Image, "show", lambda image, title=None: shown.append((image, title)))
    held.show()
    assert shown == [(held.draw(), "demo")]


def test_json_and_equality_leave_the_picture_out(held):
    assert held == sample()
    assert held.to_json() == sample().to_json()
    assert Inference.from_json(held.to_json()).frame is None
    assert copy.deepcopy(sample()) == sample()


def test_a_data_frame_has_the_columns_that_there_are():
    table = sample().to_dataframe()
    assert list(table) == ["label", "file_id", "model_id", "x1", "y1", "x2", "y2", "score"]
    assert table["label"].tolist() == ["page", "graph", "page"]
    assert table[["x1", "y1", "x2", "y2"]].to_numpy().tolist() == sample().boxes.tolist()
    whole = full().to_dataframe()
    assert set(whole) - set(table) == {"keypoints", "track", "parent", "area"}
    assert whole["area"].tolist() == [int(mask.array.sum()) for mask in full().masks]
    assert np.array_equal(np.stack(whole["keypoints"]), full().keypoints)


@pytest.mark.parametrize(("typed", "here"), [("plot", "draw()"), ("xyxy", "boxes"), ("confidence", "scores")])
def test_what_it_is_called_elsewhere_is_said_here(typed, here):
    with pytest.raises(AttributeError, match=re.escape(f"an Inference has no {typed!r}; here it is `{here}`")):
        getattr(sample(), typed)
    assert not hasattr(sample(), "nothing_like_it")


def pictures_in(html: str) -> list[Image.Image]:
    return [Image.open(io.BytesIO(b64decode(data))) for data in re.findall(r"base64,([^']+)", html)]


def test_a_notebook_shows_the_picture_and_the_rows(held):
    html = held._repr_html_()
    (picture,) = pictures_in(html)
    assert picture.size == (60, 40)
    assert re.findall(r"<td[^>]*>(page|graph)</td>", html) == ["page", "graph", "page"]
    assert pictures_in(sample()._repr_html_()) == []


def test_a_picture_that_is_gone_is_left_out(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    inference = sample(frame=Frame.from_path(tmp_path / "a.png"))
    (tmp_path / "a.png").unlink()
    with pytest.raises(ImageError):
        inference.draw()
    assert "graph" in inference._repr_html_()


def test_a_result_shows_every_answer_and_what_failed(tmp_path):
    frame = Frame.from_array(PIXELS)
    other = sample(boxes=[[30, 20, 50, 35]] * 3)
    result = Result(frame, (sample(), other, Failure("EngineError", "out of <memory>", "third")))
    assert result.draw() == annotate_picture(frame.image, [sample(), other])
    result.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()
    html = result._repr_html_()
    assert len(pictures_in(html)) == 1
    assert html.count("<td style='text-align:left'>graph</td>") == 2
    assert "out of &lt;memory&gt;" in html


def test_large_pictures_and_long_lists_are_shortened():
    large = attrs.evolve(sample(), size=(3000, 2000), frame=Frame.from_array(np.zeros((2000, 3000, 3), np.uint8)))
    (picture,) = pictures_in(large._repr_html_())
    assert max(picture.size) == MOST_PIXELS
    html = format_table(("number",), ((number,) for number in range(1000)), 1000)
    assert html.count("<td") == MOST_ROWS
    assert f"and {1000 - MOST_ROWS} more" in html


def test_a_frame_is_a_png_in_a_notebook():
    with Image.open(io.BytesIO(Frame.from_array(PIXELS)._repr_png_())) as picture:
        assert np.array_equal(np.asarray(picture), PIXELS)


@pytest.mark.parametrize(("typed", "here"), [("confidence", "score"), ("xyxy", "box"), ("class_name", "label")])
def test_what_an_instance_is_called_elsewhere_is_said_here(typed, here):
    with pytest.raises(AttributeError, match=f"an Instance has no '{typed}'; here it is `{here}`"):
        getattr(sample()[0], typed)


def test_who_takes_the_first_of_one_answer_is_told():
    with pytest.raises(AttributeError, match="an Instance has no 'plot'; here it is `the answer itself"):
        sample()[0].plot()
    assert copy.copy(sample()[0]) == sample()[0]
