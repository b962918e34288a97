"""What a data set of any format can do: split, select, rename, be fingerprinted."""

import numpy as np
import pytest
from labelled_folders import write_class_folders, write_masks, write_picture, write_voc

from runner_core.cards import LabelMap
from runner_core.datasets import Annotation, Dataset, Example, build_truth, open_dataset
from runner_core.errors import DatasetError

LABELS = LabelMap.from_names(["cup", "plate"])


def make_dataset(folder, count, *, first=0, groups=lambda number: None):
    """Pictures of one cup each."""
    examples = []
    for number in range(first, first + count):
        path = write_picture(folder / f"{number}.png", number, (16, 12))

        def read(number=number):
            rows = [Annotation("cup", "here", (1, 1, 5 + number % 5, 9))]
            return build_truth((16, 12), rows, kind="object-detection", labels=LABELS)

        group = groups(number)
        more = {} if group is None else {"group": group}
        examples.append(Example(path, path.name, read, **more))
    return Dataset(str(folder), "object-detection", LABELS, tuple(examples))


def keys_of(dataset):
    return {example.key for example in dataset}


def test_a_picture_stays_on_its_side_when_others_are_added(tmp_path):
    few, many = make_dataset(tmp_path, 20), make_dataset(tmp_path, 60)
    rest, held = few.split(0.3)
    more_rest, more_held = many.split(0.3)
    assert keys_of(rest) | keys_of(held) == keys_of(few)
    assert not keys_of(rest) & keys_of(held)
    assert keys_of(rest) <= keys_of(more_rest)
    assert keys_of(held) <= keys_of(more_held)
    assert 10 <= len(more_held) <= 26


def test_a_group_is_never_split_and_each_side_has_one(tmp_path):
    dataset = make_dataset(tmp_path, 12, groups=lambda number: f"scene {number % 3}")
    for share in (0.001, 0.5, 0.999):
        rest, held = dataset.split(share)
        assert len(rest) > 0 < len(held)
        assert not {example.group for example in rest} & {example.group for example in held}


def test_another_seed_splits_otherwise(tmp_path):
    dataset = make_dataset(tmp_path, 30)
    assert keys_of(dataset.split(0.3)[1]) != keys_of(dataset.split(0.3, seed="2")[1])


def test_selecting_keeps_pictures_and_drops_rows(tmp_path):
    dataset = open_dataset(write_voc(tmp_path))
    plates = dataset.select(["plate"])
    assert [each.read().answer.names for each in plates] == [["plate"], [], []]
    assert plates[0].read().answer.model_ids.tolist() == [0]
    with pytest.raises(DatasetError, match=r"no class 'plat'; did you mean plate\? it has: cup, plate"):
        dataset.select(["plat"])


def test_ignored_rows_are_ignored_after_a_selection_too(tmp_path):
    write_voc(tmp_path)
    path = tmp_path / "Annotations" / "a.xml"
    head, _, tail = path.read_text().rpartition("<difficult>0")
    path.write_text(f"{head}<difficult>1{tail}")
    dataset = open_dataset(tmp_path)
    assert dataset[0].read().ignored == {1}
    assert dataset.select(["plate"])[0].read().ignored == {0}
    assert dataset.select(["cup"])[0].read().ignored == frozenset()


def test_boxes_alone_can_be_asked_for(tmp_path):
    dataset = open_dataset(f"{write_masks(tmp_path / 'masks')}?kind=object-detection")
    answer = dataset[0].read().answer
    assert (dataset.kind, answer.task, answer.masks, answer.class_map) == ("object-detection",) * 2 + (None,) * 2
    assert answer.boxes.tolist() == [[0, 0, 40, 60]]
    with pytest.raises(DatasetError, match="has no boxes; it says what a picture shows, not where"):
        open_dataset(write_class_folders(tmp_path / "folders")).to_boxes()


def test_of_a_class_map_what_is_not_kept_is_of_no_class(tmp_path):
    dataset = open_dataset(write_masks(tmp_path)).rename({"cup": "mug"})
    class_map = dataset[0].read().answer.class_map
    assert [class_map[0, column] for column in (0, 40, 79)] == [0, -1, -1]


def test_a_fingerprint_is_of_pictures_and_labels_not_of_order_and_place(tmp_path):
    dataset = make_dataset(tmp_path / "one", 4)
    first = dataset.fingerprint()
    assert dataset[::-1].fingerprint() == first
    assert make_dataset(tmp_path / "two", 4).fingerprint() == first
    assert dataset[:3].fingerprint() != first
    assert dataset.rename({"cup": "mug", "plate": "plate"}).fingerprint() != first
    write_picture(tmp_path / "one" / "0.png", 99, (16, 12))
    assert dataset.fingerprint() != first


def test_a_fingerprint_is_the_same_on_every_machine(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 2 2 255 " + bytes(range(12)))

    def read():
        return build_truth((2, 2), [Annotation("cup", "x", (0, 0, 1.5, 2))], kind="object-detection", labels=LABELS)

    dataset = Dataset("here", "object-detection", LABELS, (Example(path, "a.ppm", read),))
    assert dataset.fingerprint() == "195d155b0f327fb673d3fa2ef3fcff2f131c72ee9fe7c2fd896de19e1c2f3df0"


def test_a_fingerprint_of_what_cannot_be_read_is_an_error(tmp_path):
    dataset = make_dataset(tmp_path, 2)
    (tmp_path / "1.png").unlink()
    with pytest.raises(DatasetError, match="no such file"):
        dataset.fingerprint()


def test_keypoints_that_a_row_lacks_are_not_labelled():
    rows = [
        Annotation("cup", "x", (0, 0, 9, 9), keypoints=np.array([[1, 2, 1]], np.float32)),
        Annotation("cup", "x", (0, 0, 5, 9), keypoints=np.array([[1, 2, 1], [3, 3, 0.0]], np.float32)),
        Annotation("cup", "x", (0, 0, 7, 9)),
    ]
    truth = build_truth((16, 12), rows, kind="keypoints", labels=LABELS, keypoints=2)
    assert truth.answer.keypoints.tolist() == [[[1, 2, 1], [0, 0, 0]], [[1, 2, 1], [0, 0, 0]], [[0, 0, 0]] * 2]


@pytest.mark.parametrize(
    ("box", "message", "repaired"),
    [
        ((5, 2, 1, 8), "the corners of a box of cup are in the wrong order", "swapped"),
        ((-9, 2, 5, 8), "a box of cup reaches 9 pixels out of the picture", "cut at its border"),
        ((5, 2, 5, 8), "a box of cup has no area: 5 2 5 8", ""),
        ((20, 2, 25, 8), "a box of cup is outside of the picture: 20 2 25 8", ""),
        ((5, 2, 6, 8), "a box of cup is no more than one pixel wide: 5 2 6 8", ""),
        ((15.5, 2, 25, 8), "a box of cup is no more than one pixel wide: 15.5 2 25 8", ""),
        ((float("nan"), 2, 5, 8), "cup has no place in the picture", ""),
        ((5, 2, float("inf"), 8), "cup has no place in the picture", ""),
        ((5, 2, 1e300, 8), "cup has no place in the picture", ""),
        (None, "cup has no place in the picture", ""),
    ],
)
def test_a_box_that_does_not_fit_is_repaired_or_left_out(box, message, repaired):
    truth = build_truth((16, 12), [Annotation("cup", "f:3", box)], kind="object-detection", labels=LABELS)
    assert [(each.place, each.message, each.repaired) for each in truth.findings] == [("f:3", message, repaired)]
    assert len(truth.answer) == bool(repaired)


def test_rounding_at_the_border_is_not_worth_a_word():
    rows = [Annotation("cup", "f", (-1, -0.4, 16.6, 12.2))]
    truth = build_truth((16, 12), rows, kind="object-detection", labels=LABELS)
    assert (truth.answer.boxes.tolist(), truth.findings) == ([[0, 0, 16, 12]], ())


def test_a_turned_box_may_reach_out_of_the_picture():
    rows = [Annotation("cup", "f", (0, 4, 16, 8), angle=1.5)]
    truth = build_truth((16, 12), rows, kind="object-detection", labels=LABELS, turned=True)
    assert (truth.answer.boxes.tolist(), truth.findings) == ([[0, 4, 16, 8]], ())


@pytest.mark.parametrize("seed", range(5))
def test_polygons_are_filled_as_pycocotools_fills_them(seed):
    mask_tools = pytest.importorskip("pycocotools.mask")
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, 9))
    radii = generator.uniform(10, 34, 9)
    polygon = np.stack([40 + radii * np.cos(angles), 36 + radii * np.sin(angles)], axis=1)
    rows = [Annotation("cup", "f", polygons=[polygon])]
    mask = build_truth((80, 72), rows, kind="instance-segmentation", labels=LABELS).answer.masks[0].array
    theirs = mask_tools.decode(mask_tools.frPyObjects([polygon.ravel().tolist()], 72, 80))[..., 0].astype(bool)
    assert (mask & theirs).sum() / (mask | theirs).sum() > 0.95


def test_a_polygon_outside_of_the_picture_fills_what_is_inside():
    rows = [Annotation("cup", "f", polygons=[np.array([[-50.0, -50], [8, -50], [8, 6], [-50, 6]])])]
    truth = build_truth((16, 12), rows, kind="instance-segmentation", labels=LABELS)
    expected = np.zeros((12, 16), bool)
    expected[:6, :8] = True
    assert np.array_equal(truth.answer.masks[0].array, expected)
