"""A card's roles against a model's tensors, and their names."""

import numpy as np
import pytest

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.tasks.roles import (
    bind_roles,
    can_have_shape,
    check_shape,
    drop_batch_axis,
    find_tensor,
    format_shape,
    short_name,
)

IMAGE, BOXES, SCORES = (
    TensorSpec(name, shape, "float32") for name, shape in (("in", (1, 8, 8, 3)), ("a", (1, 5, 4)), ("b", (1, 5)))
)
MODEL = Signature((IMAGE,), (BOXES, SCORES))


def card(**roles):
    return Card(name="test", task="a-task", roles=roles)


def test_roles_become_tensors():
    found = bind_roles(card(image="in", boxes="a"), MODEL, needed=("image", "boxes"), optional=("scores",))
    assert found == {"image": IMAGE, "boxes": BOXES}


@pytest.mark.parametrize(
    ("roles", "message", "remedy"),
    [
        ({"image": "in"}, "the roles have no boxes", "a-task needs image, boxes and may have scores"),
        ({"image": "in", "boxes": "a", "box": "a"}, "an unknown 'box'", "a-task needs"),
        ({"image": "in", "boxes": "c"}, "the model has no c for boxes", "it has in: float32"),
    ],
)
def test_roles_that_do_not_fit_are_refused(roles, message, remedy):
    with pytest.raises(TaskError, match=message) as refused:
        bind_roles(card(**roles), MODEL, needed=("image", "boxes"), optional=("scores",))
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("has", "wanted", "answer"),
    [
        ((1, 5, 4), (1, None, 4), True),
        ((None, None, 4), (1, None, 4), True),
        (None, (1, None, 4), True),
        ((1, 5, 5), (1, None, 4), False),
        ((5, 4), (1, None, 4), False),
    ],
)
def test_shapes_fit_where_nothing_contradicts(has, wanted, answer):
    spec = TensorSpec("a", has, "float32")
    assert can_have_shape(spec, wanted) is answer
    if answer:
        check_shape(card(), "boxes", spec, (7,), wanted)
    else:
        with pytest.raises(TaskError, match=r"a-task reads \[7\] or \[1 x N x 4\]"):
            check_shape(card(), "boxes", spec, (7,), wanted)


def test_an_output_comes_with_or_without_its_batch():
    table = np.zeros((5, 4))
    assert drop_batch_axis(card(), "boxes", table, (4,)) is table
    assert drop_batch_axis(card(), "boxes", table[None], (None,)).shape == (5, 4)
    for wrong in (table[:, :3], table[None, None], table[0]):
        with pytest.raises(TaskError, match=r"a-task reads \[N x 4\]"):
            drop_batch_axis(card(), "boxes", wrong, (4,))


def test_a_shape_is_shown_with_its_open_lengths():
    assert format_shape((1, None, 4)) == "[1 x N x 4]"


@pytest.mark.parametrize("name", ["boxes", "boxes:0", "import/boxes:0", "a/b/boxes", "serving_default_boxes:0"])
def test_names_lose_what_exporters_put_around_them(name):
    assert short_name(name) == "boxes"


def test_the_first_name_that_any_tensor_has_counts_and_of_several_the_shortest():
    specs = [TensorSpec(name, (1, 5, 4), "float32") for name in ("x/boxes:0", "boxes", "scores")]
    assert find_tensor(specs, "missing", "boxes") is specs[1]
    assert find_tensor(specs, "missing") is None
