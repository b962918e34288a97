"""One answer of two brains: what both find, without what is there twice.

    python merge_two_brains.py photo.jpg

Here they are the same network in two formats, so that everything is there twice.
"""

import sys

from runner_core import open_brain
from runner_core.results import merge, nearest_iou

photo = sys.argv[1]

with open_brain("page", engine="onnx", name="left") as left, open_brain("page", engine="litert", name="right") as right:
    ours, theirs = left(photo), right(photo)

pairs = nearest_iou(ours, theirs)
print(f"{len(ours)} and {len(theirs)} found, {len(pairs.alphas)} of them in the same place")

merged = merge([ours, theirs], iou=0.5)
for instance, brain in zip(merged.inference, merged.brains, strict=True):
    print(brain, instance.label, round(instance.score, 2), instance.box)
