"""The families nearest to a model that none recognises."""

import pytest

from runner_core.contracts import TensorSpec
from runner_core.loading.nearest import describe_nearest

CLAIMS = {
    "rows": ("N x F",),
    "boxes": ("N x 4 + N x C", "N x 4 + N + N"),
    "points": ("N x 16 + N x 1",),
    "maps": ("H x W x C",),
    "silent": (),
}


def nearest(*shapes):
    return describe_nearest([TensorSpec(f"out{i}", shape, "float32") for i, shape in enumerate(shapes)], CLAIMS)


@pytest.mark.parametrize(
    ("shapes", "first"),
    [
        ([(1, 100, 85)], "rows"),
        ([(1, 100, 3), (1, 100, 4)], "boxes"),
        ([(1, 100), (1, 100, 4), (1, 100)], "boxes"),
        ([(1, 896, 1), (1, 896, 16)], "points"),
        ([(None, 20, 20, 30)], "maps"),
        ([(1, 100, 18), (1, 100, 1)], "points"),
    ],
)
def test_the_nearest_has_as_many_outputs_of_the_same_axes(shapes, first):
    assert nearest(*shapes).startswith(f"nearest are {first}, which reads ")


def test_two_are_named_and_what_the_model_has():
    assert nearest((1, None, 18), (1, 7, 1)) == (
        "nearest are points, which reads N x 16 + N x 1 and boxes, which reads N x 4 + N x C; this has ? x 18 + 7 x 1"
    )


def test_without_claims_nothing_is_near():
    assert describe_nearest([TensorSpec("x", None, "float32")], {"silent": ()}) == ""
