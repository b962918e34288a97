"""Which preprocessing is tried and taken: real models, and rows of evidence."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from runner_core.cards.card import Card
from runner_core.frames.frame import Frame
from runner_core.frames.normalization import CAFFE, IMAGENET, KNOWN, SIGNED
from runner_core.frames.picture_spec import PictureSpec
from runner_core.loading.local_brain import signature_of
from runner_core.loading.open import open_path
from runner_core.loading.options import LoadOptions
from runner_core.loading.preprocess_search import (
    ScoredVariant,
    Variant,
    choose_variant,
    measure_lead,
    search_preprocessing,
    vary_picture,
)

PICTURES = (
    "baseball.jpg", "football.jpg", "grace_hopper.bmp", "squat.bmp", "cat_720p.jpg", "dog_segmentation.bmp",
    "parrot.jpg", "bird_segmentation.bmp",
)  # fmt: skip
CARD = Card(name="a", task="classification")
FLOAT = PictureSpec(size=(32, 32), dtype="float32", mean=SIGNED.mean, std=SIGNED.std)


@pytest.fixture(scope="module")
def frames(testdata):
    return [Frame.from_path(testdata / "pictures" / name) for name in PICTURES]


@pytest.fixture(scope="module")
def cifar(cases):
    """Takes red, green, blue from 0 to 255. Drafted as from -1 to 1."""
    with open_path(cases / "models" / "pretrainedResnet.tflite", LoadOptions(picture=_picture(range="-1..1"))) as brain:
        yield brain


def _picture(**options):
    return LoadOptions.of(**options).picture


def search(brain, frames, *doubts):
    given = (frozenset(doubts),) if doubts else ()
    return search_preprocessing(brain, signature_of(brain.session), frames, *given)


def test_a_wrong_range_is_left(cifar, frames):
    result = search(cifar, frames)
    assert result.draft.variant.parts == ("RGB", "from -1 to 1")
    assert result.chosen.variant.parts == ("RGB", "from 0 to 255")
    assert result.verdict.startswith("taken: RGB from 0 to 255 (better than what was drafted)")
    assert "BGR from 0 to 255" in {row.variant.text for row in result.as_good}, "these pictures do not tell the colours"
    assert "RGB from -1 to 1" not in {row.variant.text for row in result.as_good}


@pytest.mark.parametrize("draft", ["0..255", "imagenet", "-1..1"])
def test_the_range_of_a_model_of_two_classes_is_found(cases, frames, draft):
    options = LoadOptions(picture=_picture(range=draft))
    with open_path(cases / "models" / "vww_96_float.tflite", options) as brain:
        assert search(brain, frames).chosen.variant.parts == ("RGB", "from 0 to 1")


def test_a_right_range_stays(cases, frames):
    for name, right in (("vww_96_float.tflite", "0..1"), ("pretrainedResnet.tflite", "0..255")):
        with open_path(cases / "models" / name, LoadOptions(picture=_picture(range=right))) as brain:
            result = search(brain, frames)
            assert result.chosen is result.draft


def test_what_is_certain_is_not_tried(cifar, frames):
    result = search(cifar, frames[:2], "colour")
    assert {row.variant.parts for row in result.rows} == {("RGB", "from -1 to 1"), ("BGR", "from -1 to 1")}
    nothing = search_preprocessing(cifar, signature_of(cifar.session), frames[:1], ())
    assert nothing.chosen is nothing.draft
    assert nothing.verdict == "taken: RGB from -1 to 1 (range and colours are no guess here)"


def test_one_picture_does_not_tell_classes_apart(cifar, frames):
    result = search(cifar, frames[:1])
    assert result.chosen is result.draft
    assert result.verdict.startswith("nothing here tells the variants apart: try several pictures")


def test_each_guess_is_varied_and_the_draft_comes_first():
    every = vary_picture(CARD, FLOAT)
    assert every[0].parts == ("RGB", "from -1 to 1")
    assert len({each.parts for each in every}) == len(every) == 2 * (len(KNOWN) + 1)
    assert [each.parts for each in vary_picture(CARD, FLOAT, {"colour"})] == [
        ("RGB", "from -1 to 1"), ("BGR", "from -1 to 1"),
    ]  # fmt: skip
    assert {each.parts[0] for each in vary_picture(CARD, FLOAT, {"range"})} == {"RGB"}
    grey = attrs.evolve(FLOAT, colour="grey", layout="nhw")
    assert {each.parts[0] for each in vary_picture(CARD, grey)} == {"GREY"}
    assert [each.parts for each in vary_picture(CARD, PictureSpec())] == [("RGB",), ("BGR",)]


@pytest.mark.parametrize("values", [IMAGENET, CAFFE])
def test_mean_and_deviation_follow_the_order_of_the_colours(values):
    cards = {each.parts: each.card.picture for each in vary_picture(CARD, FLOAT)}
    parts = values.text.split(", ")
    assert (cards["RGB", *parts].mean, cards["RGB", *parts].std) == (values.mean, values.std)
    assert (cards["BGR", *parts].mean, cards["BGR", *parts].std) == (values.mean[::-1], values.std[::-1])
    drafted = vary_picture(CARD, cards["BGR", *parts])
    assert drafted[0].parts == ("BGR", *parts)
    assert {each.parts for each in drafted} == set(cards)


def test_a_range_that_is_nearly_a_usual_one_is_not_tried_twice():
    near = attrs.evolve(FLOAT, mean=(127.0,) * 3, std=(128.0,) * 3)
    parts = {each.parts for each in vary_picture(CARD, near, {"range"})}
    assert ("RGB", "as drafted") in parts
    assert ("RGB", "from -1 to 1") not in parts
    assert len(parts) == len(KNOWN) + 1


def row(text, *evidence, sureness=0.0):
    return ScoredVariant(Variant(tuple(text.split()), CARD), evidence=evidence, sureness=sureness)


def test_the_draft_is_left_for_what_is_better_in_all_pictures():
    draft, better = row("RGB signed", 0.2, 0.1, 0.3), row("RGB unit", 0.5, 0.4, 0.7)
    assert choose_variant([draft, better], draft) is better


def test_the_draft_is_kept_where_chance_explains_the_difference():
    draft, other = row("RGB signed", 0.2, 0.6, 0.3), row("RGB unit", 0.9, 0.1, 0.4)
    assert choose_variant([draft, other], draft) is draft


def test_one_picture_must_show_much_more():
    draft = row("RGB signed", 0.6)
    assert choose_variant([draft, row("RGB unit", 0.8)], draft) is draft
    clear = row("RGB unit", 1.2)
    assert choose_variant([draft, clear], draft) is clear


def test_the_colours_of_a_draft_that_is_left_stay_unless_others_are_better():
    draft = row("RGB signed", 0.0, 0.0, 0.1)
    same, other = row("RGB raw", 0.5, 0.7, 0.6), row("BGR raw", 0.6, 0.65, 0.6)
    assert choose_variant([draft, same, other], draft) is same
    better = row("BGR raw", 0.8, 1.0, 0.9)
    assert choose_variant([draft, same, better], draft) is better


def test_a_draft_that_is_sure_of_every_picture_is_kept():
    other = row("RGB unit", 0.5, 0.4, 0.7)
    sure, unsure = (row("RGB signed", 0.0, 0.0, 0.0, sureness=sureness) for sureness in (0.99, 0.7))
    assert choose_variant([sure, other], sure) is sure
    assert choose_variant([unsure, other], unsure) is other


def test_the_lead_grows_with_the_pictures_and_is_never_below_nothing():
    few, many = ((row("a", *[0.3] * count), row("b", *[0.2] * count)) for count in (1, 8))
    assert 0 < measure_lead(*few) < measure_lead(*many)
    assert measure_lead(*reversed(many)) == 0
    assert measure_lead(few[0], ScoredVariant(few[0].variant, error="refused")) == np.inf
