"""YoloSink: its text read back, and its list of classes."""

import numpy as np
import pytest
from runner_export.yolo import YoloSink

from runner_core import Frame, Inference, LabelMap, Result, run
from runner_core.errors import SinkError
from runner_core.testing import check_sink, conformance, sample_frame, sample_results

SIZE = (200, 100)


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(YoloSink, str(tmp_path / "new" / "labels"))


def frame(index=0, source="a.jpg", time=None) -> Frame:
    return Frame.from_array(np.zeros((*SIZE[::-1], 3), np.uint8), source=source, index=index, time=time)


def answer(brain, names, *rows, first=0) -> Inference:
    """``rows``: (model_id, x1, y1, x2, y2)."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Inference(
        brain=brain, task="object-detection", size=SIZE, labels=LabelMap.from_names(names, first=first),
        model_ids=table[:, 0].astype(int), boxes=table[:, 1:],
    )  # fmt: skip


def write(folder, *results) -> None:
    with YoloSink(str(folder)).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})


def read(path, size=SIZE) -> list[tuple[str, list[float]]]:
    """Name and x1, y1, x2, y2 in pixels, as a trainer reads a label file."""
    classes = (path.parent / "classes.txt").read_text().splitlines()
    rows = [line.split() for line in path.read_text().splitlines()]
    return [(classes[int(number)], corners([float(side) for side in box], *size)) for number, *box in rows]


def corners(box, width, height):
    x, y, w, h = box
    return [(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height]


def test_boxes_and_names_read_back(tmp_path):
    pages = answer("page", ["page"], (1, 10, 20, 110, 90), first=1)
    graphs = answer("graphs", ["axis", "graph"], (1, 0, 0, 33.3, 12.5), (0, 50, 60, 70, 80))
    write(tmp_path, Result(frame(), (pages, graphs)))
    names, boxes = zip(*read(tmp_path / "a.txt"), strict=True)
    assert names == ("page", "graph", "axis")
    np.testing.assert_allclose(boxes, [*pages.boxes, *graphs.boxes], atol=1e-3)


def test_a_whole_run_of_the_demos_networks_reads_back(tmp_path, pictures, demo_brains):
    results = []
    run(str(pictures), demo_brains, [f"yolo:{tmp_path}"], on_result=results.append)
    assert {path.stem for path in tmp_path.iterdir()} == {path.stem for path in pictures.glob("*.jpg")} | {"classes"}
    for result in results:
        name = result.frame.source.rpartition("/")[2].replace(".jpg", ".txt")
        said = [(each.label, each.box) for answer in result.answers for each in answer.instances]
        there = read(tmp_path / name, result.frame.size)
        assert [label for label, _ in there] == [label for label, _ in said]
        width, height = result.frame.size
        for (_, box), (_, told) in zip(said, there, strict=True):
            assert told == pytest.approx(np.clip(box, 0, [width, height] * 2), abs=0.01)


def test_boxes_end_with_the_picture_and_those_outside_are_left_out(tmp_path):
    write(tmp_path, Result(frame(), (answer("a", ["x"], (0, -5, -5, 50, 300), (0, 210, 5, 250, 50)),)))
    ((_, box),) = read(tmp_path / "a.txt")
    assert box == pytest.approx([0, 0, 50, 100], abs=1e-3)


def test_nothing_found_is_an_empty_file_and_no_answer_is_none(tmp_path):
    write(tmp_path, *sample_results())
    assert (tmp_path / "sample-1.txt").read_text() == ""
    assert not (tmp_path / "sample-4.txt").exists()  # its only brain failed
    assert not list(tmp_path.glob("broken-*"))


def test_what_is_no_box_is_said_once_a_brain(tmp_path, caplog):
    write(tmp_path, *sample_results(), *sample_results())
    for brain, words in (("masks", "its boxes alone"), ("points", "it gives none"), ("names", "it gives none")):
        told = [line for line in caplog.text.splitlines() if f"brain {brain}: " in line]
        assert len(told) == 1
        assert words in told[0]
    assert (tmp_path / "sample-2.txt").read_text().count("\n") == 1  # the box of the brain with masks


def test_another_run_into_the_folder_keeps_the_numbers_of_the_first(tmp_path):
    write(tmp_path, Result(frame(), (answer("page", ["page"], (0, 1, 1, 9, 9)),)))
    write(tmp_path, Result(frame(0, "b.jpg"), (answer("cups", ["cup", "page"], (0, 1, 1, 9, 9), (1, 2, 2, 8, 8)),)))
    assert (tmp_path / "classes.txt").read_text() == "page\ncup\n"
    assert [name for name, _ in read(tmp_path / "a.txt") + read(tmp_path / "b.txt")] == ["page", "cup", "page"]


def test_of_pictures_of_one_name_each_has_a_file(tmp_path):
    sources = ["x/a.jpg", "y/a.jpg", "classes.jpg", "A.png"]
    write(tmp_path, *(Result(frame(n, source), (answer("p", ["page"]),)) for n, source in enumerate(sources)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "A-3.txt",
        "a-2.txt",
        "a.txt",
        "classes-2.txt",
        "classes.txt",
    ]


def test_frames_of_a_video_have_a_file_each(tmp_path):
    write(tmp_path, *(Result(frame(n, "clips/desk.mp4", n / 25), (answer("p", ["page"]),)) for n in (0, 12)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classes.txt", "desk-000000.txt", "desk-000012.txt"]


def test_a_label_is_one_line_of_the_classes(tmp_path):
    write(tmp_path, Result(frame(), (answer("p", ["two\nlines", "b"], (1, 1, 1, 9, 9)),)))
    assert (tmp_path / "classes.txt").read_text() == "two lines\nb\n"
    assert read(tmp_path / "a.txt")[0][0] == "b"


def test_a_folder_in_the_place_of_a_file_is_a_sink_error(tmp_path):
    (tmp_path / "sample-0.txt").mkdir()
    with YoloSink(str(tmp_path)).open() as writer, pytest.raises(SinkError, match=r"sample-0\.txt: cannot be written"):
        writer.write(Result(sample_frame(), (sample_results()[0].answers)))
    assert not list(tmp_path.glob(".*.part"))
