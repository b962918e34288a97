"""What a sink writes of a data set reads back as the same truth."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labelled_folders import FORMATS, NAMES, write_picture, write_voc

from runner_core.cards import LabelMap
from runner_core.datasets import Annotation, Dataset, Example, build_truth, open_dataset, to_results
from runner_core.pipeline import open_sink
from runner_core.results import Mask

SIZE = (80, 60)
LABELS = LabelMap.from_names(NAMES)

whole = st.integers(0, 70)
pixel_boxes = st.tuples(whole, st.integers(0, 50), st.integers(2, 40), st.integers(2, 40)).map(
    lambda box: (box[0], box[1], min(80, box[0] + box[2]), min(60, box[1] + box[3]))
)
rows = st.lists(st.tuples(st.sampled_from(NAMES), pixel_boxes), max_size=5, unique_by=lambda row: row[1])


def make_dataset(folder, annotations, **form):
    """One picture for each list of annotations."""
    examples = []
    for number, each in enumerate(annotations):
        path = write_picture(folder / f"{number}.jpg", number)

        def read(each=each):
            return build_truth(SIZE, each, labels=LABELS, **form)

        examples.append(Example(path, path.name, read))
    return Dataset(str(folder), form["kind"], LABELS, tuple(examples))


def write(dataset, location):
    with open_sink(location).open() as writer:
        for result in to_results(dataset):
            writer.write(result)
        writer.finish({})


def write_and_open(dataset, name, folder):
    """The data set as that sink writes it, read again."""
    if name in ("coco", "label-studio"):
        write(dataset, f"{name}:{folder / 'out.json'}")
        return open_dataset(f"{folder / 'out.json'}?images={dataset.location}", form=name)
    write(dataset, f"{name}:{folder / 'out'}")
    return open_dataset(folder / "out" / "labels" if name == "yolo" else folder / "out", form=name)


def assert_same(dataset, again, *, atol):
    assert again.labels.names == dataset.labels.names
    assert again.findings == ()
    for one, other in zip(dataset, again, strict=True):
        first, second = one.read(), other.read()
        assert second.findings == ()
        assert second.answer.names == first.answer.names
        assert np.allclose(second.answer.boxes, first.answer.boxes, atol=atol)
        yield first, second


@pytest.mark.parametrize("name", ["coco", "voc", "yolo", "label-studio"])
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(pictures=st.lists(rows, min_size=1, max_size=3))
def test_boxes_come_back(name, pictures, tmp_path_factory):
    if not any(pictures):
        pictures = [*pictures, [("cup", (1, 1, 9, 9))]]
    pictures = [*pictures, [("cup", (2, 3, 9, 9)), ("plate", (5, 6, 20, 30))]]  # so that every format knows both
    folder = tmp_path_factory.mktemp("set")
    annotations = [[Annotation(label, "x", box) for label, box in each] for each in pictures]
    dataset = make_dataset(folder / "in", annotations, kind="object-detection")
    for _ in assert_same(dataset, write_and_open(dataset, name, folder), atol=0.01):
        pass


@pytest.mark.parametrize("name", ["coco", "yolo", "label-studio"])
@pytest.mark.parametrize("seed", range(3))
def test_masks_come_back_to_the_pixel(name, seed, tmp_path):
    generator = np.random.default_rng(seed)
    annotations = []
    for _ in range(3):
        masks = []
        for label in NAMES:
            pixels = np.zeros(SIZE[::-1], bool)
            for x, y in generator.integers(0, 40, (3, 2)).tolist():
                pixels[y : y + 12, x : x + 20] = True
            pixels[8, :] = False  # two parts
            masks.append(Annotation(label, "x", mask=Mask(array=pixels)))
        annotations.append(masks)
    dataset = make_dataset(tmp_path / "in", annotations, kind="instance-segmentation")
    for first, second in assert_same(dataset, write_and_open(dataset, name, tmp_path), atol=0.01):
        assert second.answer.task == "instance-segmentation"
        for one, other in zip(first.answer.masks, second.answer.masks, strict=True):
            assert np.array_equal(one.array, other.array)


@pytest.mark.parametrize("name", ["coco", "yolo"])
def test_keypoints_come_back(name, tmp_path):
    points = np.array([[12, 13, 1], [20, 22, 1], [0, 0, 0]], np.float32)
    first = [
        Annotation("cup", "x", (10, 10, 40, 40), keypoints=points),
        Annotation("plate", "x", (1, 1, 9, 9), keypoints=points / 3),
    ]
    dataset = make_dataset(tmp_path / "in", [first, []], kind="keypoints", keypoints=3)
    for one, other in assert_same(dataset, write_and_open(dataset, name, tmp_path), atol=0.01):
        there = one.answer.keypoints[..., 2] >= 0.2
        assert np.allclose(other.answer.keypoints[there], one.answer.keypoints[there] + [0, 0, 0], atol=0.7)
        assert (other.answer.keypoints[~there] == 0).all()


@pytest.mark.parametrize("name", ["yolo", "label-studio"])
def test_turned_boxes_come_back(name, tmp_path):
    rows = [Annotation("cup", "x", (20, 20, 50, 35), angle=0.4), Annotation("plate", "x", (30, 20, 50, 30), angle=-0.9)]
    dataset = make_dataset(tmp_path / "in", [rows], kind="object-detection", turned=True)
    for one, other in assert_same(dataset, write_and_open(dataset, name, tmp_path), atol=0.02):
        turned = (other.answer.angles - one.answer.angles) / (2 * math.pi)
        assert np.allclose(turned, np.round(turned), atol=1e-3)


@pytest.mark.parametrize("name", ["coco", "voc"])
def test_what_is_ignored_comes_back_as_ignored(name, tmp_path):
    write_voc(tmp_path / "in")
    path = tmp_path / "in" / "Annotations" / "c.xml"
    path.write_text(path.read_text().replace("<difficult>0", "<difficult>1", 1))
    dataset = open_dataset(tmp_path / "in")
    for first, second in assert_same(dataset, write_and_open(dataset, name, tmp_path), atol=0.01):
        assert second.ignored == first.ignored


@pytest.mark.parametrize("name", ["yolo", "label-studio"])
def test_what_is_ignored_is_left_out_where_a_format_cannot_say_so_and_it_is_said(name, tmp_path, caplog):
    write_voc(tmp_path / "in")
    path = tmp_path / "in" / "Annotations" / "c.xml"
    path.write_text(path.read_text().replace("<difficult>0", "<difficult>1", 1))
    again = write_and_open(open_dataset(tmp_path / "in"), name, tmp_path)
    assert [len(example.read().answer) for example in again] == [2, 0, 1]
    assert "what is ignored, as crowds and what is difficult, is left out" in caplog.text


def test_a_crowd_with_a_mask_is_run_lengths_as_cocos_tools_want_it(tmp_path):
    pycocotools = pytest.importorskip("pycocotools.coco")
    pixels = np.zeros(SIZE[::-1], bool)
    pixels[5:30, 10:50] = True
    rows = [Annotation("cup", "x", mask=Mask(array=pixels), ignored=True), Annotation("plate", "x", (1, 1, 9, 9))]
    dataset = make_dataset(tmp_path / "in", [rows], kind="instance-segmentation")
    (pair,) = assert_same(dataset, write_and_open(dataset, "coco", tmp_path), atol=0.01)
    assert pair[1].ignored == {0}
    coco = pycocotools.COCO(tmp_path / "out.json")
    assert np.array_equal(coco.annToMask(coco.loadAnns([1])[0]).astype(bool), pixels)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_to_every_sink_without_an_error(name, tmp_path):
    dataset = open_dataset(FORMATS[name](tmp_path / "in"))
    for sink in ("jsonl:out.jsonl", "images:drawn", "coco:coco.json", "voc:voc", "yolo:yolo", "label-studio:ls.json"):
        kind, _, place = sink.partition(":")
        write(dataset, f"{kind}:{tmp_path / 'out' / place}")
    again = open_dataset(f"{tmp_path / 'out' / 'out.jsonl'}")
    for one, other in zip(dataset, again, strict=True):
        assert sorted(other.read().answer.names) == sorted(one.read().answer.names)
