"""Evidence that a model is fed what it was trained on, from its answers alone: ``weigh_answers``, a number a picture.

Scores are no evidence: a network is often sure of nonsense. But one that sees what it was trained to see answers alike
when a picture is mirrored, moved a little, darker, brighter or flatter, otherwise to another picture, and finds nothing
where nothing is. What that means depends on what the answers are:

* scores of classes: the information that they give about which picture it was, less twice what the changes lose of it.
  The measure is that of Bridle, Heading and MacKay, "Unsupervised Classifiers, Mutual Information and 'Phantom
  Targets'", NIPS 1991: fed wrongly, a network gives much the same answer to every picture.
* boxes: what is found again, less twice what is not, less what is found in noise. More boxes do not help.
* class maps, pixel maps and points: the share that is found again, less that which noise shares.
* vectors: how alike they stay, less how alike those of two pictures are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.results.boxes import box_ious
from runner_core.results.inference import Inference

Floats = NDArray[np.floating]
Share = Callable[[Inference, Inference], float]

FLOOR = 0.25  # the score from which a box counts, at first little
SAME_BOX = 0.5  # IoU
MOST = 100  # boxes that are compared
NEAR_POINT = 0.03  # of the picture's longer side
LOSS = 2.0  # what is lost counts twice: what is right by chance is lost as often as kept


@attrs.frozen
class Answers:
    """A model's answers to one picture.

    ``found``  to the picture; ``again`` to its changes, carried back to the picture's own coordinates.
    ``empty``  to pictures of its size that show nothing.
    """

    found: Inference
    again: tuple[Inference, ...]
    empty: tuple[Inference, ...]


def weigh_answers(each: Sequence[Answers]) -> Floats:
    """Evidence for each picture; about 0 or less is none.

    Comparable between the answers of one model to the same pictures.
    """
    first = each[0].found
    if first.class_map is not None:
        return np.array([_weigh_shares(answers, share_pixels) for answers in each])
    if first.pixel_map is not None:
        return np.array([_weigh_shares(answers, share_levels) for answers in each])
    if first.boxes is not None:
        return np.array([_weigh_boxes(answers) for answers in each])
    if first.keypoints is not None:
        return np.array([_weigh_shares(answers, share_points) for answers in each])
    if first.vectors is not None:
        return _weigh_vectors(each)
    return _weigh_classes(_stack_scores(each))


def measure_sureness(each: Sequence[Answers]) -> float:
    """0 to 1: the mean score that each picture's best class keeps in all its changes; 0 for other answers."""
    first = each[0].found
    if any(column is not None for column in (first.class_map, first.pixel_map, first.boxes, first.keypoints,
                                                first.vectors)):  # fmt: skip
        return 0.0
    named = _stack_scores(each)[..., :-1]
    if not named.shape[-1]:
        return 0.0
    best = named[:, :1].argmax(axis=-1)[..., None]
    return float(np.take_along_axis(named, best, axis=-1).mean())


def _stack_scores(each: Sequence[Answers]) -> Floats:
    """Pictures x versions x classes: scores, that of all other classes together at the end; each sums to 1."""
    rows = [[answers.found, *answers.again] for answers in each]
    numbers = np.unique(np.concatenate([answer.model_ids for row in rows for answer in row]))
    stacked = np.zeros((len(rows), len(rows[0]), len(numbers) + 1))
    for picture, row in enumerate(rows):
        for version, answer in enumerate(row):
            stacked[picture, version, np.searchsorted(numbers, answer.model_ids)] = _scores_of(answer)
    total = stacked.sum(axis=-1)
    stacked[..., -1] = np.maximum(0, 1 - total)
    shares: Floats = stacked / np.maximum(total, 1)[..., None]
    return shares


def _weigh_classes(scores: Floats) -> Floats:
    usual = scores.mean(axis=1)
    apart = np.log(np.maximum(usual, 1e-9)) - np.log(np.maximum(usual.mean(axis=0), 1e-9))
    lost = _entropy(usual) - _entropy(scores).mean(axis=1)
    weighed: Floats = (usual * apart).sum(axis=-1) - LOSS * lost
    return weighed


def _entropy(shares: Floats) -> Floats:
    entropy: Floats = -(shares * np.log(np.maximum(shares, 1e-9))).sum(axis=-1)
    return entropy


def _weigh_boxes(answers: Answers) -> float:
    found = _sure_boxes(answers.found)
    again = [_sure_boxes(each) for each in answers.again]
    matched = np.array([match_boxes(found, each) for each in again])
    lost = np.array([(_weights(found).sum() + _weights(each).sum()) / 2 for each in again]) - matched
    imagined = np.mean([_weights(_sure_boxes(each)).sum() for each in answers.empty])
    return max(float((matched - LOSS * lost).mean() - imagined), -1.0)  # one picture's nonsense is not worth ten others


def match_boxes(one: Inference, other: Inference) -> float:
    """What two answers have in common: the sum of the lesser weights of boxes of one class that lie alike."""
    ours, theirs = one.outer_boxes, other.outer_boxes
    assert ours is not None
    assert theirs is not None
    alike = (one.model_ids[:, None] == other.model_ids) & (box_ious(ours, theirs) >= SAME_BOX)
    common = alike * np.minimum(_weights(one)[:, None], _weights(other))
    matched = 0.0
    while common.size and common.max() > 0:
        row, column = np.unravel_index(common.argmax(), common.shape)
        matched += float(common[row, column])
        common[row], common[:, column] = 0, 0
    return matched


def _sure_boxes(answer: Inference) -> Inference:
    return answer.filter(conf=FLOOR, max_det=MOST)


def _weights(answer: Inference) -> Floats:
    return (_scores_of(answer) - FLOOR) / (1 - FLOOR)


def _weigh_shares(answers: Answers, share: Share) -> float:
    kept = np.mean([share(answers.found, each) for each in answers.again])
    return float(kept - np.mean([share(answers.found, each) for each in answers.empty]))


def share_pixels(one: Inference, other: Inference) -> float:
    """Of the pixels that either class map gives to a thing, the share to which both give the same; 0 without any."""
    assert one.class_map is not None
    assert other.class_map is not None
    things = np.union1d(one.model_ids, other.model_ids)
    shown = np.isin(one.class_map, things), np.isin(other.class_map, things)
    either = np.count_nonzero(shown[0] | shown[1])
    return np.count_nonzero(shown[0] & shown[1] & (one.class_map == other.class_map)) / either if either else 0.0


def share_levels(one: Inference, other: Inference) -> float:
    """What two pixel maps have in common, of what either has; 0 without any."""
    assert one.pixel_map is not None
    assert other.pixel_map is not None
    ours, theirs = one.pixel_map.levels, other.pixel_map.levels
    either = float(np.maximum(ours, theirs).sum(dtype=np.int64))
    return float(np.minimum(ours, theirs).sum(dtype=np.int64)) / either if either else 0.0


def share_points(one: Inference, other: Inference) -> float:
    """The mean score of the points of ``one`` that lie on points of ``other``; of any name, for mirrors exchange left
    and right.
    """
    assert one.keypoints is not None
    assert other.keypoints is not None
    ours, theirs = one.keypoints.reshape(-1, 3), other.keypoints.reshape(-1, 3)
    if not len(ours) or not len(theirs):
        return 0.0
    apart = np.linalg.norm(ours[:, None, :2] - theirs[None, :, :2], axis=-1)
    common = np.minimum(ours[:, None, 2], theirs[None, :, 2]) * (apart <= NEAR_POINT * max(one.size))
    return float(common.max(axis=1).mean())


def _weigh_vectors(each: Sequence[Answers]) -> Floats:
    stacked = np.array([[_read_vector(answer) for answer in (answers.found, *answers.again)] for answers in each])
    directions = stacked / np.maximum(np.linalg.norm(stacked, axis=-1, keepdims=True), 1e-9)
    kept = (directions[:, :1] * directions[:, 1:]).sum(axis=-1).mean(axis=1)
    others = directions[:, 0] @ directions[:, 0].T
    count = len(each)
    return kept - (others.sum(axis=1) - 1) / (count - 1) if count > 1 else np.zeros(1)


def _read_vector(answer: Inference) -> Floats:
    assert answer.vectors is not None
    return answer.vectors.reshape(-1)


def _scores_of(inference: Inference) -> Floats:
    return np.ones(len(inference)) if inference.scores is None else inference.scores
