"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

# Name -> what makes it, what it reads in words, and the outputs that it reads.
FAMILIES = {
    "tf-detection": (
        "tf_detection:TfDetection",
        "object detection as the TF Object Detection API exports it",
        ("N x 4 + N + N + 1", "N x 4 + N + N"),
    ),
    "tflite-detection": (
        "tflite_detection:TfliteDetection",
        "TFLite detectors that end in Detection_PostProcess",
        ("N x 4 + N + N + 1",),
    ),
    "yolo": ("yolo:Yolo", "YOLO v3, v5, v8 to v12, v10 and 26 as Ultralytics exports them", ("N x F",)),
    "yolo-obb": ("yolo_obb:YoloObb", "turned boxes as Ultralytics exports them", ("N x F",)),
    "yolo-heads": (
        "yolo_heads:YoloHeads",
        "YOLO v2, v3 and v4 as maps of anchors, without their last layer",
        ("H x W x F", "H x W x F + H x W x F", "H x W x F + H x W x F + H x W x F"),
    ),
    "yolo-fastest-v2": (
        "yolo_fastest_v2:YoloFastestV2",
        "Yolo-FastestV2: three boxes for each cell, which share their class scores",
        ("N x F", "H x W x F + H x W x F"),
    ),
    "yolox": ("yolox:Yolox", "YOLOX: a box, an objectness and class scores for each cell", ("N x F",)),
    "nanodet": (
        "nanodet:Nanodet",
        "NanoDet, NanoDet-Plus and PicoDet: a distribution for each side of a box",
        ("N x F", "N x C + N x 32 + N x C + N x 32 + N x C + N x 32"),
    ),
    "fastestdet": ("fastestdet:FastestDet", "FastestDet's raw head", ("F x H x W",)),
    "fomo": ("fomo:Fomo", "FOMO: the centres of small things, as cells of a coarse map", ("H x W x C",)),
    "detr": ("detr:Detr", "DETR, RT-DETR and RF-DETR: logits and boxes of queries", ("N x C + N x 4",)),
    "mediapipe-detection": (
        "mediapipe:MediapipeDetection",
        "MediaPipe's faces, palms and poses: offsets from points, with keypoints",
        ("N x 16 + N x 1", "N x 18 + N x 1", "N x 12 + N x 1", "N x 16 + N x 16 + N x 1 + N x 1"),
    ),
    "retinaface": (
        "retinaface:RetinaFace",
        "RetinaFace: faces with five points, as offsets from anchors",
        ("N x 4 + N x 2 + N x 10", "N x 16"),
    ),
    "scrfd": (
        "scrfd:Scrfd",
        "SCRFD: faces, mostly with five points, as distances at three strides",
        ("N x 1 + N x 1 + N x 1 + N x 4 + N x 4 + N x 4 + N x 10 + N x 10 + N x 10",),
    ),
    "yunet": (
        "yunet:Yunet",
        "YuNet's faces, with five points each",
        (" + ".join(["N x 1"] * 6 + ["N x 4"] * 3 + ["N x 10"] * 3),),
    ),
    "centerface": (
        "centerface:CenterFace",
        "CenterFace: faces with five points, as a heat map of their centres",
        ("1 x H x W + 2 x H x W + 2 x H x W + 10 x H x W",),
    ),
    "centernet": (
        "centernet:CenterNet",
        "CenterNet's heat maps of centres, with sizes and offsets",
        ("C x H x W + 2 x H x W + 2 x H x W", "C x H x W + 2 x H x W"),
    ),
    "ssd": (
        "ssd:Ssd",
        "SSD's raw offsets and scores: the anchors are known by their number, or in the card",
        ("N x 4 + N x C",),
    ),
    "detection-output": (
        "detection_output:DetectionOutput",
        "final boxes in rows of seven numbers, as Open Model Zoo and Caffe's SSDs give them",
        ("1 x N x 7",),
    ),
    "boxes-scores": (
        "boxes_scores:BoxesScores",
        "decoded boxes with class scores, as face detectors export them",
        ("N x 4 + N x C", "N x 4 + N + N"),
    ),
}


@hookimpl
def runner_tasks() -> Iterator[Plugin]:
    for name, (target, summary, claims) in FAMILIES.items():
        yield Plugin(name=name, target=f"runner_detection.{target}", summary=summary, claims=claims)
