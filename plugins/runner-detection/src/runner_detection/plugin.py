"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

FAMILIES = {
    "tf-detection": ("tf_detection:TfDetection", "object detection as the TF Object Detection API exports it"),
    "tflite-detection": (
        "tflite_detection:TfliteDetection",
        "TFLite detectors that end in Detection_PostProcess",
    ),
    "yolo": ("yolo:Yolo", "YOLO v3, v5, v8 to v12, v10 and 26 as Ultralytics exports them"),
    "yolo-heads": ("yolo_heads:YoloHeads", "YOLO v2, v3 and v4 as maps of anchors, without their last layer"),
    "yolox": ("yolox:Yolox", "YOLOX: a box, an objectness and class scores for each cell"),
    "nanodet": ("nanodet:Nanodet", "NanoDet, NanoDet-Plus and PicoDet: a distribution for each side of a box"),
    "fastestdet": ("fastestdet:FastestDet", "FastestDet's raw head"),
    "detr": ("detr:Detr", "DETR, RT-DETR and RF-DETR: logits and boxes of queries"),
    "mediapipe-detection": (
        "mediapipe:MediapipeDetection",
        "MediaPipe's faces, palms and poses: offsets from points, with keypoints",
    ),
    "retinaface": ("retinaface:RetinaFace", "RetinaFace: faces with five points, as offsets from anchors"),
    "scrfd": ("scrfd:Scrfd", "SCRFD: faces, mostly with five points, as distances at three strides"),
    "yunet": ("yunet:Yunet", "YuNet's faces, with five points each"),
    "ssd": ("ssd:Ssd", "SSD's raw offsets and scores: the anchors are known by their number, or in the card"),
    "detection-output": (
        "detection_output:DetectionOutput",
        "final boxes in rows of seven numbers, as Open Model Zoo and Caffe's SSDs give them",
    ),
    "boxes-scores": ("boxes_scores:BoxesScores", "decoded boxes with class scores, as face detectors export them"),
}


@hookimpl
def runner_tasks() -> Iterator[Plugin]:
    for name, (target, summary) in FAMILIES.items():
        yield Plugin(name=name, target=f"runner_detection.{target}", summary=summary)
