"""The person of COCO: the names of its 17 keypoints, in order.

Source: https://cocodataset.org/#keypoints-2020
"""

from runner_core.cards import Card, LabelMap
from runner_core.errors import TaskError

KEYPOINTS = (
    "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
    "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle",
    "right ankle",
)  # fmt: skip
PERSON = LabelMap.from_names(["person"])


def check_keypoint_names(card: Card, count: int) -> None:
    """Raises TaskError unless the card's option ``keypoint_names``, if given, has ``count`` names."""
    names = card.options.get("keypoint_names")
    if names is None or (isinstance(names, list | tuple) and len(names) == count):
        return
    raise TaskError(f"brain {card.name}: the option keypoint_names is not a list of {count} names")
