"""supervision: answers drawn by its annotators.

    pip install supervision
    python draw_with_supervision.py photo.jpg out.jpg

Its other annotators, filters and zones take the same Detections.
"""

import sys

import supervision as sv
from PIL import Image

from runner_core import open_brain
from runner_core.results import to_supervision

photo, out = sys.argv[1:]

with open_brain("page") as page:
    detections = to_supervision(page(photo), sv.Detections)

picture = Image.open(photo)
names = [f"{name} {score:.2f}" for name, score in zip(detections["class_name"], detections.confidence, strict=True)]
picture = sv.BoxAnnotator().annotate(picture, detections)
picture = sv.LabelAnnotator().annotate(picture, detections, names)
picture.save(out)
