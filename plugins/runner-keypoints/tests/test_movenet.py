"""MoveNet, single pose and multipose: arrays by its contract, and the real network."""

import attrs
import numpy as np
import pytest
from runner_keypoints.coco_keypoints import KEYPOINTS
from runner_keypoints.movenet import MoveNet

from runner_core.cards import Clue
from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame
from runner_core.project import open_brain
from runner_core.results.inference import Inference
from runner_core.testing import check_plugin, check_task, conformance

WIDTH, HEIGHT, SIDE = 400, 200, 192  # letterboxed: 192 x 96, 48 rows lower
FRAME = Frame.from_array(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
TASK = MoveNet()


def signature(poses: tuple[int | None, ...] = (1, 1, 17, 3), image=(1, SIDE, SIDE, 3), dtype="uint8") -> Signature:
    return Signature((TensorSpec("image", image, dtype),), (TensorSpec("out", poses, "float32"),))


def drafted(model: Signature, **changes: object) -> Card:
    card = TASK.recognise(model)
    assert card is not None
    return attrs.evolve(card, name="people", **changes)


def answer(poses: np.ndarray, **changes: object) -> Inference:
    model = signature(poses.shape)
    return TASK.bind(drafted(model, **changes), model).decode({"poses": poses}, FRAME)


def person(score: float = 0.8, shift: float = 0.0) -> np.ndarray:
    """17 x 3 y, x, score, normalised by the tensor: along a diagonal of the picture's part of it."""
    along = np.linspace(0.1, 0.8, 17) + shift
    return np.stack([0.25 + along / 2, along, np.full(17, score)], axis=1).astype(np.float32)


def multipose(*people: np.ndarray) -> np.ndarray:
    table = np.zeros((1, 6, 56), np.float32)
    for row, points in enumerate(people):
        (y1, x1), (y2, x2) = points[:, :2].min(axis=0) - 0.01, points[:, :2].max(axis=0) + 0.01
        table[0, row] = [*points.ravel(), y1, x1, y2, x2, points[0, 2]]
    return table


@conformance(check_plugin)
def test_plugin(check):
    check("runner_keypoints.plugin")


@conformance(check_task)
@pytest.mark.parametrize("poses", [person()[None, None], multipose(person(0.4), person(0.9))], ids=["single", "multi"])
def test_task(check, poses):
    check(TASK, signature(poses.shape), {"poses": poses}, FRAME)


def test_keypoints_come_in_pixels_of_the_picture():
    result = answer(person()[None, None])
    wanted = np.linspace(0.1, 0.8, 17)
    assert result.names == ["person"]
    assert np.allclose(result.keypoints[0, :, 0], wanted * WIDTH, atol=0.01)
    assert np.allclose(result.keypoints[0, :, 1], wanted * HEIGHT, atol=0.01)
    assert np.allclose(result.keypoints[0, :, 2], 0.8)


def test_a_single_pose_has_the_box_and_mean_of_its_keypoints():
    points = person()
    points[:3, 2] = 0.1  # unsure: they count for the mean, not for the box
    result = answer(points[None, None])
    assert result.scores[0] == pytest.approx((3 * 0.1 + 14 * 0.8) / 17)
    wanted = np.linspace(0.1, 0.8, 17)[[3, 3, -1, -1]] * (WIDTH, HEIGHT, WIDTH, HEIGHT)
    assert np.allclose(result.boxes[0], wanted, atol=0.01)
    wider = answer(points[None, None], options={"keypoint_threshold": 0.05})
    assert wider.boxes[0, 0] == pytest.approx(0.1 * WIDTH, abs=0.01)


def test_several_people_come_best_first_with_boxes_of_their_own():
    result = answer(multipose(person(0.5), person(0.9, 0.1), person(0.1)))
    assert result.scores.tolist() == pytest.approx([0.9, 0.5])
    wanted = (np.array([0.2, 0.2, 0.9, 0.9]) + [-0.01, -0.02, 0.01, 0.02]) * (WIDTH, HEIGHT, WIDTH, HEIGHT)
    assert np.allclose(result.boxes[0], wanted, atol=0.01)


def test_nobody_is_nobody():
    assert len(answer(person(0.05)[None, None])) == 0
    unsure = answer(person(0.05)[None, None], threshold=0.0)
    assert len(unsure) == 0  # no keypoint to put a box around
    assert len(answer(np.full((1, 1, 17, 3), np.nan, np.float32), threshold=0.0)) == 0


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_values_are_0_to_255_whatever_the_dtype(dtype):
    model = signature(dtype=dtype)
    picture = drafted(model).picture
    assert (picture.mean, picture.std, picture.resize) == ((0, 0, 0), (1, 1, 1), "letterbox")
    frame = Frame.from_array(np.full((20, 20, 3), 200, np.uint8))
    tensor = TASK.bind(drafted(model), model).encode(frame)["image"]
    assert tensor.dtype == dtype
    assert (tensor == 200).all()


def test_it_is_resized_as_tensorflow_does_although_it_computes_in_8_bits():
    eight_bits = Clue("resample", "opencv", "it computes in 8 bits", 1.0)
    assert drafted(attrs.evolve(signature(), clues=(eight_bits,))).picture.resample == "bilinear"


def test_a_free_size_is_256():
    assert drafted(signature((1, 6, 56), (1, None, None, 3), "int32")).picture.size == (256, 256)


@pytest.mark.parametrize("poses", [(1, 17, 3), (1, 56, 6), (1, 6, 57), (1, 56, 8400), (2, 1, 17, 3), (1, 5), None])
def test_other_outputs_are_passed_over(poses):
    assert TASK.recognise(signature(poses)) is None


@pytest.mark.parametrize(
    "options", [{"keypoint_threshold": 2}, {"keypoint_threshold": "0.2"}, {"keypoint_names": ["nose"]}]
)
def test_nonsensical_options_are_refused(options):
    with pytest.raises(TaskError, match=next(iter(options))):
        TASK.bind(drafted(signature(), options=options), signature())


def test_a_card_for_another_output_is_refused():
    card = drafted(signature())
    with pytest.raises(TaskError, match="17 x 3"):
        TASK.bind(card, signature((1, 84, 8400)))


class TestTheRealNetwork:
    """On squat.bmp: a man seen from his left side in half profile, facing right, thighs level, hands together."""

    @pytest.fixture(scope="class")
    @staticmethod
    def brain(testdata):
        with open_brain(testdata / "models" / "movenet_single_pose_lightning_ptq.tflite") as brain:
            yield brain

    @pytest.fixture(scope="class")
    @staticmethod
    def found(brain, testdata):
        result = brain.predict(testdata / "pictures" / "squat.bmp")
        assert result.names == ["person"]
        return dict(zip(KEYPOINTS, result.keypoints[0].tolist(), strict=True)), result

    def test_all_are_found(self, found):
        points, result = found
        assert len(points) == 17
        assert min(score for _, _, score in points.values()) > 0.2
        assert result.scores[0] > 0.6

    def test_they_lie_on_the_man(self, found):
        x1, y1, x2, y2 = 100, 130, 370, 600  # read off the picture
        assert all(x1 < x < x2 and y1 < y < y2 for x, y, _ in found[0].values())
        assert np.allclose(found[1].boxes[0], [139, 192, 359, 545], atol=12)

    def test_they_lie_where_they_should(self, found):
        points = {name: np.array(point[:2]) for name, point in found[0].items()}
        places = {  # read off the picture
            "nose": (297, 205), "right shoulder": (212, 245), "right elbow": (268, 310), "right hip": (140, 370),
            "right knee": (212, 420), "right ankle": (168, 545), "left ankle": (258, 515), "left knee": (288, 402),
        }  # fmt: skip
        for name, place in places.items():
            assert np.hypot(*(points[name] - place)) < 20, name

    def test_a_band_at_the_left_moves_them_by_its_width(self, brain, testdata, found):
        pixels = Frame.from_path(testdata / "pictures" / "squat.bmp").pixels
        square = np.concatenate([np.zeros((610, 110, 3), np.uint8), pixels], axis=1)  # scaled as before
        moved = brain.predict(square).keypoints[0, :, :2] - (110, 0)
        still = found[1].keypoints[0, :, :2]
        assert np.median(np.hypot(*(moved - still).T)) < 10

    def test_nobody_is_found_in_pictures_of_animals(self, brain, testdata):
        for picture in ("cat_1080p.jpg", "cat_720p.jpg", "parrot.jpg", "dog_segmentation.bmp"):
            assert len(brain.predict(testdata / "pictures" / picture)) == 0, picture
