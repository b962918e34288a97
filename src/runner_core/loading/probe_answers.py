"""Probe answers: whether two forms of a brain are the same brain, by what both say about the probe images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from runner_core.cards.tolerance import Tolerance
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.probes import ask_probes, find_probe_threshold
from runner_core.results.compare import Comparison, compare_inferences
from runner_core.results.inference import Inference

# Beyond this it is neither rounding nor quantisation, but another answer. Two runtimes that compute the same network in
# 8 bits come to scores 0.1 apart; where one of them overflows, to scores 0.3 to 0.9 apart.
_LOOSE = Tolerance(iou=0.5, score=0.1, pixels=0.5, keypoints=0.1)
_SAME = 0.5  # the least share of instances that both answers have
_SCORES, _VECTORS = 0.2, 0.25  # the greatest difference of a class's scores, and of vectors, in shares of their length

Pairs = Sequence[tuple[Inference, Inference]]


@attrs.frozen
class ProbeAnswers:
    """What one brain says about the probe images, for others to be compared with."""

    engine: str
    threshold: float
    answers: tuple[Inference, ...]

    @classmethod
    def of(cls, brain: LocalBrain) -> ProbeAnswers:
        threshold = find_probe_threshold(brain)
        return cls(brain.engine, threshold, ask_probes(brain, threshold))

    def find_difference(self, brain: LocalBrain) -> str:
        """How another form of the brain differs: "cat at 0.98 where litert has dog at 0.96 in a probe image".

        Empty where it is the same brain, even if less exact, and where nothing is found that could be compared.
        """
        pairs = list(zip(self.answers, ask_probes(brain, self.threshold), strict=True))
        if all(answer.vectors is not None for answer in self.answers):
            return _compare_vectors(pairs)
        if all(map(_is_of_whole_picture, self.answers)):
            return _compare_scores(pairs, self.engine)
        return self._compare_rows(pairs)

    def _compare_rows(self, pairs: Pairs) -> str:
        near = attrs.evolve(_LOOSE, threshold=self.threshold)
        total = Comparison.total(compare_inferences(*pair, near) for pair in pairs)
        both = 2 * total.matched
        alone = total.missing + total.extra + 2 * total.relabelled
        if total.pixels is not None and total.pixels < _LOOSE.pixels:
            return f"{total.pixels:.0%} alike in a probe image"
        return f"{both / (both + alone):.0%} alike in probe images" if both < _SAME * (both + alone) else ""


def _is_of_whole_picture(answer: Inference) -> bool:
    """Whether it has classes and scores, and no places."""
    placed = any(getattr(answer, column) is not None for column in ("boxes", "masks", "keypoints", "class_map"))
    return answer.scores is not None and not placed


def _compare_scores(pairs: Pairs, engine: str) -> str:
    """By the probe image in which the scores of a class are farthest apart."""
    apart, one, other = max(((_score_distance(*pair), *pair) for pair in pairs), key=lambda found: found[0])
    best = f"{_describe_best(other)} where {engine} has {_describe_best(one)}"
    return f"{best} in a probe image" if apart > _SCORES else ""


def _score_distance(one: Inference, other: Inference) -> float:
    """The greatest difference of two scores of a class."""
    first, second = _scores_by_name(one), _scores_by_name(other)
    rests = _estimate_rest(first), _estimate_rest(second)
    names = first.keys() | second.keys()
    return max((abs(first.get(name, rests[0]) - second.get(name, rests[1])) for name in names), default=0.0)


def _scores_by_name(answer: Inference) -> dict[str, float]:
    scores = [] if answer.scores is None else answer.scores.tolist()
    return dict(zip(answer.names, scores, strict=True))


def _estimate_rest(scores: Mapping[str, float]) -> float:
    """What a class may score that is not in the answer: no more than those in it, and than these leave to reach one.

    Scores that add up to much more than one are independent: they leave nothing, and say nothing of the rest.
    """
    least, left = min(scores.values(), default=0.0), 1 - sum(scores.values())
    return least if left < -_SCORES else min(least, max(left, 0.0))


def _describe_best(answer: Inference) -> str:
    return "nothing" if not len(answer) or answer.scores is None else f"{answer.names[0]} at {answer.scores[0]:.2f}"


def _compare_vectors(pairs: Pairs) -> str:
    apart = max(_vector_distance(*pair) for pair in pairs)
    return f"vectors {apart:.0%} of their length apart in a probe image" if apart > _VECTORS else ""


def _vector_distance(one: Inference, other: Inference) -> float:
    """Of the first vectors, in shares of the longer one's length."""
    if one.vectors is None or other.vectors is None or not (len(one) and len(other)):
        return 0.0
    first, second = one.vectors[0], other.vectors[0]
    longer = float(max(np.linalg.norm(first), np.linalg.norm(second)))
    return float(np.linalg.norm(first - second)) / longer if longer else 0.0
