"""A tiny training on class maps, and what must be true of the brain that it makes."""

from functools import partial
from pathlib import Path

import attrs
import numpy as np
import pytest
from drawn import draw_maps, draw_set
from PIL import Image
from runner_train.pictures import UNLABELLED, Picture
from runner_train.pixels import find_ious, mean_iou, pixel_loss, weigh_classes
from runner_train.rehearsal import read_rehearsal, write_rehearsal
from runner_train.trainer import DetectorTrainer
from runner_train.views import Variety, Viewer, make_plain_view

from runner_core import open_brain
from runner_core.cards import Card
from runner_core.errors import DatasetError, TrainingError
from runner_core.training import TrainOptions

CARD = Card(name="shapes", task="semantic-segmentation")
MINUTES, STEPS = 0.3, {"steps": "50"}


def _train(place: Path, data, origin: Path | None = None, watch=lambda step: None) -> Path:
    options = TrainOptions(place, minutes=MINUTES, seed=4, options=STEPS)
    return DetectorTrainer().train(CARD, origin, data, options, watch).parent


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("training")
    return _train(place / "brain", draw_maps(place / "data", 8))


def _answer(folder: Path, data, engine: str) -> list:
    with open_brain(folder, engine=engine) as brain:
        return [brain(example.make_frame()) for example in data]


@pytest.fixture(scope="module")
def reference(trained, tmp_path_factory: pytest.TempPathFactory):
    data = draw_maps(tmp_path_factory.mktemp("test"), 4, seed=9)
    return data, _answer(trained, data, "onnx")


def test_it_finds_the_pixels_of_what_it_learnt(reference) -> None:
    data, answers = reference
    table = np.zeros((3, 3), np.int64)
    for example, answer in zip(data, answers, strict=True):
        wanted = example.read().answer.class_map
        known = wanted >= 0
        np.add.at(table, (wanted[known], answer.class_map[known]), 1)
    assert mean_iou(table) > 0.7  # all background would be 0.3


@pytest.mark.parametrize("engine", ["tensorflow", "openvino", "litert"])
def test_all_engines_say_the_same_of_pixels(trained, reference, engine: str) -> None:
    data, answers = reference
    for answer, other in zip(_answer(trained, data, engine), answers, strict=True):
        assert (answer.class_map == other.class_map).mean() > 0.998
        assert sorted(answer.names) == sorted(other.names)


def test_its_card_tells_how_well_pixels_are_known(trained) -> None:
    card = Card.read(trained / "brain.json")
    assert (card.task, card.labels.names) == ("semantic-segmentation", ("background", "disc", "square"))
    assert all(sum(file.size for file in artifact.files) < 8_000_000 for artifact in card.artifacts)
    held = card.training["held_back"]
    assert held["mIoU_range"][0] <= held["mIoU"] <= held["mIoU_range"][1]
    assert card.training["objects"]["background"] == 8


@pytest.mark.slow
def test_old_classes_are_kept_when_pixels_of_new_ones_are_learnt(trained, tmp_path: Path) -> None:
    further = _train(tmp_path / "further", draw_maps(tmp_path / "more", 8, names=("bar",), seed=5), trained)
    assert Card.read(further / "brain.json").labels.names == ("background", "disc", "square", "bar")
    for answer in _answer(further, draw_maps(tmp_path / "old", 4, names=("disc",), seed=9), "onnx"):
        assert "disc" in answer.names


def test_what_has_no_pixels_of_two_classes_is_refused_before_any_work(trained, tmp_path: Path) -> None:
    def refuse(data, error, words, origin=None) -> None:
        with pytest.raises(error, match=words):
            _train(tmp_path / "brain", data, origin)
        assert not (tmp_path / "brain").exists()

    data = draw_maps(tmp_path / "data", 4)
    refuse(data[:1], DatasetError, "a single picture")
    refuse(data.select(["disc"]), DatasetError, "disc is its only class")
    refuse(draw_maps(tmp_path / "more", 2, names=("disc", "square", "ring", "star"))[:1], DatasetError, "single")
    refuse(draw_set(tmp_path / "boxes", 4), TrainingError, "another task", trained)
    truth = data[2].read()
    small = attrs.evolve(truth, answer=attrs.evolve(truth.answer, size=(80, 64), class_map=np.zeros((64, 80), int)))
    wrong = attrs.evolve(data[2], read=partial(lambda it: it, small))
    refuse(attrs.evolve(data, examples=(*data[:2], wrong)), DatasetError, "02.png: a mask of 80 x 64 on a picture")


def _halves(side: int = 200) -> Picture:
    """The left half red and of class 1, the right half blue and of class 0; the lowest rows are not labelled."""
    pixels, numbers = np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.uint8)
    pixels[:, : side // 2, 0], pixels[:, side // 2 :, 2], numbers[:, : side // 2] = 220, 220, 1
    numbers[-10:] = UNLABELLED
    boxes, classes = np.array([[0, 0, 0.5, 1]], np.float32), np.array([1])
    return Picture("a", Image.fromarray(pixels), boxes, classes, frozenset({0, 1}), Image.fromarray(numbers))


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_class_maps_go_where_their_pixels_go(mosaic: float) -> None:
    viewer = Viewer([_halves(), _halves(90)], (96, 64), Variety(mosaic=mosaic, quarter=True), 3, [0, 1])
    kinds = set()
    for number in range(30):
        view = viewer.make_view(number)
        known = view.class_map != UNLABELLED
        red = view.pixels[..., 0].astype(int) > view.pixels[..., 2]
        assert (red == (view.class_map == 1))[known].mean() > 0.93  # borders are blurred
        kinds |= set(np.unique(view.class_map).tolist())
    assert kinds == {0, 1, UNLABELLED}


def test_a_plain_view_has_the_class_map_of_its_picture() -> None:
    view = make_plain_view(_halves(), (96, 64))
    assert view.class_map.shape == (64, 96)
    assert (view.class_map[:60, :48] == 1).all()
    assert (view.class_map[:60, 48:] == 0).all()


def test_class_maps_travel_with_a_brain_by_the_names_of_their_classes(tmp_path: Path) -> None:
    write_rehearsal(tmp_path, [_halves()], ("sea", "land"))
    (found,) = read_rehearsal(tmp_path, {"land": 0, "sky": 1, "sea": 2}, -2)
    assert np.bincount(np.array(found.class_map).ravel(), minlength=256)[[0, 1, 2, 255]].tolist() == [
        190 * 100, 0, 190 * 100, 10 * 200,
    ]  # fmt: skip


def test_rare_classes_count_more_and_a_mean_pixel_one() -> None:
    weights = weigh_classes([_halves()], 2)
    assert weights == pytest.approx([1, 1], abs=0.01)
    numbers = np.zeros((100, 100), np.uint8)
    numbers[:10, :10] = 1
    rare = weigh_classes([attrs.evolve(_halves(), class_map=Image.fromarray(numbers))], 2)
    assert rare[1] > 4 * rare[0]


def test_pixels_that_are_not_labelled_are_not_blamed() -> None:
    from runner_train.runtime import tf  # seconds, which every worker would pay to collect this file

    right = tf.constant([[[[8.0, -8.0], [-8.0, 8.0], [8.0, -8.0]]]])
    weights = np.ones(2, np.float32)
    assert float(pixel_loss(right, tf.constant([[[0, 1, -1]]]), weights)) < 0.01
    assert float(pixel_loss(right, tf.constant([[[0, 1, 1]]]), weights)) > 1


def test_iou_is_of_what_is_there_or_was_found() -> None:
    table = np.array([[6, 2, 0], [0, 4, 0], [0, 0, 0]])
    assert find_ious(table)[:2] == pytest.approx([6 / 8, 4 / 6])
    assert mean_iou(table) == pytest.approx((6 / 8 + 4 / 6) / 2)
