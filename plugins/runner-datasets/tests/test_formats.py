"""What holds for every format: the promises of the kit, and that one data set is the same in all of them."""

import json
import logging

import numpy as np
import pytest
from labelled_folders import BOX_FORMATS, BOXES, FORMATS, coco_data, write_voc

from runner_core.datasets import open_dataset
from runner_core.discovery.registry import get_registry
from runner_core.errors import DatasetError, NotInstalled, UsageError
from runner_core.testing import check_dataset_format, check_plugin, conformance


@conformance(check_plugin)
def test_plugin(check):
    check("runner_datasets.plugin")


@pytest.mark.parametrize("name", FORMATS)
@conformance(check_dataset_format)
def test_the_promises_of_a_format(check, name, tmp_path):
    place = FORMATS[name](tmp_path / "set")
    folder = tmp_path / "set"
    check(get_registry().all("datasets")[name].load(), folder, "" if place == folder else place.name)


@pytest.mark.parametrize("name", BOX_FORMATS)
def test_every_format_says_the_same_of_the_same_pictures(name, tmp_path):
    dataset = open_dataset(BOX_FORMATS[name](tmp_path))
    assert (dataset.kind, dataset.labels.names, dataset.findings) == ("object-detection", ("cup", "plate"), ())
    assert [example.picture.name for example in dataset] == list(BOXES)
    for example in dataset:
        truth, rows = example.read(), BOXES[example.picture.name]
        assert (truth.findings, truth.ignored) == ((), frozenset())
        assert truth.answer.names == [label for label, _ in rows]
        assert np.allclose(truth.answer.boxes, np.reshape([box for _, box in rows], (-1, 4)), atol=1e-3)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_recognised_and_no_other_thinks_that_it_is_its_own(name, tmp_path, caplog):
    place = FORMATS[name](tmp_path)
    with caplog.at_level(logging.WARNING, "runner"):
        named, guessed = open_dataset(place, form=name), open_dataset(place)
    assert named.fingerprint() == guessed.fingerprint()
    assert not caplog.messages


def test_of_two_formats_that_recognise_a_folder_the_choice_is_said_and_an_option_settles_it(tmp_path, caplog):
    write_voc(tmp_path)
    (tmp_path / "labels.json").write_text(json.dumps(coco_data()))
    with caplog.at_level(logging.WARNING, "runner"):
        assert open_dataset(tmp_path).labels.labels[0].file_id == 3
    assert "read as coco; it may also be voc: ?format= says which" in caplog.text
    assert open_dataset(f"{tmp_path}?format=voc").labels.labels[0].file_id == 0


def test_what_no_format_recognises_is_refused_with_the_formats(tmp_path):
    (tmp_path / "notes.md").write_text("nothing")
    with pytest.raises(DatasetError, match=r"not a data set that is known; formats: coco, .*yolo"):
        open_dataset(tmp_path)
    with pytest.raises(DatasetError, match=r"no such file or folder; did you mean .*notes\.md"):
        open_dataset(tmp_path / "note.md")
    with pytest.raises(NotInstalled, match="did you mean voc"):
        open_dataset(tmp_path, form="vocc")


def test_options_choose_parts_classes_and_groups(tmp_path):
    write_voc(tmp_path)
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Main" / "train.txt").write_text("a\nb\n")
    (tmp_path / "ImageSets" / "Main" / "val.txt").write_text("c\n")
    assert [example.key for example in open_dataset(f"{tmp_path}?part=val")] == ["JPEGImages/c.jpg"]
    assert len(open_dataset(f"{tmp_path}?part=val,train")) == 3
    one = open_dataset(f"{tmp_path}?rename=cup:thing,plate:thing")
    assert (one.labels.names, one[0].read().answer.names) == (("thing",), ["thing", "thing"])
    assert open_dataset(f"{tmp_path}?rename=cup:mug&classes=plate,mug").labels.names == ("plate", "mug")
    assert open_dataset(f"{tmp_path}?classes=plate")[2].read().answer.names == []
    assert {example.group for example in open_dataset(f"{tmp_path}?group=(Images)/[ab]")} == {
        "Images", "JPEGImages/c.jpg",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ("part=tset", DatasetError, r"no part 'tset'; it has: no parts"),
        ("classes=cpu", DatasetError, r"no class 'cpu'; did you mean cup\?"),
        ("rename=mug:cup", DatasetError, r"no class 'mug'"),
        ("rename=mug", UsageError, r"rename=mug is not an old and a new name"),
        ("clases=cup", UsageError, r"no option 'clases' of the format voc; did you mean classes\?"),
        ("group=(", UsageError, r"not a regular expression"),
        ("group=zzz", UsageError, r"matches no picture; one is named JPEGImages/a\.jpg"),
    ],
)
def test_options_that_fit_nothing_say_what_would(options, error, message, tmp_path):
    write_voc(tmp_path)
    with pytest.raises(error, match=message):
        open_dataset(f"{tmp_path}?{options}")
