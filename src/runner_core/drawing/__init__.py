"""Answers drawn on a picture: boxes, masks, keypoints, captions, and the colour of each class."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.drawing.annotate import LEAST_POINT as LEAST_POINT
    from runner_core.drawing.annotate import PERSON_LIMBS as PERSON_LIMBS
    from runner_core.drawing.annotate import annotate_picture as annotate_picture
    from runner_core.drawing.annotate import class_counts as class_counts
    from runner_core.drawing.captions import Style as Style
    from runner_core.drawing.palette import RGB as RGB
    from runner_core.drawing.palette import colour_of as colour_of
    from runner_core.drawing.palette import ink_on as ink_on
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "annotate": ["LEAST_POINT", "PERSON_LIMBS", "annotate_picture", "class_counts"],
            "captions": ["Style"],
            "palette": ["RGB", "colour_of", "ink_on"],
        },
    )
