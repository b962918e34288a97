"""A model whose batch is fixed to several pictures answers about one."""

import numpy as np
import pytest

from runner_core.contracts import TensorSpec
from runner_core.loading.fixed_batch import FixedBatch, take_one_picture

IMAGE, VECTOR = (3, 8, 8, 3), (3, 5)


class Batched:
    """Gives the sums of each picture, and counts them."""

    metadata, concurrent = {"author": "somebody"}, True

    def __init__(self, inputs=(IMAGE,), outputs=(VECTOR,)):
        self.inputs, self.outputs = (
            tuple(TensorSpec(f"{side}{place}", shape, "float32") for place, shape in enumerate(shapes))
            for side, shapes in (("in", inputs), ("out", outputs))
        )
        self.closed = False

    def run(self, feeds, fetches):
        assert feeds["in0"].shape == IMAGE
        sums = feeds["in0"].sum(axis=(1, 2, 3)) + np.arange(3)  # each place of the batch answers otherwise
        return {name: np.repeat(sums[:, None], 5, axis=1) for name in fetches}

    def close(self):
        self.closed = True


def test_the_picture_is_repeated_and_the_first_answer_taken():
    inner = Batched()
    session = take_one_picture(inner)
    assert isinstance(session, FixedBatch)
    assert (session.inputs[0].shape, session.outputs[0].shape) == ((1, 8, 8, 3), (1, 5))
    assert (session.metadata, session.concurrent) == (inner.metadata, True)
    found = session.run({"in0": np.ones((1, 8, 8, 3), np.float32)}, ["out0"])
    assert found["out0"].tolist() == [[8 * 8 * 3] * 5]
    session.close()
    assert inner.closed


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        (((1, 8, 8, 3),), ((1, 5),)),
        (((None, 8, 8, 3),), ((None, 5),)),
        ((IMAGE,), ((1, 5),)),
        ((IMAGE,), (VECTOR, (15,))),
        ((IMAGE, IMAGE), (VECTOR,)),
        (((3, 8, 8),), (VECTOR,)),
        ((IMAGE,), (None,)),
        ((), ()),
    ],
)
def test_other_models_stay_as_they_are(inputs, outputs):
    session = Batched(inputs, outputs)
    assert take_one_picture(session) is session
