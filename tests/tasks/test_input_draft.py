"""What a draft says of the picture input: told, usual or guessed."""

import attrs
import pytest

from runner_core.cards.card import Card
from runner_core.cards.clue import Clue
from runner_core.cards.guess import Guess
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames.normalization import IMAGENET, RAW, SIGNED, UNIT
from runner_core.frames.picture_spec import PictureSpec
from runner_core.tasks.input_draft import draft_input
from runner_core.tasks.picture_input import bind_normalised_picture

LIKE = PictureSpec(size=(64, 48), resize="letterbox")


def model(shape=(1, 48, 64, 3), dtype="float32", **metadata):
    return Signature((TensorSpec("image", shape, dtype),), (), metadata)


def test_the_metadata_go_before_what_is_usual():
    for sure in (True, False):
        answer = draft_input(model(mean="127", std="128"), LIKE, UNIT, sure=sure)
        assert (answer.picture.mean, answer.picture.std) == ((127.0,) * 3, (128.0,) * 3)
        assert any(note.startswith("values as") and note.endswith("the metadata say so") for note in answer.notes)


@pytest.mark.parametrize(
    ("quantisation", "values"),
    [("0.00784313725,-1", SIGNED), ("0.003921568,-128", UNIT), ("1.0,-128", RAW), ("0.05,3", None), ("x", None)],
)
def test_a_quantised_input_gives_its_range(quantisation, values):
    answer = draft_input(model(**{"quantization:image": quantisation}), LIKE, IMAGENET)
    wanted = values or IMAGENET
    assert (answer.picture.mean, answer.picture.std) == (wanted.mean, wanted.std)
    assert any("its quantisation says so" in note for note in answer.notes) == (values is not None)
    assert any(guess.about == "range" for guess in answer.guesses) == (values is None)


def test_what_is_usual_is_a_guess_unless_the_family_is_sure():
    sure, unsure = (draft_input(model(), LIKE, UNIT, sure=sure) for sure in (True, False))
    assert sure.picture == unsure.picture
    assert sure.picture.std == (255.0,) * 3
    assert not sure.guesses
    assert {guess.about: guess.by[0] for guess in unsure.guesses} == {
        name: name for name in ("colour", "range", "resize")
    }
    assert any("from 0 to 1" in str(guess) for guess in unsure.guesses)


def test_a_family_may_be_sure_of_a_part():
    answer = draft_input(model(), LIKE, UNIT, sure=("colour", "resize"))
    assert [guess.about for guess in answer.guesses] == ["range"]


def test_a_filter_is_a_guess_where_neither_family_nor_metadata_know_it():
    told = attrs.evolve(model(), clues=(Clue("resample", "antialias", "who runs it does so", 0.6),))
    answer = draft_input(told, LIKE, UNIT)
    assert answer.picture.resample == "antialias"
    assert ("resample", ("resample",)) in {(guess.about, guess.by) for guess in answer.guesses}
    for settled in (draft_input(told, LIKE, UNIT, sure=True), draft_input(model(), LIKE, UNIT)):
        assert settled.picture.resample == "bilinear"
        assert "resample" not in {guess.about for guess in settled.guesses}
    given = draft_input(attrs.evolve(told, metadata={"resample": "lanczos"}), LIKE, UNIT)
    assert given.picture.resample == "lanczos"
    assert "resample" not in {guess.about for guess in given.guesses}


def test_a_sure_clue_goes_before_what_is_usual_and_says_so():
    clue = Clue("range", RAW, "the graph divides by 255", 0.95)
    answer = draft_input(attrs.evolve(model(), clues=(clue,)), LIKE, UNIT)
    assert answer.picture.std == RAW.std
    assert any("the graph divides by 255" in note for note in answer.notes)
    assert "range" not in {guess.about for guess in answer.guesses}


def test_an_unsure_clue_is_a_guess_with_its_reason():
    clue = Clue("range", RAW, "most of its kind take bytes", 0.7)
    answer = draft_input(attrs.evolve(model(), clues=(clue,)), LIKE, UNIT)
    assert answer.picture.std == RAW.std
    assert any("most of its kind take bytes" in guess.text for guess in answer.guesses)
    weaker = draft_input(attrs.evolve(model(), clues=(attrs.evolve(clue, confidence=0.2),)), LIKE, UNIT)
    assert weaker.picture.std == UNIT.std


def test_two_sure_clues_that_differ_are_a_guess_that_names_both():
    clues = Clue("colour", "bgr", "its first layer", 0.92), Clue("colour", "rgb", "its producer", 0.91)
    (guess,) = draft_input(attrs.evolve(model(), clues=clues), LIKE, UNIT, sure=("range", "resize")).guesses
    assert guess.text == "BGR (its first layer), though RGB by another sign (its producer)"


def test_colours_turned_round_turn_the_usual_values_round():
    clue = Clue("colour", "bgr", "its first layer", 0.95)
    answer = draft_input(attrs.evolve(model((1, 3, 48, 64)), clues=(clue,)), LIKE, IMAGENET)
    assert answer.picture.mean == IMAGENET.mean[::-1]


@pytest.mark.parametrize(("shape", "values"), [((1, 48, 64, 3), SIGNED), ((1, 3, 48, 64), IMAGENET)])
def test_without_anything_usual_the_layout_lets_guess(shape, values):
    answer = draft_input(model(shape), LIKE)
    assert (answer.picture.mean, answer.picture.std) == (values.mean, values.std)
    assert "range" in {guess.about for guess in answer.guesses}


def test_whole_numbers_are_pixels():
    answer = draft_input(model(dtype="uint8", mean="127", std="128"), LIKE, UNIT)
    assert answer.picture.std == (1.0, 1.0, 1.0)
    assert answer.notes == ("image is input image, the only one",)
    assert "range" not in {guess.about for guess in answer.guesses}


def test_a_free_size_is_a_guess():
    answer = draft_input(model((1, None, None, 3), "uint8"), LIKE).with_notes("more")
    assert answer.picture.size == (64, 48)
    assert answer.guesses[0] == Guess("size", "a picture of 64 x 48, of any size that it takes", ("size",))
    assert answer.notes[-1] == "more"


@pytest.mark.parametrize("shape", [None, (1, 48, 64), (1, 48, 64, 4), (1, 48), (2, 48, 64, 3)])
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
    assert {"BGR: the metadata say so", "the picture padded below or at the right: the metadata say so"} <= set(
        answer.notes
    )


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


@pytest.mark.parametrize(
    ("shape", "layout", "size"),
    [
        ((1, 28, 28, 1), "nhwc", (28, 28)),
        ((None, 1, 28, 32), "nchw", (32, 28)),
        ((1, 28, 28), "nhw", (28, 28)),
        ((None, 784), "flat", (28, 28)),
    ],
)
def test_one_channel_is_grey(shape, layout, size):
    answer = draft_input(model(shape), LIKE)
    assert (answer.picture.colour, answer.picture.layout, answer.picture.size) == ("grey", layout, size)
    assert "colour" not in {guess.about for guess in answer.guesses}
    assert ("kind" in {guess.about for guess in answer.guesses}) == (len(shape) < 4)


@pytest.mark.parametrize(
    ("like", "wanted"),
    [
        (LIKE, "opencv"),
        (attrs.evolve(LIKE, resize="stretch"), "bilinear"),
        (attrs.evolve(LIKE, resample="antialias"), "antialias"),
    ],
)
@pytest.mark.parametrize("sure", [True, False])
def test_a_network_of_eight_bits_gets_opencvs_own_pixels_where_it_is_letterboxed(like, wanted, sure):
    eight_bits = Clue("resample", "opencv", "it computes in 8 bits", 1.0)
    answer = draft_input(attrs.evolve(model(), clues=(eight_bits,)), like, UNIT, sure=sure)
    assert answer.picture.resample == wanted
    assert not [guess for guess in answer.guesses if guess.about == "resample"]
    assert any("as OpenCV does, to the bit" in note for note in answer.notes) == (wanted == "opencv")


def test_one_whose_publisher_does_not_resize_by_opencv_keeps_its_filter():
    eight_bits = Clue("resample", "opencv", "it computes in 8 bits", 1.0)
    answer = draft_input(attrs.evolve(model(), clues=(eight_bits,)), LIKE, UNIT, sure=("resize", "resample"))
    assert answer.picture.resample == LIKE.resample
