"""Drawing: what was found is visible on any picture, and names can be read."""

from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageFont

from runner_core.cards.labels import LabelMap
from runner_core.drawing.annotate import annotate_picture
from runner_core.drawing.captions import Captions, Style, to_plain_line
from runner_core.drawing.palette import BLACK, PALETTE, WHITE, choose_colour, choose_ink, compute_luminance
from runner_core.errors import UsageError
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.testing import sample_frame, sample_results

SIZE = WIDE, HIGH = 320, 240
LABELS = LabelMap.from_names(["person", "dog", "car"])


def blank(colour: tuple[int, int, int] = (128, 128, 128), size: tuple[int, int] = (WIDE, HIGH)) -> Image.Image:
    return Image.new("RGB", size, colour)


def found(
    *boxes: tuple[float, ...], brain: str = "brain", size: tuple[int, int] = (WIDE, HIGH), **columns
) -> Inference:
    given = {"boxes": np.array(boxes, np.float32).reshape(-1, 4), "model_ids": np.zeros(len(boxes), int), **columns}
    return Inference(brain=brain, task="object-detection", size=size, labels=LABELS, **given)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def changed(before: Image.Image, after: Image.Image) -> np.ndarray:
    return (pixels(before) != pixels(after)).any(axis=2)


def is_colour(image: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    return (pixels(image) == colour).all(axis=2)


@pytest.fixture
def captions_of(monkeypatch):
    """The captions of a drawing: (text, left, top, right, bottom)."""

    def captions_of(image: Image.Image, *inferences: Inference) -> list[tuple[str, int, int, int, int]]:
        placed: list[tuple[str, int, int, int, int]] = []
        place, write, corners = Captions._choose_corner, Captions._write, []

        def noted(self, size, area):
            corner = place(self, size, area)
            corners.append((*corner, corner[0] + size[0], corner[1] + size[1]))
            return corner

        def written(self, line, corner, ink):
            placed.append((line, *corners[-1]))
            write(self, line, corner, ink)

        with monkeypatch.context() as patch:
            patch.setattr(Captions, "_choose_corner", noted)
            patch.setattr(Captions, "_write", written)
            annotate_picture(image, inferences)
        return placed

    return captions_of


def test_gives_a_new_picture_and_leaves_the_old_one():
    image = blank()
    drawn = annotate_picture(image, [found((50, 60, 150, 160))])
    assert drawn is not image
    assert (drawn.mode, drawn.size) == ("RGB", image.size)
    assert not changed(image, blank()).any()


def test_nothing_found_changes_nothing():
    for inferences in ([], [found()]):
        assert not changed(blank(), annotate_picture(blank(), inferences)).any()


def test_a_box_is_an_outline_on_its_own_edge():
    drawn = annotate_picture(blank(), [found((50, 60, 150, 160))])
    coloured = is_colour(drawn, choose_colour("brain", 0))
    coloured[:60] = False  # the caption
    rows, columns = np.flatnonzero(coloured.any(axis=1)), np.flatnonzero(coloured.any(axis=0))
    assert (columns[0], rows[0], columns[-1], rows[-1]) == (50, 60, 149, 159)
    assert not changed(blank(), drawn)[66:154, 56:144].any(), "a box is not filled"


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The contrast ratio of WCAG, 1 to 21."""
    dark, light = sorted(compute_luminance(tuple(colour)) + 0.05 for colour in (one, other))
    return light / dark


@pytest.mark.parametrize("ground", [BLACK, WHITE, (128, 128, 128), *PALETTE])
def test_a_box_shows_on_any_ground(ground):
    for number in range(len(PALETTE)):
        drawn = annotate_picture(blank(ground), [found((50, 60, 150, 160), model_ids=np.array([number]))])
        across = pixels(drawn)[100, 44:58].tolist()
        assert max(contrast(colour, ground) for colour in across) >= 2, f"class {number}"


@pytest.mark.parametrize("colour", PALETTE)
def test_letters_stand_out_in_their_caption(colour):
    assert contrast(colour, choose_ink(colour)) >= 4.5, "WCAG asks 4.5:1 of text"


def test_luminance_is_that_of_the_standard():
    assert compute_luminance(WHITE) == pytest.approx(1)
    assert compute_luminance(BLACK) == 0
    assert compute_luminance((255, 0, 0)) == pytest.approx(0.2126)
    assert compute_luminance((118, 118, 118)) == pytest.approx(
        (1.05 / 4.54) - 0.05, abs=1e-3
    )  # the darkest grey for AA


def test_colours_are_those_of_brain_and_class():
    assert len(set(PALETTE)) == len(PALETTE)
    assert len({choose_colour("page", number) for number in range(len(PALETTE))}) == len(PALETTE)
    assert choose_colour("page", 3) == choose_colour("page", 3 + len(PALETTE))
    assert choose_colour("page", 0) != choose_colour("graphs", 0)


def test_the_best_lies_on_top():
    both = found((50, 60, 150, 160), (50, 60, 150, 160), model_ids=np.array([1, 2]), scores=np.array([0.9, 0.2], "f4"))
    assert is_colour(annotate_picture(blank(), [both]), choose_colour("brain", 1))[100, 50]


def test_names_scores_and_tracks_are_in_captions(captions_of):
    inference = found(
        (50, 60, 150, 160), (200, 60, 300, 160), scores=np.array([0.876, 0.5], "f4"), tracks=np.array([7, -1])
    )
    assert [caption[0] for caption in captions_of(blank(), inference)] == ["person 0.88 #7", "person 0.50"]


def test_of_several_brains_the_name_is_in_captions_too(captions_of):
    one, other = found((50, 60, 90, 90), brain="first"), found((50, 160, 90, 190), brain="dog", model_ids=np.array([1]))
    assert [caption[0] for caption in captions_of(blank(), one, other)] == ["first: person", "dog"]


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 30, 30),
        (300, 0, 320, 20),
        (0, 230, 20, 240),
        (310, 230, 320, 240),
        (-50, -50, 400, 400),
        (400, 300, 500, 400),
    ],
)
def test_a_caption_at_the_edge_stays_inside(captions_of, box):
    ((_, left, top, right, bottom),) = captions_of(blank(), found(box, scores=np.array([0.5], "f4")))
    assert 0 <= left < right <= WIDE
    assert 0 <= top < bottom <= HIGH


def test_captions_keep_off_each_other(captions_of):
    captions = captions_of(blank(), found(*[(60 + step, 80 + step, 200, 200) for step in (0, 2, 4, 6)]))
    taken = np.zeros((HIGH, WIDE), int)
    for _, left, top, right, bottom in captions:
        taken[top:bottom, left:right] += 1
    assert len(captions) == 4
    assert taken.max() == 1


def test_a_long_name_is_cut_to_the_picture(captions_of):
    long = LabelMap.from_names(["a name far too long for any picture as narrow as this one is"])
    ((text, left, _, right, _),) = captions_of(
        blank(size=(90, 200)), attrs.evolve(found((10, 50, 60, 90), size=(90, 200)), labels=long)
    )
    assert text.startswith("a name")
    assert text.endswith("…")
    assert (left >= 0, right <= 90) == (True, True)


def test_sizes_follow_the_picture():
    small, large = Style.of((320, 240)), Style.of((3840, 2160))
    assert large.line > small.line
    assert large.font_size > 3 * small.font_size
    assert Style.of((200, 4000)).font_size <= 20, "a narrow picture has room for few letters"


def test_a_mask_is_tinted_and_its_edge_drawn():
    array = np.zeros((HIGH, WIDE), bool)
    array[100:160, 100:200] = True
    inference = Inference(
        brain="brain",
        task="instance-segmentation",
        size=SIZE,
        model_ids=np.array([0]),
        masks=(Mask(array=array),),
    )
    drawn = annotate_picture(blank(), [inference])
    touched = changed(blank(), drawn)
    assert touched[array].all()
    assert not touched[165:].any()
    assert not is_colour(drawn, choose_colour("brain", 0))[120:140, 120:180].any(), "the inside shows the picture"
    assert is_colour(drawn, choose_colour("brain", 0))[101:159, 101:199].any(), "the edge does not"


def test_an_empty_mask_draws_nothing():
    inference = Inference(
        brain="brain", task="instance-segmentation", size=SIZE, model_ids=np.array([0]),
        masks=(Mask(array=np.zeros((HIGH, WIDE), bool)),),
    )  # fmt: skip
    assert not changed(blank(), annotate_picture(blank(), [inference])).any()


def test_keypoints_that_were_seen_are_drawn():
    points = np.array([[[100, 100, 0.9], [200, 100, 0.1], [np.nan, 3, 0.9]]], np.float32)
    inference = Inference(brain="brain", task="keypoints", size=SIZE, model_ids=np.array([0]), keypoints=points)
    drawn = annotate_picture(blank(), [inference])
    assert is_colour(drawn, choose_colour("brain", 0))[100, 100]
    assert not changed(blank(), drawn)[90:110, 190:210].any()


def test_a_person_has_limbs_another_thing_does_not():
    points = np.zeros((1, 17, 3), np.float32)
    points[0, 5], points[0, 6] = (100, 150, 1), (200, 150, 1)  # shoulders
    for number, drawn in ((0, True), (1, False)):
        inference = Inference(
            brain="brain",
            task="keypoints",
            size=SIZE,
            labels=LABELS,
            model_ids=np.array([number]),
            keypoints=points,
        )
        image = annotate_picture(blank(), [inference])
        assert is_colour(image, choose_colour("brain", number))[145:155, 150].any() == drawn


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.uint64])
@pytest.mark.parametrize("background", ["background", "__Background__", "???", "bg", "void", "unlabeled", "unlabelled"])
def test_a_class_map_is_an_overlay_with_a_legend(dtype, background):
    class_map = np.zeros((HIGH, WIDE), dtype)
    class_map[:120, :160] = 2
    labels = LabelMap.from_names([background, "cat", "dog"])
    inference = Inference(
        brain="brain", task="semantic-segmentation", size=SIZE, labels=labels, model_ids=np.array([2]),
        class_map=class_map,
    )  # fmt: skip
    drawn = annotate_picture(blank(), [inference])
    touched = changed(blank(), drawn)
    assert touched[:120, :160].all()
    assert not touched[:120, 160:].any(), "background stays bare"
    assert is_colour(drawn, choose_colour("brain", 2))[200:, :40].any(), "no legend"


def test_numbers_outside_the_map_do_not_harm():
    class_map = np.full((HIGH, WIDE), -1)
    class_map[0, 0] = 300
    inference = Inference(
        brain="brain", task="semantic-segmentation", size=SIZE, model_ids=np.array([], int), class_map=class_map
    )
    assert changed(blank(), annotate_picture(blank(), [inference]))[0, 0]


def test_a_classification_is_listed():
    inference = Inference(
        brain="brain", task="classification", size=SIZE, labels=LABELS, model_ids=np.array([1, 2]),
        scores=np.array([0.8, 0.1], np.float32),
    )  # fmt: skip
    touched = changed(blank(), annotate_picture(blank(), [inference]))
    assert touched[-10:, :40].any()
    assert not touched[: HIGH // 2].any()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (24, 20), (96, 64)])
def test_every_answer_can_be_drawn_on_a_picture_of_any_size(size):
    for result in sample_results():
        answers = [
            attrs.evolve(answer, size=size, masks=None, class_map=None, pixel_map=None) for answer in result.answers
        ]
        assert annotate_picture(blank(size=size), answers).size == size


def test_every_kind_of_answer_shows():
    image = sample_frame().image
    for result in sample_results():
        for answer in result.answers:
            assert changed(image, annotate_picture(image, [answer])).any() == bool(len(answer))


NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(4)), elements=NUMBERS))
def test_no_box_is_too_odd_to_draw(boxes):
    annotate_picture(blank(size=(40, 30)), [found(*boxes.tolist(), size=(40, 30))])


@given(st.text(max_size=40))
def test_no_name_is_too_odd_to_draw(name):
    annotate_picture(blank(), [attrs.evolve(found((10, 50, 60, 90)), labels=LabelMap.from_names([name]))])


def test_names_are_one_line_and_lose_accents_only_where_the_font_lacks_them(monkeypatch):
    assert to_plain_line("  two\n lines ") == "two lines"
    assert to_plain_line("café") == "cafe"
    monkeypatch.setenv("RUNNER_FONT", "any.ttf")
    assert to_plain_line("café") == "café"


def test_another_font_can_be_named(monkeypatch, tmp_path):
    path = tmp_path / "own.ttf"
    path.write_bytes(ImageFont.load_default(20).path.getvalue())
    monkeypatch.setenv("RUNNER_FONT", str(path))
    assert Style.of((WIDE, HIGH)).font.path == str(path)
    inference = found((50, 60, 150, 160))
    assert changed(blank(), annotate_picture(blank(), [inference])).any()
    monkeypatch.setenv("RUNNER_FONT", str(tmp_path / "none.ttf"))
    with pytest.raises(UsageError, match=r"none\.ttf: not a font .*; name a \.ttf or \.otf file in RUNNER_FONT"):
        annotate_picture(blank(), [inference])


def test_the_colours_of_the_file_are_not_carried_over():
    image = blank()
    image.info = {"transparency": (128, 128, 128), "icc_profile": b"of another colour space"}
    assert annotate_picture(image, []).info == {}


def test_real_answers_can_be_drawn(testdata: Path):
    with Image.open(testdata / "pictures" / "dog_segmentation.bmp") as image:
        rgb = image.convert("RGB")
    assert changed(rgb, annotate_picture(rgb, [found((5, 5, 100, 100), size=rgb.size)])).any()


def test_a_turned_box_is_drawn_as_it_lies():
    drawn = pixels(annotate_picture(blank(), [found((100, 100, 220, 140), angles=[np.pi / 4], model_ids=[0])]))
    changed = (drawn != 128).any(axis=2)
    middle = np.array([160.0, 120.0]) + np.array([np.cos(np.pi / 4), np.sin(np.pi / 4)]) * 60  # of its right side
    x, y = middle.round().astype(int)
    assert changed[y - 4 : y + 5, x - 4 : x + 5].any()
    assert not changed[130:145, 96:112].any()  # where an upright one had its corner
