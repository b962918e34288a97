"""``brain.predict``: its options, what it is given, and the picture that its answer holds."""

import numpy as np
import pytest
from parts import ScriptedBrain
from PIL import Image
from runner_demo.store import BRAINS, PICTURES

from runner_core import Frame, Project, open_brain
from runner_core.errors import LabelError, UsageError

PICTURE = PICTURES / "5-several.jpg"


@pytest.fixture(scope="module")
def page():
    with open_brain(BRAINS / "page", engine="onnx") as brain:
        yield brain


def test_a_brain_is_called_as_a_function(page):
    np.testing.assert_array_equal(page(PICTURE).boxes, page.predict(PICTURE).boxes)
    assert [len(answer) for answer in page.predict_many([PICTURE, PICTURE])] == [len(page(PICTURE))] * 2


def test_the_threshold_of_one_call_is_lower_or_higher_than_the_brains(page):
    usual = page(PICTURE)
    all_of_it = page(PICTURE, conf=0.01)
    assert len(all_of_it) > len(usual) > len(page(PICTURE, conf=0.999))
    assert usual.scores.min() >= page.card.threshold > all_of_it.scores.min() >= 0.01
    np.testing.assert_array_equal(all_of_it.boxes[: len(usual)], usual.boxes)
    assert len(page(PICTURE)) == len(usual), "the brain itself stays as it was"


def test_fewer_are_asked_for(page):
    assert len(page(PICTURE, max_det=1)) == 1
    assert len(page(PICTURE, classes=["page"])) == len(page(PICTURE))
    with pytest.raises(LabelError, match="no label named 'cat'"):
        page(PICTURE, classes=["cat"])
    with pytest.raises(UsageError, match="conf is 50; give a score from 0 to 1"):
        page(PICTURE, conf=50)


def test_a_chain_asks_its_second_brain(page):
    with open_brain(BRAINS / "graphs", engine="onnx") as graphs:
        chain = page.then(graphs)
        assert len(chain(PICTURE, conf=0.01)) > len(chain(PICTURE))


def test_an_array_of_opencv_is_said_to_be_one(page):
    rgb = np.asarray(Image.open(PICTURE))
    answer = page.predict(rgb[..., ::-1], colour="bgr")
    np.testing.assert_array_equal(answer.boxes, page.predict(rgb).boxes)
    np.testing.assert_array_equal(answer.frame.pixels, rgb)
    with pytest.raises(UsageError, match="an array has no colour 'cmyk'; it is one of rgb, bgr"):
        page.predict(rgb, colour="cmyk")
    with pytest.raises(UsageError, match="colour='bgr' is for an array"):
        page.predict(PICTURE, colour="bgr")


@pytest.mark.parametrize("several", [["a.jpg", "b.jpg"], (1, 2), iter(())])
def test_several_pictures_are_for_predict_many(several):
    with pytest.raises(UsageError, match="give one picture; `brain"):
        ScriptedBrain().predict(several)


def test_the_answer_holds_its_picture_but_not_its_pixels():
    answer = ScriptedBrain(act=lambda frame: frame.pixels).predict(PICTURE)
    assert answer.frame.source == str(PICTURE)
    assert not answer.frame.computed, "the pixels were forgotten, and are read again if it is drawn"
    assert answer.draw().size == answer.size
    own = Frame.from_path(PICTURE)
    assert ScriptedBrain(act=lambda frame: frame.pixels).predict(own).frame is own
    assert own.computed, "a frame of the caller's is left as it is"


def test_a_brain_is_shown_in_a_notebook():
    with Project("demo").get_model("page", engine="onnx") as page:
        html = page._repr_html_()
        assert "page 1" in html
        assert "object-detection (boxes-scores)" in html
        assert "boxes-scores" in page.card._repr_html_()
        assert "<td style='text-align:left'>page</td>" in page.labels._repr_html_()


@pytest.mark.parametrize("classes", ["page", [0], [None]])
def test_classes_are_a_list_of_names(page, classes):
    with pytest.raises(LabelError, match=r"are no names of labels; give a list of names: \['page'\]"):
        page(PICTURE, classes=classes)


def test_what_a_brain_is_called_elsewhere_is_said_here(page):
    with pytest.raises(AttributeError, match=r"a Brain has no 'names'; here it is `labels\.names`"):
        _ = page.names
    assert not hasattr(page, "nothing_like_it")
