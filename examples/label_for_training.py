"""Data sets for training: pictures labelled by a brain, as YOLO's and COCO's tools read them.

    python label_for_training.py pictures/ dataset/

`dataset/yolo/page/data.yaml` is for `yolo detect train`.
"""

import sys
from pathlib import Path

from runner_core import open_brain, run

pictures, dataset = sys.argv[1:]
Path(dataset).mkdir(parents=True, exist_ok=True)

with open_brain("page", conf=0.5) as page:
    summary = run(pictures, [page], [f"yolo:{dataset}/yolo", f"coco:{dataset}/coco.json"])

print(summary.frames, "pictures,", summary.failed, "could not be read")
