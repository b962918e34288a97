"""What a draft says of the picture input: told, usual or guessed."""

import pytest

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames.normalization import IMAGENET, KNOWN, RAW, SIGNED, UNIT
from runner_core.frames.picture_spec import PictureSpec
from runner_core.tasks.picture_input import bind_normalised_picture, draft_input

LIKE = PictureSpec(size=(64, 48), resize="letterbox")


def model(shape=(1, 48, 64, 3), dtype="float32", **metadata):
    return Signature((TensorSpec("image", shape, dtype),), (), metadata)


def test_the_metadata_go_before_what_is_usual():
    for sure in (True, False):
        answer = draft_input(model(mean="127", std="128"), LIKE, UNIT, sure=sure)
        assert (answer.picture.mean, answer.picture.std) == ((127.0,) * 3, (128.0,) * 3)
        assert answer.notes[-1].endswith("the picture letterboxed: the metadata say so")


@pytest.mark.parametrize(
    ("quantisation", "values"),
    [("0.00784313725,-1", SIGNED), ("0.003921568,-128", UNIT), ("1.0,-128", RAW), ("0.05,3", None), ("x", None)],
)
def test_a_quantised_input_gives_its_range(quantisation, values):
    answer = draft_input(model(**{"quantization:image": quantisation}), LIKE, IMAGENET)
    wanted = values or IMAGENET
    assert (answer.picture.mean, answer.picture.std) == (wanted.mean, wanted.std)
    assert ("its quantisation says so" in answer.notes[-1]) == (values is not None)


def test_what_is_usual_is_a_guess_unless_the_family_is_sure():
    sure, unsure = (draft_input(model(), LIKE, UNIT, sure=sure) for sure in (True, False))
    assert sure.picture == unsure.picture
    assert sure.picture.std == (255.0,) * 3
    assert not any("guess" in note for note in sure.notes)
    guess = unsure.notes[-1]
    assert guess.startswith("guess: the input takes RGB values from 0 to 1")
    assert all((str(values) in guess) for values in KNOWN)
    assert all(field in guess for field in ("--try PICTURE", "picture.mean", ".std", ".colour", ".resize"))


@pytest.mark.parametrize(("shape", "values"), [((1, 48, 64, 3), SIGNED), ((1, 3, 48, 64), IMAGENET)])
def test_without_anything_usual_the_layout_lets_guess(shape, values):
    answer = draft_input(model(shape), LIKE)
    assert (answer.picture.mean, answer.picture.std) == (values.mean, values.std)
    assert answer.notes[-1].startswith("guess")


def test_whole_numbers_are_pixels():
    answer = draft_input(model(dtype="uint8", mean="127", std="128"), LIKE, UNIT)
    assert answer.picture.std == (1.0, 1.0, 1.0)
    assert answer.notes == ("image is input image, the only one",)


def test_a_free_size_is_a_guess():
    answer = draft_input(model((1, None, None, 3), "uint8"), LIKE).with_notes("more")
    assert answer.picture.size == (64, 48)
    assert answer.notes[1].startswith("guess: the input takes any size, 64 x 48 is usual")
    assert answer.notes[-1] == "more"


@pytest.mark.parametrize("shape", [None, (1, 48, 64), (1, 48, 64, 4)])
def test_another_input_is_none(shape):
    assert draft_input(model(shape), LIKE, UNIT) is None


def test_binding_chooses_what_a_draft_would():
    for signature in (model(), model(mean="1,2,3", std="4")):
        card = Card(name="test", task="a-task")
        chosen = bind_normalised_picture(card, signature.inputs[0], signature, LIKE, UNIT)
        assert chosen == draft_input(signature, LIKE, UNIT).picture


def test_the_order_of_colours_and_the_resize_come_from_metadata():
    answer = draft_input(model(colour="bgr", resize="pad", pad="114"), LIKE, UNIT)
    assert (answer.picture.colour, answer.picture.resize, answer.picture.pad) == ("bgr", "pad", (114,) * 3)
    assert "the metadata say: colour bgr, resize pad, pad 114" in answer.notes


@pytest.mark.parametrize("lie", [
    {"colour": "grb"}, {"resize": "shrink"}, {"pad": "999"}, {"pad": "-1"},
    {"mean": "nan", "std": "1"}, {"mean": "0", "std": "inf"}, {"mean": "0", "std": "0"}, {"mean": "1,2", "std": "1"},
])  # fmt: skip
def test_what_no_picture_can_be_is_not_taken(lie):
    assert draft_input(model(**lie), LIKE, UNIT) == draft_input(model(), LIKE, UNIT)


def test_a_size_that_is_not_the_inputs_is_reported():
    answer = draft_input(model(imgsz="[320, 320]"), LIKE, UNIT)
    assert answer.picture.size != (320, 320)
    assert any("imgsz [320, 320], the input is 64 x 48: the input counts" in note for note in answer.notes)
