"""One small data set in every format, as the tools that people use write it.

``a.jpg`` shows a cup and a plate, ``b.jpg`` nothing, ``c.jpg`` two cups; all are 80 x 60.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 80, 60
NAMES = ("cup", "plate")
BOXES = {  # x1, y1, x2, y2
    "a.jpg": [("cup", (10, 12, 42, 40)), ("plate", (44, 6, 76, 54))],
    "b.jpg": [],
    "c.jpg": [("cup", (0, 0, 24, 30)), ("cup", (50, 30, 80, 60))],
}


def write_picture(path: Path, seed: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """Patches of colours, of each seed others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    patches = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(patches).resize(size, Image.Resampling.NEAREST).save(path)
    return path


def write_pictures(folder: Path) -> None:
    for seed, name in enumerate(BOXES):
        write_picture(folder / name, seed)


def write_voc(folder: Path) -> Path:
    """As labelImg: pixels from 1."""
    write_pictures(folder / "JPEGImages")
    for name, rows in BOXES.items():
        objects = [
            f"<object>\n<name>{label}</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
            f"<bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
            for label, (x1, y1, x2, y2) in rows
        ]
        path = folder / "Annotations" / f"{name[0]}.xml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"<annotation>\n<folder>x</folder><filename>{name}</filename><path>/home/me/{name}</path>\n<size><width>"
            f"{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>\n" + "\n".join(objects) + "</annotation>"
        )
    return folder


def coco_data() -> dict[str, list[dict[str, object]]]:
    images = [
        {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT} for number, name in enumerate(BOXES, 7)
    ]
    rows = [(number, row) for number, name in enumerate(BOXES, 7) for row in BOXES[name]]
    annotations = [
        {
            "id": number, "image_id": image, "category_id": 3 + 2 * NAMES.index(label), "iscrowd": 0,
            "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1), "segmentation": [],
        }
        for number, (image, (label, (x1, y1, x2, y2))) in enumerate(rows, 1)
    ]  # fmt: skip
    categories = [{"id": 3 + 2 * number, "name": name, "supercategory": ""} for number, name in enumerate(NAMES)]
    return {"images": images, "annotations": annotations, "categories": categories}


def write_coco(folder: Path) -> Path:
    """As CVAT and Roboflow: no segmentation."""
    write_pictures(folder / "images")
    (folder / "annotations").mkdir()
    (folder / "annotations" / "instances_default.json").write_text(json.dumps(coco_data()))
    return folder


def write_yolo(folder: Path) -> Path:
    """As Ultralytics: a picture of nothing has no file."""
    write_pictures(folder / "images" / "train")
    (folder / "labels" / "train").mkdir(parents=True)
    for name, rows in BOXES.items():
        lines = [
            f"{NAMES.index(label)} {(x1 + x2) / 2 / WIDTH:.6f} {(y1 + y2) / 2 / HEIGHT:.6f} "
            f"{(x2 - x1) / WIDTH:.6f} {(y2 - y1) / HEIGHT:.6f}\n"
            for label, (x1, y1, x2, y2) in rows
        ]
        if lines:
            (folder / "labels" / "train" / f"{name[0]}.txt").write_text("".join(lines))
    (folder / "data.yaml").write_text("train: images/train\nnames:\n  0: cup\n  1: plate\n")
    return folder


def label_studio_tasks() -> list[dict[str, object]]:
    tasks: list[dict[str, object]] = []
    for number, (name, rows) in enumerate(BOXES.items(), 1):
        regions = [
            {
                "id": f"r{place}", "type": "rectanglelabels", "from_name": "label", "to_name": "image",
                "original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0,
                "value": {
                    "x": x1 / WIDTH * 100, "y": y1 / HEIGHT * 100, "width": (x2 - x1) / WIDTH * 100,
                    "height": (y2 - y1) / HEIGHT * 100, "rotation": 0, "rectanglelabels": [label],
                },
            }
            for place, (label, (x1, y1, x2, y2)) in enumerate(rows)
        ]  # fmt: skip
        answer = {"id": number, "was_cancelled": False, "ground_truth": False, "result": regions}
        data = {"image": f"/data/upload/4/1a2b3c4d-{name}"}
        tasks.append({"id": number, "data": data, "annotations": [answer], "predictions": []})
    return tasks


def write_label_studio(folder: Path) -> Path:
    """As its JSON export, with pictures that were uploaded."""
    write_pictures(folder)
    (folder / "project-1.json").write_text(json.dumps(label_studio_tasks()))
    return folder


def write_cvat(folder: Path) -> Path:
    """As `CVAT for images 1.1`."""
    write_pictures(folder / "images")
    images = []
    for number, (name, rows) in enumerate(BOXES.items()):
        boxes = [
            f'<box label="{label}" source="manual" occluded="0" xtl="{x1}.00" ytl="{y1}.00" xbr="{x2}.00" ybr="{y2}.00"'
            ' z_order="0"></box>\n'
            for label, (x1, y1, x2, y2) in rows
        ]
        images.append(
            f'<image id="{number}" name="{name}" width="{WIDTH}" height="{HEIGHT}">\n{"".join(boxes)}</image>\n'
        )
    labels = "".join(f"<label><name>{name}</name><attributes></attributes></label>" for name in NAMES)
    (folder / "annotations.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n<meta><job><labels>{labels}'
        f"</labels></job></meta>\n{''.join(images)}</annotations>\n"
    )
    return folder


def write_labelme(folder: Path) -> Path:
    """As labelme 5: a rectangle is two corners, in any order."""
    write_pictures(folder)
    for name, rows in BOXES.items():
        shapes = [
            {
                "label": label, "points": [[x2, y2], [x1, y1]], "group_id": None, "description": "",
                "shape_type": "rectangle", "flags": {}, "mask": None,
            }
            for label, (x1, y1, x2, y2) in rows
        ]  # fmt: skip
        data = {
            "version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": name, "imageData": None,
            "imageHeight": HEIGHT, "imageWidth": WIDTH,
        }  # fmt: skip
        (folder / f"{name[0]}.json").write_text(json.dumps(data, indent=2))
    return folder


def write_jsonl(folder: Path) -> Path:
    """As `runner run --sink jsonl:`."""
    write_pictures(folder)
    lines = []
    for index, (name, rows) in enumerate(BOXES.items()):
        instances = [
            {"id": row, "label": label, "file_id": NAMES.index(label), "score": 0.9, "box": list(map(float, box))}
            for row, (label, box) in enumerate(rows)
        ]
        head = {"brain": "mine", "version": "1", "task": "object-detection", "engine": "onnx", "ms": {}}
        columns = {} if instances else {"columns": {"boxes": [4], "scores": []}}
        answer = {**head, **columns, "instances": instances}
        source = f"somewhere/{name}"
        line = {"source": source, "index": index, "time": None, "size": [WIDTH, HEIGHT], "inferences": [answer]}
        lines.append(json.dumps(line))
    (folder / "out.jsonl").write_text("\n".join([*lines, json.dumps({"summary": {"frames": 3}}), ""]))
    return folder / "out.jsonl"


def write_class_folders(folder: Path) -> Path:
    for seed, name in enumerate(("train/cup/1.jpg", "train/plate/2.jpg", "val/cup/3.jpg", "val/plate/sub/4.jpg")):
        write_picture(folder / name, seed)
    return folder


def write_masks(folder: Path) -> Path:
    """Palette PNGs: ``a`` has a cup in its left half, and a border of no class; ``b`` is background."""
    for seed, name in enumerate(("a.jpg", "b.jpg")):
        write_picture(folder / "images" / name, seed)
    (folder / "masks").mkdir()
    numbers = np.zeros((HEIGHT, WIDTH), np.uint8)
    Image.fromarray(numbers).save(folder / "masks" / "b.png")
    numbers[:, : WIDTH // 2], numbers[:, WIDTH // 2] = 1, 255
    image = Image.fromarray(numbers).convert("P")
    image.putpalette([0, 0, 0, 128, 0, 0] + [0] * 759 + [224, 224, 192])
    image.save(folder / "masks" / "a.png")
    (folder / "classes.txt").write_text("background\ncup\nplate\n")
    return folder


BOX_FORMATS: dict[str, Callable[[Path], Path]] = {
    "coco": write_coco, "voc": write_voc, "yolo": write_yolo, "label-studio": write_label_studio, "cvat": write_cvat,
    "labelme": write_labelme, "jsonl": write_jsonl,
}  # fmt: skip
FORMATS = {**BOX_FORMATS, "folders": write_class_folders, "masks": write_masks}
