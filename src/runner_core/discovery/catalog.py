"""Which of this project's distributions brings which plugin, for messages that say what to install."""

from __future__ import annotations

from collections.abc import Container, Mapping

# kind -> name of a plugin, or a format or scheme that it claims -> distribution
DISTRIBUTIONS: Mapping[str, Mapping[str, str]] = {
    "engines": {
        **dict.fromkeys(("litert", ".tflite"), "runner-litert"),
        **dict.fromkeys(("onnx", ".onnx"), "runner-onnx"),
        **dict.fromkeys(("openvino", ".xml"), "runner-openvino"),
        **dict.fromkeys(("tensorflow", ".pb", "saved-model", ".keras", ".h5", ".hdf5", "tfjs"), "runner-tensorflow"),
    },
    "tasks": {
        **dict.fromkeys(("classification", "vector"), "runner-classification"),
        **dict.fromkeys(("tf-detection", "tflite-detection", "detection-output", "boxes-scores"), "runner-detection"),
        **dict.fromkeys(("yolo", "yolo-heads", "yolox", "nanodet", "fastestdet", "detr", "ssd"), "runner-detection"),
        **dict.fromkeys(("mediapipe-detection", "retinaface", "scrfd", "yolo-obb", "yunet"), "runner-detection"),
        **dict.fromkeys(("yolo-fastest-v2", "fomo", "centerface", "centernet"), "runner-detection"),
        **dict.fromkeys(("movenet", "posenet", "mediapipe-landmarks", "yolo-pose"), "runner-keypoints"),
        **dict.fromkeys(("semantic-segmentation", "matte", "anomaly", "yolo-seg"), "runner-segmentation"),
    },
    "sources": {
        "demo": "runner-demo",
        "file": "runner-files",
        **dict.fromkeys(("video", "webcam", "screen", "stream", "web", "lavfi", "streams", "stdin"), "runner-video"),
        **dict.fromkeys(("rtsp", "rtsps", "udp", "tcp", "rtp", "rtmp", "rtmps"), "runner-video"),
        **dict.fromkeys((".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".m3u8"), "runner-video"),
    },
    "stores": {
        "demo": "runner-demo",
        "diffgram": "runner-store-diffgram",
        "folder": "runner-store-folder",
        **dict.fromkeys(("fsspec", "s3", "gs", "gcs", "az", "abfs", "sftp", "ssh"), "runner-store-fsspec"),
        **dict.fromkeys(("http", "https"), "runner-store-http"),
        **dict.fromkeys(("huggingface", "hf"), "runner-store-huggingface"),
        **dict.fromkeys(("mlflow", "models"), "runner-store-mlflow"),
    },
    "sinks": {
        **dict.fromkeys(("jsonl", "images"), "runner-files"),
        **dict.fromkeys(("coco", "yolo", "voc", "label-studio", "csv", "parquet", "crops"), "runner-export"),
        "video": "runner-video",
        "view": "runner-liveview",
    },
    "datasets": {
        **dict.fromkeys(("coco", "voc", "yolo", "label-studio", "cvat", "labelme", "jsonl"), "runner-datasets"),
        **dict.fromkeys(("folders", "masks"), "runner-datasets"),
    },
    "trainers": dict.fromkeys(
        ("detector", "object-detection", "tf-detection", "classification", "semantic-segmentation"), "runner-train"
    ),
    "evaluators": dict.fromkeys(
        ("coco", "object-detection", "instance-segmentation", "keypoints", "semantic-segmentation", "classification"),
        "runner-eval",
    ),
    "commands": {"demo": "runner-demo", "eval": "runner-eval", "label": "runner-liveview"},
}


def find_distribution(kind: str, word: str) -> str | None:
    """The distribution to install for a plugin's name, a format or a scheme; None if this project has none."""
    return DISTRIBUTIONS.get(kind, {}).get(word)


def list_missing(kind: str, installed: Container[str | None]) -> list[str]:
    """The distributions of this project with that kind of plugin that are not among the installed ones, by name."""
    return sorted({name for name in DISTRIBUTIONS.get(kind, {}).values() if name not in installed})
