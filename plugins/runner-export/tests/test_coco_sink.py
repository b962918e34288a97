"""CocoSink: one dataset, as pycocotools and supervision read it."""

import contextlib
import io
import json

import numpy as np
import pytest
import supervision as sv
from pycocotools.coco import COCO
from runner_export.categories import PERSON_KEYPOINTS, Categories
from runner_export.coco import CocoSink

from runner_core import Frame, Inference, LabelMap, Mask, Result, run
from runner_core.errors import UsageError
from runner_core.testing import check_sink, conformance, sample_frame, sample_inference, sample_results

SIZE = (96, 64)


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(CocoSink, str(tmp_path / "new" / "out.json"))


def frame(source="a.jpg", index=0, time=None, file_name=None) -> Frame:
    made = Frame.from_array(np.zeros((64, 96, 3), np.uint8), source=source, index=index, time=time)
    made.file_name = file_name
    return made


def answer(brain="page", names=("page",), first=1, **columns) -> Inference:
    rows = len(next(iter(columns.values())))
    columns = {"model_ids": np.full(rows, first)} | columns
    return Inference(brain=brain, task="any", size=SIZE, labels=LabelMap.from_names(names, first=first), **columns)


def opened(path, *results) -> COCO:
    """As pycocotools reads the file of a whole run."""
    with CocoSink(str(path)).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def annotations(coco: COCO) -> list[dict]:
    return coco.loadAnns(coco.getAnnIds())


def names_of(coco: COCO) -> dict[int, str]:
    return {number: category["name"] for number, category in coco.cats.items()}


def blobs(seed: int) -> np.ndarray:
    """A mask of several parts, some of them with holes."""
    noise = np.random.default_rng(seed).random((64, 96))
    for _ in range(3):
        noise = sum(np.roll(noise, step, axis) for step in (-1, 0, 1) for axis in (0, 1)) / 6
    return noise > np.quantile(noise, 0.6)


def test_a_run_is_one_dataset(tmp_path):
    coco = opened(tmp_path / "out.json", *sample_results())
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert set(coco.dataset) == {"info", "licenses", "images", "annotations", "categories"}
    assert [(row["id"], row["file_name"]) for row in coco.dataset["images"]] == [
        (number + 1, f"sample-{number}.png") for number in range(6)
    ]
    assert {(row["width"], row["height"]) for row in coco.dataset["images"]} == {SIZE}
    first, second = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert first == {
        "id": 1, "image_id": 1, "category_id": 1, "bbox": [24, 16, 48, 32], "area": 48 * 32, "iscrowd": 0,
        "score": pytest.approx(0.9),
    }  # fmt: skip
    assert (second["id"], second["area"]) == (2, 20.5 * 12.25)
    assert sorted(coco.getAnnIds()) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert names_of(coco) == {1: "page", 2: "graph", 3: "class 0"}


def test_the_same_run_gives_the_same_file(tmp_path):
    texts = set()
    for name in ("a.json", "b.json"):
        opened(tmp_path / name, *sample_results())
        texts.add((tmp_path / name).read_bytes())
    assert len(texts) == 1


def test_a_mask_is_a_polygon_of_exactly_its_pixels_and_has_its_area(tmp_path):
    arrays = [blobs(seed) for seed in range(20)]
    boxes = np.tile([0, 0, 96, 64], (20, 1))
    found = answer(boxes=boxes, masks=tuple(Mask(array=array) for array in arrays))
    coco = opened(tmp_path / "out.json", Result(frame(), (found,)))
    for row, array in zip(annotations(coco), arrays, strict=True):
        assert np.array_equal(coco.annToMask(row), array)
        assert (row["area"], row["bbox"], row["iscrowd"]) == (array.sum(), [0, 0, 96, 64], 0)
        assert "score" not in row


def test_a_mask_without_a_box_has_the_box_around_it_and_an_empty_one_no_polygon(tmp_path):
    array = np.zeros((64, 96), bool)
    array[10:30, 20:25] = True
    masks = (Mask(array=array), Mask(array=np.zeros((64, 96), bool)))
    coco = opened(tmp_path / "out.json", Result(frame(), (answer(masks=masks),)))
    assert [(row["bbox"], row["area"]) for row in annotations(coco)] == [([20, 10, 5, 20], 100), ([0] * 4, 0)]
    assert annotations(coco)[1]["segmentation"] == []


def test_keypoints_are_labelled_and_named(tmp_path):
    points = np.array([[[x, 10 + x, 0.9] for x in range(10, 27)]], np.float32)
    points[0, 3, 2], points[0, 4, 0], points[0, 5] = 0.1, 97, np.nan
    found = [
        answer("pose", ["person"], first=0, keypoints=points),
        answer("hand", ["hand"], keypoints=points[:, :2]),
        sample_inference(),
    ]
    coco = opened(tmp_path / "out.json", Result(frame(), tuple(found)))
    person, hand, box, _ = annotations(coco)
    wanted = [[x, 10 + x, 2] for x in range(10, 27)]
    wanted[3] = wanted[4] = wanted[5] = [0, 0, 0]
    assert person["keypoints"] == [number for point in wanted for number in point]
    assert (person["num_keypoints"], hand["num_keypoints"]) == (14, 2)
    assert person["bbox"] == [10, 20, 16, 16]
    assert "keypoints" not in box
    assert all(isinstance(number, int) for number in person["keypoints"][2::3])
    by_name = {category["name"]: category for category in coco.cats.values()}
    assert by_name["person"]["keypoints"] == list(PERSON_KEYPOINTS)
    assert sorted(map(tuple, by_name["person"]["skeleton"]))[:3] == [(1, 2), (1, 3), (2, 3)]
    assert (by_name["hand"]["keypoints"], by_name["hand"]["skeleton"]) == (["hand 1", "hand 2"], [])
    assert "keypoints" not in by_name["page"]


@pytest.mark.parametrize("options", ["", "?form=results"])
def test_a_picture_in_which_no_pose_is_found_is_a_picture_of_nothing(tmp_path, options):
    nobody = answer("pose", keypoints=np.empty((0, 17, 3)))
    with CocoSink(f"{tmp_path / 'out.json'}{options}").open() as writer:
        writer.write(Result(frame(), (nobody,)))
    data = json.loads((tmp_path / "out.json").read_text())
    assert (data["annotations"] if not options else data) == []


def test_a_class_has_one_number_of_keypoints(tmp_path, caplog):
    points = np.array([[[x, 10 + x, 0.9] for x in range(10, 27)]], np.float32)
    both = (answer("a", ["person"], keypoints=points), answer("b", ["person"], keypoints=points[:, :5]))
    coco = opened(tmp_path / "out.json", *(Result(frame(f"{name}.jpg"), both) for name in "xy"))
    assert ["keypoints" in row for row in annotations(coco)] == [True, False, True, False]
    assert caplog.text.count("brain b: its 5 keypoints of person are left out: another brain gives 17") == 1


def test_supervision_reads_boxes_masks_and_classes(tmp_path, pictures, demo_brains):
    results = []
    run(str(pictures), demo_brains, [f"coco:{tmp_path / 'out.json'}"], on_result=results.append)
    dataset = sv.DetectionDataset.from_coco(str(pictures), str(tmp_path / "out.json"))
    assert dataset.classes == ["page", "graph"]
    assert len(dataset) == len(results)
    for result, (path, _, found) in zip(results, dataset, strict=True):
        assert path == result.frame.source
        boxes = np.concatenate([answer.boxes for answer in result.answers])
        np.testing.assert_allclose(found.xyxy, boxes, atol=1e-3)
        names = [name for answer in result.answers for name in answer.names]
        assert [dataset.classes[number] for number in found.class_id] == names


def test_supervision_reads_masks(tmp_path, pictures):
    array = np.zeros((64, 96), bool)
    array[16:48, 24:72] = True
    (tmp_path / "sample-0.png").write_bytes(sample_frame().encoded_upright)
    masked = answer(masks=(Mask(array=array),), boxes=[[24, 16, 72, 48]])
    opened(tmp_path / "out.json", Result(sample_frame(), (masked,)))
    dataset = sv.DetectionDataset.from_coco(str(tmp_path), str(tmp_path / "out.json"), force_masks=True)
    ((_, _, found),) = list(dataset)
    assert (found.mask[0] ^ array).sum() < 0.06 * array.sum()  # its polygons are of whole pixels


def test_instances_without_a_place_are_left_out_and_reported_once(tmp_path, caplog):
    opened(tmp_path / "out.json", *sample_results(), *sample_results())
    assert caplog.text.count("brain names: COCO cannot hold instances without box, mask and keypoints") == 1
    assert caplog.text.count("brain pixels: ") == 1


def test_a_number_that_two_brains_give_to_two_classes_is_the_first_ones(tmp_path):
    mine = (answer(boxes=[[1, 1, 2, 2]]), answer("coco", ("person", "cat"), boxes=[[1, 1, 2, 2], [3, 3, 4, 4]]))
    coco = opened(tmp_path / "out.json", *(Result(frame(f"{name}.jpg"), mine) for name in "xy"))
    assert names_of(coco) == {1: "page", 2: "person", 3: "cat"}
    assert [row["category_id"] for row in annotations(coco)] == [1, 2, 2] * 2


@pytest.mark.parametrize(
    ("names", "first", "wanted"),
    [
        (("background", "a", "b"), 0, {1: "a", 2: "b"}),  # its number is left to the others
        (("a", "b"), 0, {1: "a", 2: "b"}),  # tools take 0 for no category
        (("a", "b"), 7, {7: "a", 8: "b"}),
    ],
)
def test_categories_begin_at_1_and_keep_the_file_ids_that_do(tmp_path, names, first, wanted):
    found = answer(names=names, first=first, boxes=[[1, 1, 2, 2]], model_ids=[first + len(names) - 1])
    coco = opened(tmp_path / "out.json", Result(frame(), (found,)))
    assert names_of(coco) == wanted
    assert [row["category_id"] for row in annotations(coco)] == [max(wanted)]


def test_classes_of_one_name_are_one_category():
    categories = Categories({})
    assert [categories.find(*label).number for label in ((1, "person"), (2, "bicycle"))] == [1, 2]
    assert [categories.find(*label).number for label in ((0, "person"), (1, "bicycle"), (2, "car"))] == [1, 2, 3]
    assert [row["name"] for row in categories.to_json()] == ["person", "bicycle", "car"]


def test_a_truths_numbers_and_names_are_taken(tmp_path, caplog):
    truth = {"images": [{"id": 70, "file_name": "b/a.jpg"}], "categories": [{"id": 30, "name": "page"}]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    results = [Result(frame(source), (sample_inference(),)) for source in ("x/b/a.jpg", "x/c/a.jpg")]
    with CocoSink(f"{tmp_path}/out.json?truth={tmp_path}/truth.json").open() as writer:
        for result in results:
            writer.write(result)
    data = json.loads((tmp_path / "out.json").read_text())
    assert [(row["id"], row["file_name"]) for row in data["images"]] == [(70, "b/a.jpg")]
    assert [(row["image_id"], row["category_id"]) for row in data["annotations"]] == [(70, 30), (70, 2)]
    assert "x/c/a.jpg: not among the pictures of the truth; left out" in caplog.text


def test_pictures_are_called_by_their_path_below_the_folder_that_is_read(tmp_path):
    """As tools ask for it: relative to the folder of the pictures. What would be called alike is kept apart."""
    frames = [frame("p/s/a.jpg", file_name="s/a.jpg"), frame("q/s/a.jpg", file_name="s/a.jpg"), frame("b.jpg")]
    coco = opened(tmp_path / "out.json", *(Result(each, (sample_inference(),)) for each in frames))
    assert [row["file_name"] for row in coco.dataset["images"]] == ["s/a.jpg", "q/s/a.jpg", "b.jpg"]


def test_frames_of_videos_have_names_of_their_own_and_their_time(tmp_path):
    frames = [frame(source, index, index / 25) for source in ("x/clip.mp4", "y/clip.mp4") for index in range(2)]
    coco = opened(tmp_path / "out.json", *(Result(each, (sample_inference(),)) for each in frames))
    rows = coco.dataset["images"]
    assert [row["file_name"] for row in rows] == [
        "clip-000000.jpg", "clip-000001.jpg", "clip-2-000000.jpg", "clip-2-000001.jpg",
    ]  # fmt: skip
    assert [(row["source"], row["time"]) for row in rows][1:3] == [("x/clip.mp4", 0.04), ("y/clip.mp4", 0)]
    assert [row["id"] for row in rows] == [1, 2, 3, 4]


def test_a_run_of_nothing_is_an_empty_dataset(tmp_path):
    data = opened(tmp_path / "out.json").dataset
    assert [data[key] for key in ("images", "annotations", "categories")] == [[], [], []]


def test_an_end_that_is_broken_off_leaves_what_was_there(tmp_path, monkeypatch):
    """As by a second Ctrl-C, while the images are written behind the annotations."""
    path = tmp_path / "out.json"
    path.write_text("of yesterday")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), CocoSink(str(path)).open() as writer:  # noqa: PT012
        writer.write(sample_results()[0])
        monkeypatch.setattr("shutil.copyfileobj", interrupt)
    assert path.read_text() == "of yesterday"
    assert [each.name for each in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize("options", ["form=list", "form=", "colour=red"])
def test_other_options_are_refused(options):
    with pytest.raises(UsageError, match=r"is not dataset or results|no option 'colour'"):
        CocoSink(f"out.json?{options}")
