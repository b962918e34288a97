"""``runner inspect``: which file stated what, what was guessed, and pictures that settle it."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from runner_core.cards.card import Card
from tests.helpers.onnx_models import write_classifier

PICTURES = ("football.jpg", "cat_720p.jpg")
WRONG = {
    "size": [352, 352],
    "layout": "nchw",
    "dtype": "float32",
    "colour": "bgr",
    "mean": [127.5] * 3,
    "std": [127.5] * 3,
}


@pytest.fixture
def model(testdata, tmp_path):
    """FastestDet alone in a folder: it takes blue, green, red from 0 to 1, which nothing in the file states."""
    shutil.copy(testdata / "models" / "coco80.txt", tmp_path / "labels.txt")
    return shutil.copy(testdata / "models" / "fastestdet_coco.onnx", tmp_path)


@pytest.fixture
def tries(testdata):
    return [part for name in PICTURES for part in ("--try", testdata / "pictures" / name)]


def card_of(stdout):
    return json.loads(stdout[stdout.index("\n{\n") :])


def test_a_guess_is_reported_with_what_settles_it(tmp_path, runner):
    model = write_classifier(tmp_path / "five.onnx")
    done = runner("inspect", model)
    assert done.returncode == 0, done.stderr
    assert "  guess: RGB (colour settles it)" in done.stdout
    assert "(range, mean, std settles it)" in done.stdout
    assert {guess["about"] for guess in card_of(done.stdout)["guesses"]} == {"colour", "range", "resize", "kind"}


def test_what_is_settled_on_the_spot_is_kept_in_the_card(tmp_path, runner):
    model = write_classifier(tmp_path / "five.onnx")
    done = runner(
        "inspect", f"{model}?range=0..1&colour=bgr&resize=crop&outputs=logits", "--task", "classification", "--write"
    )
    assert done.returncode == 0, done.stderr
    card = Card.read(tmp_path / "brain.json")
    assert card.guesses == ()
    assert (card.picture.colour, card.picture.resize, card.picture.std) == ("bgr", "crop", (255.0,) * 3)
    assert card.options["activation"] == "logits"


def test_labels_beside_the_model_are_reported(model, runner):
    assert "labels.txt beside the model, 80 names" in runner("inspect", model).stdout


def test_pictures_show_which_variant_makes_sense(model, tmp_path, tries, runner):
    runner("inspect", model, "--write")
    done = runner("inspect", tmp_path, *tries, COLUMNS="160")
    assert done.returncode == 0, done.stderr
    assert "taken: BGR from 0 to 1 (as it was)\nas likely; compare what they find, or try more" in done.stdout
    rows = [line.split("│") for line in done.stdout.splitlines() if line.startswith("│ ")]
    assert len(rows) == 10
    likely = re.findall(r"^  --variant (\d+): (.*)$", done.stdout, re.MULTILINE)
    assert "RGB from 0 to 1" in dict(likely).values()
    assert all(rows[int(number) - 1][2].strip() == text for number, text in likely), "by their numbers in the table"
    evidence = {row[2].strip(): float(row[5]) for row in rows}
    best = {row[2].strip(): float(row[4]) for row in rows}
    assert max(evidence, key=evidence.get) in ("BGR from 0 to 1", "RGB from 0 to 1")
    assert best["BGR from 0 to 255"] > best["BGR from 0 to 1"], "scores alone would mislead"
    assert evidence["BGR from 0 to 255"] < 0


def test_a_wrong_card_is_put_right_and_written(model, tmp_path, tries, runner):
    runner("inspect", model, "--write")
    card = json.loads((tmp_path / "brain.json").read_text())
    (tmp_path / "brain.json").write_text(json.dumps(card | {"picture": WRONG, "threshold": 0.4}))
    done = runner("inspect", tmp_path, *tries, "--write")
    assert done.returncode == 0, done.stderr
    assert "taken: BGR from 0 to 1 (better than what was drafted)" in done.stdout
    mended = Card.read(tmp_path / "brain.json")
    assert (mended.picture.colour, mended.picture.mean, mended.picture.std) == ("bgr", (0.0,) * 3, (255.0,) * 3)
    assert mended.threshold == 0.4
    assert len(mended.labels) == 80


def test_only_what_is_a_guess_is_tried(model, tries, runner):
    done = runner("inspect", model, *tries)
    assert done.returncode == 0, done.stderr
    assert "taken: BGR from 0 to 1 (range and colours are no guess here)" in done.stdout
    assert "RGB" not in done.stdout


def test_a_person_may_choose_another_variant_which_is_settled_then(tmp_path, tries, runner):
    model = write_classifier(tmp_path / "five.onnx")
    shown = runner("inspect", model, *tries, COLUMNS="160").stdout
    number = next(line.split()[1] for line in shown.splitlines() if "BGR from 0 to 1 " in line)
    done = runner("inspect", model, *tries, "--variant", number, "--write")
    assert done.returncode == 0, done.stderr
    written = Card.read(tmp_path / "brain.json")
    assert (written.picture.colour, written.picture.std) == ("bgr", (255.0,) * 3)
    assert {guess.about for guess in written.guesses} == {"resize", "kind"}


def test_what_the_pictures_say_stays_a_guess(cases, testdata, tmp_path, runner):
    model = shutil.copy(cases / "models" / "pretrainedResnet.tflite", tmp_path)
    some = [part for path in sorted((testdata / "pictures").glob("*.[jb][pm]*")) for part in ("--try", path)]
    settled = runner("inspect", f"{model}?range=-1..1", *some, "--write")
    assert card_of(settled.stdout)["picture"]["std"] == [127.5] * 3, "what a person says is not tried"
    card = json.loads((tmp_path / "brain.json").read_text())
    guess = {"about": "range", "text": "values from -1 to 1", "by": ["range"]}
    (tmp_path / "brain.json").write_text(json.dumps(card | {"guesses": [guess]}))
    done = runner("inspect", tmp_path, *some, "--write")
    assert done.returncode == 0, done.stderr
    written = Card.read(tmp_path / "brain.json")
    assert (written.picture.colour, written.picture.std) == ("rgb", (1.0,) * 3)
    assert [guess.text for guess in written.guesses] == ["RGB from 0 to 255, by the pictures tried"]


def test_labels_that_fit_from_0_and_from_1_are_both_shown(testdata, runner):
    models = testdata / "models"
    done = runner(
        "inspect", models / "fastestdet_coco_tf1_image_tensor.pb", "--labels", models / "coco80.txt",
        "--try", testdata / "pictures" / "football.jpg", COLUMNS="200",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "RGB with classes from 0" in done.stdout
    assert "from 0 to 255" not in done.stdout, "its input takes bytes"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--variant", "1"), "give a picture with --try"),
        (("--try", "{picture}", "--variant", "99"), "there is no variant 99"),
        (("--try", "missing.jpg"), "missing.jpg: no such file"),
        (("--labels", "{short}"), "the model has the classes 0 to 79"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message, model, testdata, tmp_path, runner):
    (tmp_path / "short.txt").write_text("cat\ndog\n")
    places = {"picture": testdata / "pictures" / "football.jpg", "short": tmp_path / "short.txt"}
    done = runner("inspect", model, *(argument.format(**places) for argument in arguments), "--write")
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "brain.json").exists()


def test_a_brain_that_takes_encoded_pictures_has_nothing_to_try_but_its_labels(testdata, runner):
    models = testdata / "models"
    done = runner(
        "inspect", models / "fastestdet_coco_tf1_encoded_image_string_tensor.pb", "--labels", models / "coco80.pbtxt",
        "--try", testdata / "pictures" / "football.jpg", COLUMNS="160",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "taken: an encoded picture (as it was)" in done.stdout


def test_the_first_class_of_a_list_may_be_given(testdata, runner):
    labels = testdata / "models" / "coco80.txt"
    graph = testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb"
    numbers = {}
    for first in (None, 0):
        given = [] if first is None else ["--first-class", first]
        done = runner("inspect", graph, "--labels", labels, *given)
        assert done.returncode == 0, done.stderr
        numbers[first] = [label["model_id"] for label in card_of(done.stdout)["labels"]][:2]
    assert numbers == {None: [1, 2], 0: [0, 1]}


def test_the_first_class_counts_for_a_list_beside_the_model_and_stays_in_the_card(testdata, tmp_path, runner):
    shutil.copy(testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb", tmp_path / "model.pb")
    firsts = [card_of(runner("inspect", "model.pb", *given).stdout) for given in ([], ["--first-class", 0])]
    assert [card.get("first_class", 0) for card in firsts] == [1, 0]
    shutil.copy(testdata / "models" / "coco80.txt", tmp_path / "labels.txt")
    card = card_of(runner("inspect", "model.pb", "--first-class", 0).stdout)
    assert [label["model_id"] for label in card["labels"]][:2] == [0, 1]


def test_a_brain_of_a_store_is_looked_at_by_its_name_and_not_written_to(runner):
    done = runner("inspect", "demo:page")
    assert done.returncode == 0, done.stderr
    assert card_of(done.stdout)["name"] == "page"
    refused = runner("inspect", "demo:page", "--write")
    assert refused.returncode == 2
    assert "its card is not overwritten" in refused.stderr
