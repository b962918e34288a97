"""CropsSink: what lies in the files that it cuts out."""

import attrs
import numpy as np
from PIL import Image
from runner_export.crops import CropsSink

from runner_core import Frame, Inference, LabelMap, Result, run
from runner_core.results import Mask, PixelMap
from runner_core.testing import check_sink, conformance, sample_frame, sample_inference, sample_pixels, sample_results


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(CropsSink, str(tmp_path / "new" / "crops"))


def write(folder, *results) -> list[str]:
    with CropsSink(str(folder)).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def boxed(*boxes, names=("page",), brain="p") -> Inference:
    column = np.array(boxes, np.float32).reshape(-1, 4)
    return Inference(
        brain=brain, task="object-detection", size=(96, 64), labels=LabelMap.from_names(names), boxes=column,
        model_ids=np.zeros(len(column), int),
    )  # fmt: skip


def test_the_pixels_of_a_box_and_no_others(tmp_path):
    assert write(tmp_path, Result(sample_frame(), (sample_inference("page"),))) == [
        "graph/sample-0-page-1.png",
        "page/sample-0-page-0.png",
    ]
    whole, part = np.asarray(Image.open(tmp_path / "page/sample-0-page-0.png")), sample_pixels()
    np.testing.assert_array_equal(whole, part[16:48, 24:72])
    edges = np.asarray(Image.open(tmp_path / "graph/sample-0-page-1.png"))
    np.testing.assert_array_equal(edges, part[0:13, 0:21])  # 12.25 down and 20.5 across: each pixel that is touched


def test_a_box_that_leaves_the_picture_ends_with_it_and_one_without_a_pixel_has_no_file(tmp_path):
    found = boxed([-10, -10, 5, 5], [200, 5, 220, 20], [7, 7, 7, 9], [90, 60, 300, 300])
    assert write(tmp_path, Result(sample_frame(), (found,))) == ["page/sample-0-p-0.png", "page/sample-0-p-3.png"]
    sizes = [Frame.from_path(path).size for path in sorted((tmp_path / "page").iterdir())]
    assert sizes == [(5, 5), (6, 4)]


def test_what_lies_outside_of_a_mask_is_clear_for_who_asks(tmp_path):
    inside = np.zeros((64, 96), bool)
    inside[10:20, 30:36] = True
    answer = attrs.evolve(boxed([28, 8, 40, 22]), masks=(Mask(array=inside),))
    with CropsSink(f"{tmp_path}?clear=1").open() as writer:
        writer.write(Result(sample_frame(), (answer,)))
    cut = np.asarray(Image.open(tmp_path / "page/sample-0-p-0.png"))
    np.testing.assert_array_equal(cut[..., 3] == 255, inside[8:22, 28:40])
    np.testing.assert_array_equal(cut[..., :3], sample_pixels()[8:22, 28:40])


def test_a_cut_is_as_opaque_as_the_matte(tmp_path):
    levels = np.arange(64 * 96, dtype=np.uint32).reshape(64, 96).astype(np.uint8)
    answer = attrs.evolve(boxed([28, 8, 40, 22]), pixel_map=PixelMap("alpha", levels, levels.shape))
    with CropsSink(f"{tmp_path}?clear=1").open() as writer:
        writer.write(Result(sample_frame(), (answer,)))
    cut = np.asarray(Image.open(tmp_path / "page/sample-0-p-0.png"))
    np.testing.assert_array_equal(cut[..., 3], levels[8:22, 28:40])


def test_crops_of_the_demos_jpegs_are_jpegs_of_their_boxes(tmp_path, pictures, demo_brains):
    results = []
    run(str(pictures), demo_brains, [f"crops:{tmp_path}"], on_result=results.append)
    found = [instance for result in results for answer in result.answers for instance in answer.instances]
    files = list(tmp_path.rglob("*.jpg"))
    assert len(files) == len(found) > 5
    assert {path.parent.name for path in files} == {"page", "graph"}
    result = next(each for each in results if each.frame.source.endswith("2-one.jpg"))
    box = np.array(result.answers[0].instances[0].box)
    crop = Image.open(tmp_path / "page" / "2-one-page-0.jpg")
    assert crop.format == "JPEG"
    np.testing.assert_allclose(crop.size, box[2:] - box[:2], atol=2)
    again = demo_brains[0].predict(crop)  # the page fills its crop
    assert again.names[0] == "page"
    assert (again.boxes[0][2:] - again.boxes[0][:2]).prod() > 0.8 * crop.size[0] * crop.size[1]


def test_labels_come_from_strangers_and_lead_out_of_no_folder(tmp_path):
    names = ["../../etc/passwd", "..", "a/b", "", "x" * 300, "con\x00"]
    for name in names:
        write(tmp_path / "out", Result(sample_frame(), (boxed([1, 1, 9, 9], names=[name], brain="../../b"),)))
    folders = {path.parent for path in tmp_path.rglob("*.png")}
    assert {folder.parent for folder in folders} == {tmp_path / "out"}
    assert len(folders) == len(names) - 1  # ".." and nothing are both unnamed


def test_frames_of_a_video_carry_their_index(tmp_path):
    frames = [Frame.from_array(sample_pixels(), source="clips/a.mp4", index=n, time=n / 25) for n in (3, 44)]
    assert write(tmp_path, *(Result(frame, (sample_inference(rows=1),)) for frame in frames)) == [
        "page/a-000003-sample-0.png",
        "page/a-000044-sample-0.png",
    ]


def test_what_has_no_box_is_reported_once_per_brain(tmp_path, caplog):
    write(tmp_path, *sample_results(), *sample_results())
    assert caplog.text.count("brain names: it gives no boxes") == 1
    assert caplog.text.count("it gives no boxes") == 3
