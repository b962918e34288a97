"""What the numbers of an only output are: scores of classes, or a vector such as an embedding or measures."""

from __future__ import annotations

import attrs

from runner_core.contracts import Signature, TensorSpec
from runner_core.tasks import ASKED, labels_from_metadata, short_name

# Sizes of data sets that many are trained on: MNIST and CIFAR, CIFAR-100, ImageNet with and without a background,
# ImageNet-21k, Places365, COCO, iNaturalist, AIY's plants, birds and insects.
USUAL_CLASSES = frozenset({2, 10, 100, 365, 80, 90, 91, 1000, 1001, 10000, 21841, 21843, 2102, 965, 1022, 8142})
USUAL_EMBEDDINGS = frozenset({64, 128, 192, 256, 384, 512, 576, 640, 768, 960, 1024, 1280, 1536, 1792, 2048})
ASKED_FOR = {"classification": True, "vector": False}  # family -> whether it takes the numbers for classes
VECTOR_WORDS = (
    "embed", "feature", "descriptor", "landmark", "keypoint", "crop", "bbox", "age", "pose", "angle", "regress",
    "coord", "points", "euler", "gaze",
)  # fmt: skip
NETWORK_WORDS = ("landmark", "keypoint", "regress", "reidentification", "embed")  # of Open Model Zoo's networks
CLASS_WORDS = ("prob", "softmax", "class", "label", "score", "logit", "predict", "cls")


@attrs.frozen
class Numbers:
    """``count`` numbers for a picture: scores of ``classes``, or a vector; ``reason`` says why, if it is ``sure``."""

    count: int
    classes: bool
    sure: bool
    reason: str


def read_numbers(model: Signature) -> Numbers | None:
    """What the only output is; None where there are several, or it is no line of numbers."""
    if len(model.outputs) != 1:
        return None
    (output,) = model.outputs
    count = count_numbers(output)
    if count is None:
        return None
    classes, sure, reason = _judge(model, output, count)
    return Numbers(count, classes, sure, reason)


def count_numbers(output: TensorSpec) -> int | None:
    """The C of [1 x C], [1 x 1 x 1 x C] or [1 x C x 1 x 1], 1 for [1]; None for other shapes."""
    if not output.shape or output.dtype == "string" or output.shape[0] not in (1, None):
        return None
    sides = [side for side in output.shape[1:] if side != 1]
    if not sides:
        return 1
    return sides[0] if len(sides) == 1 and sides[0] is not None else None


def _judge(model: Signature, output: TensorSpec, count: int) -> tuple[bool, bool, str]:
    """Whether the numbers are scores of classes, whether that is sure, and why."""
    name, end = short_name(output.name).lower(), _find_end(model, output)
    if model.metadata.get(ASKED) in ASKED_FOR:
        return ASKED_FOR[model.metadata[ASKED]], True, "so it was asked for"
    if model.metadata.get("task") == "classify" or count in (len(labels_from_metadata(model.metadata)), 0):
        return True, True, "the metadata say so"
    if end == "softmax" and count > 1:
        return True, True, "they end in a softmax"
    if end == "unit vector":
        return False, True, "it has a length of 1"
    if named := _find_name_of_vector(name, model.metadata.get("model_name", "").lower()):
        return False, True, named
    if end == "sigmoid" or any(word in name for word in CLASS_WORDS):
        return True, end == "sigmoid" and count == 1, "each ends in a sigmoid" if end == "sigmoid" else f"named {name}"
    if count == 1 and end == "linear" and len(labels_from_metadata(model.metadata)) != 2:
        return False, False, "one number that no sigmoid ends is a measure, or a yes as a logit"
    if count in USUAL_EMBEDDINGS and count not in USUAL_CLASSES:
        return False, False, f"{count} numbers are a usual length of an embedding"
    return True, False, "an embedding has the same shape"


def _find_name_of_vector(output: str, network: str) -> str:
    """Which of the two names speaks of a vector, as a reason; empty where none does."""
    if any(word in output for word in VECTOR_WORDS):
        return f"its name is {output}"
    return f"the network's name is {network}" if any(word in network for word in NETWORK_WORDS) else ""


def _find_end(model: Signature, output: TensorSpec) -> str:
    by_short = {short_name(name): end for name, end in model.ends.items()}
    only = next(iter(model.ends.values()), "") if len(model.ends) == 1 else ""
    return model.ends.get(output.name) or by_short.get(short_name(output.name)) or only
