"""NaN among scores: that class is lost, and nothing else."""

import numpy as np

from runner_core.tasks import ACTIVATIONS, find_best_class, score_best_class

NAN = np.nan
SCORES = np.array([[0.1, NAN, 0.7], [NAN, NAN, NAN], [0.9, 0.2, NAN], [0.3, 0.8, 0.1]], np.float32)


def test_the_best_of_the_others_is_the_best():
    assert score_best_class(SCORES, 1).tolist() == [np.float32(0.7), -np.inf, np.float32(0.9), np.float32(0.8)]
    assert find_best_class(SCORES, 1)[[0, 2, 3]].tolist() == [2, 0, 1]
    assert score_best_class(SCORES.T, 0).tolist() == score_best_class(SCORES, 1).tolist()


def test_without_nan_it_is_the_maximum():
    scores = np.random.default_rng(1).random((40, 7), np.float32)
    assert np.array_equal(score_best_class(scores, 1), scores.max(axis=1))
    assert np.array_equal(find_best_class(scores, 0), scores.argmax(axis=0))
    assert score_best_class(scores[:, :0], 1).tolist() == [-np.inf] * 40


def test_the_others_share_what_softmax_gives():
    softmax = ACTIVATIONS["softmax"]
    np.testing.assert_allclose(softmax(SCORES[0])[[0, 2]], softmax(SCORES[0, [0, 2]]), rtol=1e-6)
    assert softmax(SCORES[0])[1] == 0
    assert np.isnan(softmax(SCORES[1])).all()
