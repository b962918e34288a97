"""Which picture an input tensor wants."""

import attrs
import pytest

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.picture_spec import PictureSpec
from runner_core.tasks.input_draft import find_picture_input
from runner_core.tasks.input_shape import is_picture_input
from runner_core.tasks.picture_input import bind_picture

CARD = Card(name="test", task="a-task")
LIKE = PictureSpec(size=(320, 160), resize="letterbox")


def image(shape, dtype="float32"):
    return TensorSpec("image", shape, dtype)


@pytest.mark.parametrize(
    ("shape", "dtype", "layout", "size", "batched"),
    [
        ((1, 48, 64, 3), "uint8", "nhwc", (64, 48), True),
        ((48, 64, 3), "float32", "nhwc", (64, 48), False),
        ((1, 3, 48, 64), "float32", "nchw", (64, 48), True),
        ((None, 3, None, None), "float16", "nchw", (320, 160), True),
        ((1, None, 64, 3), "int8", "nhwc", (64, 160), True),
        ((None, None, None, None), "float32", "nhwc", (320, 160), True),
        (None, "float32", "nhwc", (320, 160), True),
    ],
)
def test_the_shape_says_it_and_what_it_leaves_open_is_as_usual(shape, dtype, layout, size, batched):
    spec = bind_picture(CARD, image(shape, dtype), LIKE)
    assert (spec.layout, spec.size, spec.dtype, spec.batched) == (layout, size, dtype, batched)
    assert spec.resize == "letterbox"


@pytest.mark.parametrize(("shape", "batched"), [((), False), ((None,), True), ((1,), True)])
def test_a_string_takes_the_encoded_picture(shape, batched):
    assert bind_picture(CARD, image(shape, "string"), LIKE) == PictureSpec(encoded=True, batched=batched)


def test_without_a_usual_size_a_free_input_takes_any():
    assert bind_picture(CARD, image((1, None, None, 3)), PictureSpec()).size is None
    with pytest.raises(TaskError, match="only one side of the picture"):
        bind_picture(CARD, image((1, None, 64, 3)), PictureSpec())


@pytest.mark.parametrize(
    "spec",
    [
        image((1, 48, 64, 4)),
        image((2, 48, 64, 3)),
        image((1, 48)),
        image((1, 48, 64, 3), "bool"),
        image((2,), "string"),
    ],
    ids=str,
)
def test_what_holds_no_single_picture_is_refused(spec):
    assert not is_picture_input(spec)
    assert find_picture_input(Signature((spec,), ()), LIKE) is None
    with pytest.raises(TaskError, match="does not hold a single picture"):
        bind_picture(CARD, spec, LIKE)


def test_more_pixels_than_there_is_memory_for_are_refused():
    spec = image((1, 100_000, 100_000, 3))
    assert find_picture_input(Signature((spec,), ()), LIKE) is None
    with pytest.raises(TaskError, match=r"holds no picture .*size is"):
        bind_picture(CARD, spec, LIKE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": (64, 64)}, "nhwc 64 x 64"),
        ({"size": None}, "nhwc any size"),
        ({"layout": "nchw"}, "nchw 64 x 48"),
        ({"dtype": "uint8"}, "has uint8"),
        ({"batched": False}, "no batch axis"),
        ({"encoded": True}, "has encoded bytes"),
    ],
)
def test_a_cards_own_picture_must_fit(change, message):
    right = PictureSpec(size=(64, 48), dtype="float32")
    spec = image((1, 48, 64, 3))
    assert bind_picture(attrs.evolve(CARD, picture=right), spec, LIKE) == right
    wrong = attrs.evolve(CARD, picture=attrs.evolve(right, **change))
    if change != {"size": None}:  # "any size" fits no input of a fixed one
        assert wrong.picture != right
    with pytest.raises(TaskError, match=message):
        bind_picture(wrong, spec, LIKE)


def test_a_draft_wants_one_input_of_numbers():
    one = image((1, 48, 64, 3))
    assert find_picture_input(Signature((one,), ()), LIKE) == (one, bind_picture(CARD, one, LIKE))
    assert find_picture_input(Signature((one, one), ()), LIKE) is None
    assert find_picture_input(Signature((image((1,), "string"),), ()), LIKE) is None
