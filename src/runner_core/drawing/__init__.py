"""Answers drawn on a picture: boxes, masks, keypoints, captions, and the colour of each class."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.drawing.annotate import MIN_KEYPOINT_SCORE as MIN_KEYPOINT_SCORE
    from runner_core.drawing.annotate import PERSON_LIMBS as PERSON_LIMBS
    from runner_core.drawing.annotate import annotate_picture as annotate_picture
    from runner_core.drawing.annotate import count_classes as count_classes
    from runner_core.drawing.captions import Style as Style
    from runner_core.drawing.palette import RGB as RGB
    from runner_core.drawing.palette import choose_colour as choose_colour
    from runner_core.drawing.palette import choose_ink as choose_ink
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "annotate": ["MIN_KEYPOINT_SCORE", "PERSON_LIMBS", "annotate_picture", "count_classes"],
            "captions": ["Style"],
            "palette": ["RGB", "choose_colour", "choose_ink"],
        },
    )
