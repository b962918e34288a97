"""Model files: their format, and whether they are what the card says."""

import hashlib
import json

import pytest
from hostile_models import outside_weights

from runner_core.cards.artifact import (
    Artifact,
    ArtifactFile,
    check_files,
    describe_files,
    format_of,
    list_files,
    sha256_of,
)
from runner_core.errors import CardError


@pytest.fixture
def saved_model(tmp_path):
    folder = tmp_path / "page"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    return folder


def test_formats(tmp_path, saved_model):
    assert format_of(saved_model) == "saved-model"
    for name, form in (("a.PB", ".pb"), ("a.onnx", ".onnx"), ("a.tar.gz", ".gz"), ("model", "")):
        (tmp_path / name).write_bytes(b"x")
        assert format_of(tmp_path / name) == form
    (tmp_path / "empty").mkdir()
    assert format_of(tmp_path / "empty") == ""


def test_files_are_described_relative_to_the_card(tmp_path, saved_model):
    files = describe_files(tmp_path, saved_model)
    assert [(file.path, file.size) for file in files] == [
        ("page/saved_model.pb", 5),
        ("page/variables/variables.index", 5),
    ]
    assert files[0].sha256 == hashlib.sha256(b"graph").hexdigest() == sha256_of(saved_model / "saved_model.pb")
    (alone,) = describe_files(saved_model, saved_model / "saved_model.pb")
    assert alone.path == "saved_model.pb"


@pytest.mark.parametrize("named", ["more/w.bin", "no-such.bin", "../w.bin", "/etc/hostname", "a\0b"])
def test_the_weights_beside_a_model_are_of_its_files(tmp_path, named):
    """Those that it names, are there and lie below its folder."""
    folder = tmp_path / "m"
    (folder / "more").mkdir(parents=True)
    for place in (folder / "more" / "w.bin", tmp_path / "w.bin", folder / "model.bin", folder / "stray.bin"):
        place.write_bytes(bytes(16))
    found = ["more/w.bin"] if named == "more/w.bin" else []
    onnx = outside_weights(folder / "model.onnx", named)
    tfjs, xml = folder / "model.json", folder / "model.xml"
    tfjs.write_text(json.dumps({"modelTopology": {}, "weightsManifest": [{"paths": [named], "weights": []}]}))
    xml.write_text("<net></net>")
    for model, beside in ((onnx, found), (tfjs, found), (xml, ["model.bin"])):
        assert [path.relative_to(folder).as_posix() for path in list_files(model)] == [model.name, *beside]


def test_what_names_no_files_is_one_file(tmp_path):
    for name, text in (("a.onnx", "location"), ("a.json", '{"modelTopology": {}'), ("a.json", '{"modelTopology": 1}')):
        (tmp_path / name).write_text(text)
        assert list_files(tmp_path / name) == [tmp_path / name]


def test_what_is_there_passes(tmp_path, saved_model):
    check_files(tmp_path, Artifact("page", "saved-model", describe_files(tmp_path, saved_model)))


def test_a_missing_file(tmp_path, saved_model):
    artifact = Artifact("page", "saved-model", describe_files(tmp_path, saved_model))
    (saved_model / "variables" / "variables.index").unlink()
    with pytest.raises(CardError, match=r"variables\.index: the card names it, but it is not there"):
        check_files(tmp_path, artifact)


def test_a_file_of_another_size(tmp_path, saved_model):
    artifact = Artifact("page", "saved-model", describe_files(tmp_path, saved_model))
    (saved_model / "saved_model.pb").write_bytes(b"graph cut")
    with pytest.raises(CardError, match=r"saved_model\.pb: 9 bytes, the card says 5"):
        check_files(tmp_path, artifact)


def test_an_artifact_whose_files_are_not_listed_must_be_there_too(tmp_path):
    with pytest.raises(CardError, match=r"page\.pb: the card names it, but it is not there"):
        check_files(tmp_path, Artifact("page.pb", ".pb"))


def test_a_folder_is_not_a_file(tmp_path, saved_model):
    file = ArtifactFile("page", "", 5)
    with pytest.raises(CardError, match="says it is a file"):
        check_files(tmp_path, Artifact("page", "saved-model", (file,)))


def test_contents_are_compared_where_that_is_asked_for(tmp_path, saved_model):
    artifact = Artifact("page", "saved-model", describe_files(tmp_path, saved_model))
    (saved_model / "saved_model.pb").write_bytes(b"other")
    check_files(tmp_path, artifact)
    with pytest.raises(CardError, match=r"saved_model\.pb: its sha256 is not what the card says"):
        check_files(tmp_path, artifact, contents=True)
