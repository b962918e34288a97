"""VocSink: a dataset as supervision reads it, and its files as VOC's own tools do."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import supervision as sv
from runner_export.voc import VocSink
from runner_export.voc_xml import clean_label

from runner_core import Frame, Inference, LabelMap, Mask, Result, run
from runner_core.errors import UsageError
from runner_core.testing import broken_frame, check_sink, conformance, sample_frame, sample_inference, sample_results

SIZE = (96, 64)


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(VocSink, str(tmp_path / "new" / "voc"))


def write(place, *results) -> None:
    with VocSink(str(place)).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})


def files(folder) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def boxed(*boxes, names=("page",), brain="p", **columns) -> Inference:
    return Inference(
        brain=brain, task="any", size=SIZE, labels=LabelMap.from_names(names), model_ids=np.zeros(len(boxes), int),
        boxes=np.array(boxes, np.float32).reshape(-1, 4), **columns,
    )  # fmt: skip


def objects(path) -> list[tuple[str, list[int]]]:
    """Name and box of each, by the standard library."""
    return [
        (found.findtext("name"), [int(found.findtext(f"bndbox/{key}")) for key in ("xmin", "ymin", "xmax", "ymax")])
        for found in ET.parse(path).getroot().iter("object")
    ]


def test_what_it_writes(tmp_path):
    write(tmp_path, *sample_results()[:2])
    assert files(tmp_path) == [
        "Annotations/sample-0.xml", "Annotations/sample-1.xml", "ImageSets/Main/default.txt",
        "JPEGImages/sample-0.jpg", "JPEGImages/sample-1.jpg", "labelmap.txt",
    ]  # fmt: skip
    root = ET.parse(tmp_path / "Annotations" / "sample-0.xml").getroot()
    assert root.findtext("filename") == "sample-0.jpg"
    assert [root.findtext(f"size/{key}") for key in ("width", "height", "depth")] == ["96", "64", "3"]
    assert [each.text for each in root.iterfind("object/attributes/attribute/value")] == ["0.9", "0.5"]
    assert objects(tmp_path / "Annotations" / "sample-1.xml") == []
    assert (tmp_path / "ImageSets" / "Main" / "default.txt").read_text() == "sample-0\nsample-1\n"
    assert (tmp_path / "labelmap.txt").read_text().splitlines()[1:] == [
        "background:0,0,0::", "page:128,0,0::", "graph:0,128,0::",
    ]  # fmt: skip


def test_boxes_are_pixels_from_1_and_end_with_the_picture(tmp_path):
    """VOC's first pixel is 1, and the last one belongs to the box."""
    found = boxed([0, 0, 96, 64], [10.4, 20.6, 30.4, 40.6], [-9, -9, 5, 5], [50, 50, 50.2, 50.2], [100, 1, 120, 9])
    write(tmp_path, Result(sample_frame(), (found,)))
    assert [box for _, box in objects(tmp_path / "Annotations" / "sample-0.xml")] == [
        [1, 1, 96, 64], [11, 22, 30, 41], [1, 1, 5, 5], [51, 51, 51, 51],
    ]  # fmt: skip


def test_supervision_reads_what_the_demos_networks_find(tmp_path, pictures, demo_brains):
    results = []
    run(str(pictures), demo_brains, [f"voc:{tmp_path}"], on_result=results.append)
    dataset = sv.DetectionDataset.from_pascal_voc(str(tmp_path / "JPEGImages"), str(tmp_path / "Annotations"))
    assert sorted(dataset.classes) == ["graph", "page"]
    assert len(dataset) == len(results)
    for result, (path, _, found) in zip(results, dataset, strict=True):
        assert path.endswith(result.frame.source.rpartition("/")[2])
        boxes = np.concatenate([answer.boxes for answer in result.answers])
        width, height = result.frame.size
        np.testing.assert_allclose(found.xyxy, boxes.clip(0, [width, height] * 2), atol=0.51)
        names = [name for answer in result.answers for name in answer.names]
        assert [dataset.classes[number] for number in found.class_id] == names


def test_of_masks_and_keypoints_the_boxes_are_written_and_that_is_reported_once(tmp_path, caplog):
    array = np.zeros((64, 96), bool)
    array[10:30, 20:25] = True
    masked = Inference(
        brain="m", task="any", size=SIZE, labels=LabelMap.from_names(["blob"]), model_ids=np.array([0, 0]),
        masks=(Mask(array=array), Mask(array=np.zeros((64, 96), bool))),
    )  # fmt: skip
    write(tmp_path, Result(sample_frame(), (masked,)), *sample_results(), *sample_results())
    assert objects(tmp_path / "Annotations" / "sample-0.xml") == [("blob", [21, 11, 25, 30])]
    assert caplog.text.count("brain m: of masks and keypoints only the boxes around them are written") == 1
    assert caplog.text.count("brain names: what has no box, mask or keypoints is left out") == 1


def test_a_second_run_goes_on_with_the_lists(tmp_path):
    first = Frame.from_array(np.zeros((64, 96, 3), np.uint8), source="a.png")
    write(tmp_path, Result(first, (boxed([1, 1, 9, 9], names=["cat"]),)))
    write(tmp_path, Result(sample_frame(), (boxed([1, 1, 9, 9], names=["dog", "cat"]),)))
    labels = [line.partition(":")[0] for line in (tmp_path / "labelmap.txt").read_text().splitlines()]
    assert labels == ["# label", "background", "cat", "dog"]
    assert (tmp_path / "ImageSets" / "Main" / "default.txt").read_text().split() == ["a", "sample-0"]


def test_pictures_are_left_out_when_asked_or_when_they_are_gone(tmp_path, caplog):
    with VocSink(f"{tmp_path / 'a'}?images=no").open() as writer:
        writer.write(Result(sample_frame(), (sample_inference(),)))
    assert not list((tmp_path / "a" / "JPEGImages").iterdir())
    assert ET.parse(tmp_path / "a" / "Annotations" / "sample-0.xml").getroot().findtext("filename") == "sample-0.png"
    gone = Frame.from_function(broken_frame()._decode, SIZE, source="gone.jpg")
    write(tmp_path / "b", *(Result(gone, (sample_inference(),)) for _ in range(2)))
    assert objects(tmp_path / "b" / "Annotations" / "gone.xml")
    assert caplog.text.count("of pictures that are not available, only the XML is written") == 1


@pytest.mark.parametrize("name", ["a: b", "two\nlines", "<b>&", "#1", "Tür 🚪", "\x07"])
def test_a_label_is_the_same_in_both_files(tmp_path, name):
    write(tmp_path, Result(sample_frame(), (boxed([1, 1, 9, 9], names=[name]),)))
    ((label, _),) = objects(tmp_path / "Annotations" / "sample-0.xml")
    assert label == clean_label(name)
    *_, line = (tmp_path / "labelmap.txt").read_text().splitlines()
    assert line == f"{label}:128,0,0::"


def test_other_values_are_refused():
    with pytest.raises(UsageError, match="is not yes or no"):
        VocSink("out?images=maybe")
