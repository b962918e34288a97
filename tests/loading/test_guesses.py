"""What a brain rests on that nobody said: it is told, kept in the answers, settled by options, refused if asked."""

import json

import numpy as np
import pytest

from runner_core.cards.card import Card
from runner_core.errors import UsageError
from runner_core.frames.picture_spec import PictureSpec
from runner_core.loading.picture_options import PictureOptions
from runner_core.project import open_brain
from tests.helpers.onnx_models import write_classifier

ALL = "range=0..255&colour=bgr&resize=crop&task=classification"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_classifier(tmp_path_factory.mktemp("models") / "five.onnx")


@pytest.fixture
def picture(tmp_path):
    from PIL import Image

    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(tmp_path / "grey.png")
    return tmp_path / "grey.png"


def test_a_brain_carries_them_and_says_them_once(model, caplog):
    with open_brain(model) as brain:
        assert {guess.about for guess in brain.guesses} == {"range", "colour", "resize", "kind"}
    (told,) = [record.getMessage() for record in caplog.records if "guesses" in record.getMessage()]
    assert "five rests on guesses: RGB" in told
    assert "'five.onnx?colour=...&range=...&resize=...&task=...': colour=rgb or bgr or grey, range=0..255 or" in told
    assert "`runner inspect five.onnx --try PICTURE`" in told


@pytest.mark.parametrize("command", ["predict", "run"])
def test_commands_print_one_line_a_brain(model, picture, runner, command):
    done = runner(command, picture, "--brain", model)
    assert done.stderr.count("rests on guesses") == 1
    settled = runner(command, picture, "--brain", f"{model}?{ALL}")
    assert "guesses" not in settled.stderr


def test_they_are_kept_in_the_answers(model, picture, runner, tmp_path):
    runner("run", picture, "--brain", model, "--sink", "jsonl:out.jsonl")
    summary = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[-1])["summary"]
    assert len(summary["brains"]["five"]["guesses"]) == 4
    shown = json.loads(runner("predict", picture, "--brain", model, "--json").stdout)
    assert shown["guesses"] == summary["brains"]["five"]["guesses"]
    runner("run", picture, "--brain", f"{model}?{ALL}", "--sink", "jsonl:settled.jsonl")
    assert (
        "guesses"
        not in json.loads((tmp_path / "settled.jsonl").read_text().splitlines()[-1])["summary"]["brains"]["five"]
    )


def test_strict_refuses_them(model, picture, runner):
    done = runner("predict", picture, "--brain", model, "--strict")
    assert done.returncode == 2
    assert "rests on guesses" in done.stderr
    assert runner("predict", picture, "--brain", f"{model}?{ALL}", "--strict").returncode == 0
    with pytest.raises(UsageError, match="rests on guesses"):
        open_brain(model, strict=True)


def test_a_card_with_guesses_still_says_so_and_one_without_does_not(model, tmp_path):
    with open_brain(model) as brain:
        card = brain.card
    assert Card.from_json(card.to_json()).guesses == card.guesses
    assert "guesses" not in card.without_guesses("range", "colour", "resize", "task").to_json()


@pytest.mark.parametrize(
    ("given", "mean", "std"),
    [
        ({"range": "0..255"}, 0, 1),
        ({"range": "0..1"}, 0, 255),
        ({"range": "-1..1"}, 127.5, 127.5),
        ({"range": "imagenet"}, 123.675, 58.395),
        ({"mean": (104.0, 117.0, 123.0)}, 104, 1),
        ({"mean": 0.5, "std": 0.5}, 127.5, 127.5),
        ({"std": 255.0}, 0, 255),
    ],
)
def test_the_range_is_said_in_the_words_of_the_field(given, mean, std):
    picture = PictureOptions(**given).apply_to(PictureSpec((8, 8), dtype="float32"))
    assert (picture.mean[0], picture.std[0]) == (mean, std)


def test_another_order_of_colours_turns_the_numbers_round():
    own = PictureSpec((8, 8), dtype="float32", mean=(1, 2, 3), std=(4, 5, 6))
    turned = PictureOptions(colour="bgr").apply_to(own)
    assert (turned.mean, turned.std) == ((3, 2, 1), (6, 5, 4))
    assert PictureOptions(colour="bgr", mean=(7, 8, 9)).apply_to(own).mean == (7, 8, 9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"range": "all"}, "range is 'all'"),
        ({"range": "1..1"}, "range is '1..1'"),
        ({"range": "0..1", "mean": 3}, "at once"),
        ({"mean": (1, 2)}, "mean has 2 numbers"),
        ({"std": 0}, "std has a 0"),
        ({"colour": "red"}, "colour is 'red'"),
        ({"resize": "tile"}, "resize is 'tile'"),
        ({"size": "big"}, "size is 'big'"),
    ],
)
def test_what_no_picture_can_be_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        PictureOptions(**given)


def test_what_this_input_cannot_take_is_refused():
    with pytest.raises(UsageError, match="uint8 pixels"):
        PictureOptions(range="0..1").apply_to(PictureSpec((8, 8)))
    with pytest.raises(UsageError, match="encoded pictures"):
        PictureOptions(colour="bgr").apply_to(PictureSpec(encoded=True))


def test_the_card_of_a_brain_may_be_written_beside_its_model(model):
    with open_brain(model) as brain:
        brain.card.write(model.parent / "brain.json")
    with open_brain(model.parent) as again:
        assert (again.card, again.guesses) == (brain.card, brain.guesses)
    (model.parent / "brain.json").unlink()
