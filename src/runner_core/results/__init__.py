"""What brains answer, and arithmetic on answers: boxes, masks, maps, columns, comparing, combining, exporting."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.results.boxes import UNITS as UNITS
    from runner_core.results.boxes import Floats as Floats
    from runner_core.results.boxes import are_normalised as are_normalised
    from runner_core.results.boxes import box_ious as box_ious
    from runner_core.results.boxes import boxes_to_crops as boxes_to_crops
    from runner_core.results.boxes import centred_to_corners as centred_to_corners
    from runner_core.results.boxes import points_to_picture as points_to_picture
    from runner_core.results.boxes import turn_boxes as turn_boxes
    from runner_core.results.combine import boxes_of as boxes_of
    from runner_core.results.combine import merge as merge
    from runner_core.results.combine import nearest_iou as nearest_iou
    from runner_core.results.compare import Comparison as Comparison
    from runner_core.results.compare import compare_inferences as compare_inferences
    from runner_core.results.formats import coco_results as coco_results
    from runner_core.results.formats import from_supervision as from_supervision
    from runner_core.results.formats import to_supervision as to_supervision
    from runner_core.results.formats import yolo_name as yolo_name
    from runner_core.results.formats import yolo_text as yolo_text
    from runner_core.results.inference import Inference as Inference
    from runner_core.results.instance import Instance as Instance
    from runner_core.results.instance import Verdict as Verdict
    from runner_core.results.mask import Mask as Mask
    from runner_core.results.pixel_map import PixelMap as PixelMap
    from runner_core.results.result import Failure as Failure
    from runner_core.results.result import Result as Result
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "boxes": [
                "Floats",
                "UNITS",
                "are_normalised",
                "box_ious",
                "centred_to_corners",
                "boxes_to_crops",
                "points_to_picture",
                "turn_boxes",
            ],
            "combine": ["boxes_of", "merge", "nearest_iou"],
            "compare": ["Comparison", "compare_inferences"],
            "formats": ["coco_results", "from_supervision", "to_supervision", "yolo_name", "yolo_text"],
            "inference": ["Inference"],
            "instance": ["Instance", "Verdict"],
            "mask": ["Mask"],
            "pixel_map": ["PixelMap"],
            "result": ["Failure", "Result"],
        },
    )
