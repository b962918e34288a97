"""Cards: to disk and back without loss, and one line for each that cannot be used."""

import json
import stat
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner_core.cards.artifact import Artifact, ArtifactFile
from runner_core.cards.card import CARD_FILE, Card
from runner_core.cards.crop_rule import CropRule
from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import CardError
from runner_core.frames.picture_spec import PictureSpec

LEAST = {"name": "page", "task": "tf-detection"}

FULL = Card(
    name="page",
    task="tf-detection",
    version="3",
    artifacts=(
        Artifact("saved_model", "saved-model", (ArtifactFile("saved_model/saved_model.pb", "ab" * 32, 1_700_000),)),
        Artifact("page.onnx", ".onnx", task="boxes-scores", roles={}, picture=PictureSpec(size=(256, 256))),
    ),
    roles={"picture": "input_tensor", "boxes": "detection_boxes"},
    picture=PictureSpec(size=(352, 288), resize="letterbox", dtype="float32", mean=(1.5, 2.0, 3.0), pad=(1, 2, 3)),
    labels=LabelMap((Label(1, 17, "page"), Label(2, 18, "größeres Diagramm"))),
    threshold=0.25,
    iou=0.6,
    first_class=1,
    options={"anchors": [[1, 2], [3, 4]], "sigmoid": True},
    crops=(CropRule((0, 2), 90, shift=(0, -0.5), square=True, keypoints=7), CropRule(scale=1.5)),
    licence="Apache-2.0",
    origin="https://example.org/page",
    training={"pictures": 57_000, "scores": {"mAP50": 0.99}},
    notes=("said by the graph",),
)  # fmt: skip


def test_everything_survives_the_disk(tmp_path):
    FULL.write(tmp_path / CARD_FILE)
    assert Card.read(tmp_path / CARD_FILE) == FULL
    assert "größer" in (tmp_path / CARD_FILE).read_text(encoding="utf-8"), "people read it"


def test_what_has_its_default_is_left_out():
    assert Card(**LEAST).to_json() == LEAST
    assert Card.from_json(LEAST) == Card(**LEAST)
    data = Card(**LEAST, artifacts=(Artifact("a.pb", ".pb", roles={}),), picture=PictureSpec()).to_json()
    assert data == {**LEAST, "artifacts": [{"path": "a.pb", "format": ".pb", "roles": {}}], "picture": {}}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
sides = st.tuples(st.integers(1, 2000), st.integers(1, 2000))
numbers = st.floats(-1e6, 1e6)
paths = st.from_regex(r"[a-z0-9_.-]{1,8}(/[a-z0-9_-]{1,8}){0,2}", fullmatch=True).filter(lambda path: ".." not in path)
specs = st.builds(
    PictureSpec,
    size=st.none() | sides,
    resize=st.sampled_from(["stretch", "letterbox", "crop", "fit"]),
    resample=st.sampled_from(["bilinear", "area", "nearest"]),
    colour=st.sampled_from(["rgb", "bgr"]),
    layout=st.sampled_from(["nhwc", "nchw"]),
    dtype=st.sampled_from(["uint8", "int8", "float16", "float32"]),
    mean=st.tuples(numbers, numbers, numbers),
    std=st.tuples(*[st.floats(0.001, 1e3)] * 3),
    pad=st.tuples(*[st.integers(0, 255)] * 3),
    batched=st.booleans(),
    encoded=st.booleans(),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
artifacts = st.builds(
    Artifact,
    path=paths,
    format=texts,
    files=st.lists(st.builds(ArtifactFile, paths, texts, st.integers(0, 2**40)), max_size=2).map(tuple),
    task=st.none() | texts.filter(bool),
    roles=st.none() | st.dictionaries(texts, texts, max_size=2),
    picture=st.none() | specs,
)
labels = st.lists(st.tuples(st.integers(0, 99), texts), max_size=4, unique_by=lambda pair: pair[0]).map(
    lambda pairs: LabelMap(tuple(Label(number, number * 7, name) for number, name in pairs))
)
cards = st.builds(
    Card,
    name=texts,
    task=texts,
    version=texts,
    artifacts=st.lists(artifacts, max_size=2).map(tuple),
    roles=st.dictionaries(texts, texts, max_size=2),
    picture=st.none() | specs,
    labels=labels,
    threshold=st.floats(0, 1),
    iou=st.floats(0, 1),
    first_class=st.integers(0, 1),
    options=st.dictionaries(texts, json_values, max_size=2),
    licence=texts,
    origin=texts,
    training=st.dictionaries(texts, json_values, max_size=2),
    notes=st.lists(texts, max_size=2).map(tuple),
)


@given(cards)
def test_json_loses_nothing(card):
    assert Card.from_json(json.loads(json.dumps(card.to_json(), allow_nan=False))) == card


MALFORMED = [
    ({}, "required field missing @ card.name; required field missing @ card.task"),
    ([], "an object is expected"),
    ("card", "an object is expected"),
    ({**LEAST, "name": 5}, "5 is not a text @ card.name"),
    ({**LEAST, "name": None}, "None is not a text @ card.name"),
    ({**LEAST, "version": 1}, "1 is not a text @ card.version"),
    ({**LEAST, "treshold": 0.5}, "extra fields found .treshold. @ card"),
    ({**LEAST, "threshold": "0.5"}, "'0.5' is not a number @ card.threshold"),
    ({**LEAST, "threshold": True}, "True is not a number @ card.threshold"),
    ({**LEAST, "threshold": 50}, "threshold is 50"),
    ({**LEAST, "iou": float("nan")}, "iou is nan"),
    ({**LEAST, "first_class": 1.5}, "1.5 is not a whole number @ card.first_class"),
    ({**LEAST, "artifacts": "a.pb"}, "artifacts must be a list, not 'a.pb'"),
    ({**LEAST, "artifacts": {"path": "a.pb"}}, "artifacts must be a list"),
    ({**LEAST, "artifacts": None}, "card.artifacts"),
    ({**LEAST, "artifacts": ["a.pb"]}, "an object is expected, not 'a.pb' @ card.artifacts.0."),
    ({**LEAST, "artifacts": [{"path": "a.pb"}]}, "required field missing @ card.artifacts.0..format"),
    ({**LEAST, "artifacts": [{"path": "a", "format": "b", "files": [{"path": "a", "sha256": "c", "size": "9"}]}]},
     "'9' is not a whole number @ card.artifacts.0..files.0..size"),
    ({**LEAST, "roles": ["boxes"]}, "expected a mapping @ card.roles"),
    ({**LEAST, "roles": {"boxes": 5}}, "5 is not a text @ card.roles"),
    ({**LEAST, "picture": 352}, "an object is expected, not 352 @ card.picture"),
    ({**LEAST, "picture": {"size": 352}}, "size must be a list, not 352 @ card.picture"),
    ({**LEAST, "picture": {"size": [352]}}, "Not enough values in .352. .* @ card.picture.size"),
    ({**LEAST, "picture": {"size": [1, 2, 3]}}, "Too many values in .* @ card.picture.size"),
    ({**LEAST, "picture": {"size": [352, "x"]}}, "'x' is not a whole number @ card.picture.size.1."),
    ({**LEAST, "picture": {"size": [0, 352]}}, "size is .0, 352.: .* @ card.picture"),
    ({**LEAST, "picture": {"size": [100_000, 100_000]}}, "size is .100000, 100000.: more than .* @ card.picture"),
    ({**LEAST, "picture": {"multiple": 1_000_000}}, "multiple is 1000000: .* @ card.picture"),
    ({**LEAST, "picture": {"resize": "zoom"}}, "zoom .* @ card.picture.resize"),
    ({**LEAST, "picture": {"dtype": "floot"}}, "dtype is 'floot'.* @ card.picture"),
    ({**LEAST, "picture": {"batched": "no"}}, "'no' is not true or false @ card.picture.batched"),
    ({**LEAST, "labels": ["page"]}, "an object is expected, not 'page' @ card.labels.0."),
    ({**LEAST, "labels": "coco.txt"}, "labels must be a list"),
    ({**LEAST, "labels": [{"model_id": 1, "name": "a"}]}, "required field missing @ card.labels.0..file_id"),
    ({**LEAST, "labels": [{"model_id": 1, "file_id": 1, "name": "a"}] * 2}, "model_id 1 twice @ card.labels"),
    ({**LEAST, "notes": "abc"}, "notes must be a list"),
    ({**LEAST, "options": 5}, "expected a mapping @ card.options"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), MALFORMED)
def test_a_malformed_card_is_one_line_with_file_and_field(tmp_path, data, message):
    path = tmp_path / CARD_FILE
    path.write_text(json.dumps(data))
    with pytest.raises(CardError, match=message) as refusal:
        Card.read(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)
    assert "unknown error" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "not a readable card"), (b"{", "not a readable card"), (b"\xff\xfe", "not a readable card"),
     (b"[" * 100_000, "not a readable card"), (b"[1]", "an object is expected"), (b"null", "an object is expected")],
)  # fmt: skip
def test_a_file_that_is_not_a_card(tmp_path, content, message):
    path = tmp_path / CARD_FILE
    path.write_bytes(content)
    with pytest.raises(CardError, match=message) as refusal:
        Card.read(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_no_file(tmp_path):
    with pytest.raises(CardError, match="no such card"):
        Card.read(tmp_path / CARD_FILE)
    with pytest.raises(CardError, match="not a readable card"):
        Card.read(tmp_path)


def test_a_card_written_by_a_windows_editor(tmp_path):
    (tmp_path / CARD_FILE).write_text(json.dumps(LEAST), encoding="utf-8-sig")
    assert Card.read(tmp_path / CARD_FILE) == Card(**LEAST)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../a.pb", "a/../../b.pb", "..", "..\\a.pb", "\\\\server\\a.pb", "C:/a.pb", "C:a.pb", "a\\b"],
)
def test_a_path_out_of_the_folder_is_refused(path):
    for artifact in ({"path": path, "format": ".pb"},
                     {"path": "a", "format": ".pb", "files": [{"path": path, "sha256": "", "size": 1}]}):  # fmt: skip
        with pytest.raises(CardError, match=r"brain\.json: .* lies outside"):
            Card.from_json({**LEAST, "artifacts": [artifact]})


@pytest.mark.parametrize("path", [".", "a.pb", "saved_model/variables/variables.index", "a..b/c...pb", "ä b.pb"])
def test_a_path_in_the_folder(path):
    card = Card.from_json({**LEAST, "artifacts": [{"path": path, "format": ".pb"}]})
    assert card.artifacts[0].path == path


def test_the_card_of_one_artifact():
    saved_model, onnx = FULL.artifacts
    assert FULL.for_artifact(saved_model) == attrs.evolve(FULL, artifacts=(saved_model,))
    other = FULL.for_artifact(onnx)
    assert (other.task, other.roles, other.picture) == ("boxes-scores", {}, PictureSpec(size=(256, 256)))
    assert (other.labels, other.artifacts) == (FULL.labels, (onnx,))


class TestWriting:
    def test_takes_the_place_at_once(self, tmp_path, monkeypatch):
        """A reader sees the old card or the new one; a writer that fails leaves the old."""
        path = tmp_path / CARD_FILE
        FULL.write(path)
        whole = path.read_bytes()

        def fails(self: Path, target: Path) -> None:
            assert path.read_bytes() == whole, "half written in its place"
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", fails)
        with pytest.raises(CardError, match=r"brain\.json: cannot be written \(No space left on device\)"):
            attrs.evolve(FULL, version="4").write(path)
        assert path.read_bytes() == whole
        assert [entry.name for entry in tmp_path.iterdir()] == [CARD_FILE]

    def test_a_card_without_a_folder_to_write_to(self, tmp_path):
        with pytest.raises(CardError, match=r"none/brain\.json: cannot be written"):
            FULL.write(tmp_path / "none" / CARD_FILE)

    def test_a_card_that_is_not_text(self, tmp_path):
        with pytest.raises(CardError, match="cannot be written"):
            Card(name="\ud800", task="t").write(tmp_path / CARD_FILE)
        assert not list(tmp_path.iterdir())

    def test_for_others_to_read(self, tmp_path):
        FULL.write(tmp_path / CARD_FILE)
        assert stat.S_IMODE((tmp_path / CARD_FILE).stat().st_mode) == 0o644
