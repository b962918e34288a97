"""YoloSink: a dataset for each brain, as others read it."""

import io

import numpy as np
import pytest
import yaml
from PIL import Image
from runner_export.yolo import YoloSink

from runner_core import Frame, Inference, LabelMap, Result, run
from runner_core.errors import SinkError, UsageError
from runner_core.results.formats import yolo_text
from runner_core.results.mask import Mask
from runner_core.results.result import Failure
from runner_core.testing import check_sink, conformance, sample_frame, sample_inference, sample_results

sv = pytest.importorskip("supervision")

SIZE = (200, 100)


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(YoloSink, str(tmp_path / "new" / "set"))


def frame(index=0, source="a.jpg", time=None) -> Frame:
    return Frame.from_array(np.zeros((*SIZE[::-1], 3), np.uint8), source=source, index=index, time=time)


def answer(brain, names, *rows, first=0, **columns) -> Inference:
    """``rows``: (model_id, x1, y1, x2, y2)."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Inference(
        brain=brain, task="object-detection", size=SIZE, labels=LabelMap.from_names(names, first=first),
        model_ids=table[:, 0].astype(int), boxes=table[:, 1:], **columns,
    )  # fmt: skip


def masked(*boxes) -> tuple[Mask, ...]:
    arrays = [np.zeros(SIZE[::-1], bool) for _ in boxes]
    for array, (x1, y1, x2, y2) in zip(arrays, boxes, strict=True):
        array[y1:y2, x1:x2] = True
    return tuple(Mask(array=array) for array in arrays)


def write(place, *results) -> None:
    with YoloSink(str(place)).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})


def read(folder):
    """Picture -> names and ``sv.Detections``, as supervision reads a dataset."""
    data = sv.DetectionDataset.from_yolo(str(folder / "images"), str(folder / "labels"), str(folder / "data.yaml"))
    return {
        path.rpartition("/")[2]: ([data.classes[number] for number in found.class_id], found)
        for path, _, found in data
    }  # fmt: skip


def head(folder):
    return yaml.safe_load((folder / "data.yaml").read_text())


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_each_brain_has_its_own_set_with_its_own_numbers(tmp_path):
    pages = answer("page", ["page"], (1, 10, 20, 110, 90), first=1)
    graphs = answer("graphs", ["axis", "graph"], (1, 0, 0, 33.3, 12.5), (0, 50, 60, 70, 80))
    write(tmp_path, Result(frame(), (pages, graphs)))
    parts = ("classes.txt", "data.yaml", "images/a.jpg", "labels/a.txt")
    assert files(tmp_path) == [f"{brain}/{part}" for brain in ("graphs", "page") for part in parts]
    for folder, inference in ((tmp_path / "page", pages), (tmp_path / "graphs", graphs)):
        names, found = read(folder)["a.jpg"]
        assert names == inference.names
        np.testing.assert_allclose(found.xyxy, inference.boxes, atol=1e-3)
        assert head(folder) == {"train": "images", "val": "images", "names": dict(enumerate(inference.labels.names))}
        assert (folder / "classes.txt").read_text().splitlines() == list(inference.labels.names)


def test_a_whole_run_of_the_demos_networks_reads_back(tmp_path, pictures, demo_brains):
    results = []
    run(str(pictures), demo_brains, [f"yolo:{tmp_path}"], on_result=results.append)
    sets = {brain.name: read(tmp_path / brain.name) for brain in demo_brains}
    for result in results:
        name = result.frame.source.rpartition("/")[2]
        width, height = result.frame.size
        for inference in result.answers:
            names, found = sets[inference.brain][name]
            assert names == inference.names
            np.testing.assert_allclose(found.xyxy, inference.boxes.clip(0, [width, height] * 2), atol=0.01)
            assert (tmp_path / inference.brain / "images" / name).read_bytes() == (pictures / name).read_bytes()
    assert all(len(each) == len(results) for each in sets.values())


def test_masks_are_polygons(tmp_path):
    boxes = ((10, 20, 110, 90), (0, 0, 70, 60))
    inference = answer("b", ["x", "y"], (1, *boxes[0]), (0, *boxes[1]), masks=masked(*boxes))
    write(tmp_path, Result(frame(), (inference,)))
    names, found = read(tmp_path / "b")["a.jpg"]
    assert names == ["y", "x"]
    for mask, theirs in zip(inference.masks, found.mask, strict=True):
        assert (mask.array & theirs).sum() > 0.9 * (mask.array | theirs).sum()


def test_keypoints_are_poses(tmp_path):
    points = np.array([[[20, 30, 0.9], [60, 40, 0.1]]], np.float32)
    inference = answer("b", ["person"], (0, 10, 20, 110, 90), keypoints=points)
    write(tmp_path, Result(frame(), (inference,)))
    assert head(tmp_path / "b")["kpt_shape"] == [2, 3]
    names, found = read(tmp_path / "b")["a.jpg"]
    assert names == ["person"]
    np.testing.assert_allclose(found.xyxy, inference.boxes, atol=1e-3)
    assert (tmp_path / "b" / "labels" / "a.txt").read_text().split()[5:] == ["0.1", "0.3", "2", "0", "0", "0"]


def test_another_form_can_be_asked_for(tmp_path):
    inference = answer("b", ["x"], (0, 10, 20, 110, 90), masks=masked((10, 20, 110, 90)))
    write(f"{tmp_path}?form=boxes", Result(frame(), (inference,)))
    assert (tmp_path / "b" / "labels" / "a.txt").read_text() == "0 0.300000 0.550000 0.500000 0.700000\n"


def test_a_dataset_has_one_form(tmp_path):
    """A chain that had nothing to look into gives boxes, and none of them."""
    nothing = answer("b", ["x"])
    inference = answer("b", ["x"], (0, 10, 20, 110, 90), masks=masked((10, 20, 110, 90)))
    bare = answer("b", ["x"], (0, 10, 20, 110, 90))
    write(tmp_path, *(Result(frame(n), (each,)) for n, each in enumerate((nothing, inference, bare, nothing))))
    texts = [(tmp_path / "b" / "labels" / f"a{number}.txt") for number in ("", "-2", "-3", "-4")]
    assert [len(path.read_text().split()) if path.exists() else None for path in texts] == [0, 17, None, 0]
    assert not (tmp_path / "b" / "images" / "a-3.jpg").exists()


def test_a_dataset_without_instances_is_complete(tmp_path):
    write(tmp_path, Result(frame(), (answer("b", ["x"]),)))
    assert read(tmp_path / "b")["a.jpg"][0] == []
    assert head(tmp_path / "b")["names"] == {0: "x"}


def test_labels_of_another_form_are_not_mixed_in(tmp_path):
    inference = answer("b", ["x"], (0, 10, 20, 110, 90), masks=masked((10, 20, 110, 90)))
    write(tmp_path, Result(frame(), (inference,)))
    before = files(tmp_path)
    with pytest.raises(SinkError, match=r"b/data\.yaml: there already, and not as runner writes it for boxes; name an"):
        write(f"{tmp_path}?form=boxes", Result(frame(1, "b.jpg"), (inference,)))
    assert files(tmp_path) == before


def test_boxes_end_with_the_picture_and_those_outside_are_left_out(tmp_path):
    write(tmp_path, Result(frame(), (answer("a", ["x"], (0, -5, -5, 50, 300), (0, 210, 5, 250, 50)),)))
    _, found = read(tmp_path / "a")["a.jpg"]
    np.testing.assert_allclose(found.xyxy, [[0, 0, 50, 100]], atol=1e-3)


def test_nothing_found_is_an_empty_file_and_no_answer_is_none(tmp_path):
    failed = Failure("EngineError", "no", brain="sample")
    write(tmp_path, *sample_results(), Result(sample_frame(9), (failed, sample_inference("other"))))
    assert (tmp_path / "sample" / "labels" / "sample-1.txt").read_text() == ""
    assert (tmp_path / "other" / "labels" / "sample-9.txt").read_text()
    assert not list(tmp_path.rglob("broken-*"))
    assert not list((tmp_path / "sample").rglob("*-9.*"))


def test_what_a_dataset_cannot_hold_is_reported_once_per_brain(tmp_path, caplog):
    write(tmp_path, *sample_results(), *sample_results())
    reports = [line for line in caplog.text.splitlines() if "brain names: what has no boxes is left out" in line]
    assert len(reports) == 1
    assert not (tmp_path / "names").exists()
    write(f"{tmp_path / 'poses'}?form=pose", *sample_results())
    assert "brain masks: what has no pose is left out" in caplog.text
    assert [path.name for path in (tmp_path / "poses").iterdir()] == ["points"]


def test_another_run_into_the_folder_keeps_the_numbers_of_the_first(tmp_path):
    write(tmp_path, Result(frame(), (answer("b", ["page"], (0, 1, 1, 9, 9)),)))
    later = answer("b", ["cup", "page"], (0, 1, 1, 9, 9), (1, 2, 2, 8, 8))
    write(tmp_path, Result(frame(0, "b.jpg"), (later,)))
    assert (tmp_path / "b" / "classes.txt").read_text() == "page\ncup\n"
    assert {name: names for name, (names, _) in read(tmp_path / "b").items()} == {
        "a.jpg": ["page"],
        "b.jpg": ["cup", "page"],
    }


def test_of_pictures_of_one_name_each_has_a_file(tmp_path):
    sources = ["x/a.jpg", "y/a.jpg", "A.png"]
    write(tmp_path, *(Result(frame(n, source), (answer("p", ["page"]),)) for n, source in enumerate(sources)))
    assert sorted(path.name for path in (tmp_path / "p" / "labels").iterdir()) == ["A-3.txt", "a-2.txt", "a.txt"]
    assert sorted(path.name for path in (tmp_path / "p" / "images").iterdir()) == ["A-3.jpg", "a-2.jpg", "a.jpg"]


def test_of_brains_whose_names_make_one_folder_each_has_its_own(tmp_path):
    write(tmp_path, Result(frame(), (answer("a/b", ["x"]), answer("A:b", ["y"]))))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A-b-2", "a-b"]


def test_frames_of_a_video_have_a_file_each(tmp_path):
    write(tmp_path, *(Result(frame(n, "clips/desk.mp4", n / 25), (answer("p", ["page"]),)) for n in (0, 12)))
    assert sorted(path.name for path in (tmp_path / "p" / "images").iterdir()) == ["desk-000000.jpg", "desk-000012.jpg"]


@pytest.mark.parametrize(
    ("form", "suffix", "same"), [("JPEG", ".jpg", True), ("PNG", ".png", True), ("BMP", ".png", False)]
)
def test_pictures_that_every_trainer_reads_are_copied_unchanged(tmp_path, form, suffix, same):
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (*SIZE[::-1], 3), np.uint8)).save(buffer, form)
    came = Frame.from_bytes(buffer.getvalue(), source="a.any")
    write(tmp_path, Result(came, (answer("b", ["x"]),)))
    path = tmp_path / "b" / "images" / f"a{suffix}"
    assert (path.read_bytes() == buffer.getvalue()) is same
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), came.pixels)


def test_pictures_can_be_left_out(tmp_path):
    write(f"{tmp_path}?images=no", Result(frame(), (answer("b", ["x"]),)))
    assert files(tmp_path) == ["b/classes.txt", "b/data.yaml", "b/labels/a.txt"]
    assert YoloSink(f"{tmp_path}?images=no").folder is None
    assert YoloSink(str(tmp_path)).folder == tmp_path


def test_a_picture_that_is_not_available_has_only_labels_with_a_warning(tmp_path, caplog):
    broken = Frame.from_bytes(b"no picture", source="a.gif")
    write(tmp_path, *(Result(broken, (answer("b", ["x"], (0, 1, 1, 9, 9)),)) for _ in range(2)))
    assert files(tmp_path) == ["b/classes.txt", "b/data.yaml", "b/labels/a-2.txt", "b/labels/a.txt"]
    assert caplog.text.count("brain b: of pictures that are not available, only the labels are written") == 1


@pytest.mark.parametrize("name", ["two\nlines", "a: b # c", '"quoted" \\', "yes", "12", "Tür 🚪", "\x7f", "- x", "{}"])
def test_a_label_is_one_line_of_the_classes_and_itself_in_yaml(tmp_path, name):
    write(tmp_path, Result(frame(), (answer("p", [name, "b"], (1, 1, 1, 9, 9)),)))
    line = " ".join(name.split())
    assert (tmp_path / "p" / "classes.txt").read_text() == f"{line}\nb\n"
    assert head(tmp_path / "p")["names"] == {0: line, 1: "b"}
    assert read(tmp_path / "p")["a.jpg"][0] == ["b"]


@pytest.mark.parametrize("options", ["form=masks", "form=", "images=maybe"])
def test_other_values_are_refused(options):
    with pytest.raises(UsageError, match=r" is not (one of boxes, segments, pose|yes or no)"):
        YoloSink(f"out?{options}")


def test_a_folder_in_the_place_of_a_file_is_a_sink_error(tmp_path):
    (tmp_path / "sample" / "labels" / "sample-0.txt").mkdir(parents=True)
    with YoloSink(str(tmp_path)).open() as writer, pytest.raises(SinkError, match=r"sample-0\.txt: cannot be written"):
        writer.write(Result(sample_frame(), (sample_results()[0].answers)))
    assert not list(tmp_path.rglob(".*.part"))


def test_yolo_text_with_the_names_of_the_dataset_is_what_the_sink_writes(tmp_path):
    inference = answer("b", ["page", "big  cup"], (2, 10, 20, 60, 70), (1, 0, 0, 50, 50), first=1)
    write(tmp_path, Result(frame(), (inference,)))
    names = (tmp_path / "b" / "classes.txt").read_text().splitlines()
    assert yolo_text(inference, names=names) == yolo_text(inference, names=inference.labels.names)
    assert yolo_text(inference, names=names) == (tmp_path / "b" / "labels" / "a.txt").read_text()
