"""Ultralytics' smallest network from nothing, in an environment of its own: `yolo_trainer.py FOLDER --minutes M`.

FOLDER holds data.yaml and test/images; FOLDER/found.json gets boxes in pixels, scores and classes of each picture.
"""

import argparse
import json
from pathlib import Path

from ultralytics import YOLO


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--side", type=int, default=320, help="of its input, about as large as ours")
    given = parser.parse_args()
    model = YOLO("yolo11n.yaml")
    model.train(
        data=str(given.folder / "data.yaml"), time=given.minutes / 60, epochs=1000, imgsz=given.side, device="cpu",
        pretrained=False, seed=given.seed, workers=1, val=False, plots=False, project=str(given.folder), name="run",
    )  # fmt: skip
    found = {}
    for path in sorted((given.folder / "test" / "images").iterdir()):
        boxes = model.predict(path, imgsz=given.side, conf=0.02, verbose=False)[0].boxes
        found[path.stem] = [boxes.xyxy.tolist(), boxes.conf.tolist(), boxes.cls.int().tolist()]
    (given.folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
