"""Exporters: what those feed a network who made its file, told by the names that they leave in it."""

from __future__ import annotations

from collections.abc import Iterator

from runner_core.cards.clue import Clue
from runner_core.clues.habit import Habit
from runner_core.clues.model_file import ModelFile
from runner_core.frames.normalization import CAFFE, IMAGENET, RAW, SIGNED, UNIT

_ULTRALYTICS = Habit("Ultralytics's exports take that", "", UNIT, "rgb", 1.0, 1.0)
# Open Model Zoo calls its networks ``face-detection-retail-0005``; all take what OpenCV reads, unless they say so.
_MODEL_ZOO = Habit("Open Model Zoo's networks take that", r"-\d{4}\.xml$", RAW, "bgr", 0.85, 0.92)
_HABITS = (
    Habit("YOLOv5 and its kin take that", r"/model\.\d+/|\btf_conv\b|\btf_detect\b", UNIT, "rgb", 0.92, 0.92),
    Habit("Darknet's networks take that", r"\b\d{3}_convolutional", UNIT, "rgb", 0.92, 0.92),
    Habit("MediaPipe's face detectors take that", r"keras2tflite_facedetector", SIGNED, "rgb", 0.92, 0.95),
    Habit("MediaPipe's networks mostly take that", r"keras2tflite_", UNIT, "rgb", 0.8, 0.95),
    Habit("Caffe's networks mostly take that", r"caffe", CAFFE, "bgr", 0.7, 0.85),
    Habit("CNTK's networks mostly take that", r"\bcntk\b", RAW, "bgr", 0.6, 0.6),
    Habit("MMDetection's exports mostly take that", r"\A(?=.*\bdets\b)(?=.*\blabels\b)", IMAGENET, "rgb", 0.75, 0.75),
    Habit(
        "PaddlePaddle's exports mostly take that",
        r"paddle|save_infer_model|multiclass_nms3|softmax_\d+\.tmp|\bp2o\.",
        IMAGENET,
        "rgb",
        0.7,
        0.65,
    ),
)


def find_exporter(model: ModelFile) -> Iterator[Clue]:
    """The range and the order of colours that are usual with whoever made the file."""
    metadata = model.signature.metadata
    if metadata.get("author") == "Ultralytics" or metadata.keys() >= {"task", "names", "imgsz"}:
        yield from _ULTRALYTICS.list_clues()
    elif _MODEL_ZOO.fits(model.path.name):
        yield from _MODEL_ZOO.list_clues()
    else:
        habit = next((habit for habit in _HABITS if habit.fits(model.names)), None)
        yield from habit.list_clues() if habit else ()
