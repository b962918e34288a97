"""Cards, label files and metadata beside a model: read, or refused or left out with a line.

An input is the file's name, a line, and then its bytes: ``brain.json\n...``, ``labels.pbtxt\n...``. The model is a
classifier of five classes; of ``page.onnx/brain.json`` it is that one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from commands import run_command
from onnx_models import write_classifier
from PIL import Image
from runner_demo.store import PICTURES

from runner_core.testing import sample_pixels

NAMED = True  # an input begins with the name of its seed
TOKENS = (
    b"null", b"true", b"-1", b"1e999", b"NaN", b"[]", b"{}", b'""', b"[[[[[[[[", b'{"a":' * 8, b"item {", b"id: ",
    b"&a [*a]", b"<<: *a", b"!!python/object:os.system", b"\\x00", b"\xff", b"\x1b[2J", b"\r", b"\xe2\x80\xae", b"- ",
    b"names:\n", b"\\ud800", b"99999999999999999999", b"0x10", b"../../etc/passwd", b"\"path\": ", b"\xc2\x85", b",",
)  # fmt: skip
_SHARED = (
    "face_detection_short_range.tflite", "selfie_segmentation.tflite", "face_detection_yunet_2026may.onnx",
    "vww_96_float.tflite",
)  # fmt: skip
_NAMES = ("cat", "dog", "bird", "fish", "tree")


def make_seeds() -> Mapping[str, bytes]:
    """Each kind of file that is read beside a model, and each form of label file."""
    numbered = {str(number): name for number, name in enumerate(_NAMES)}
    items = "".join(f'item {{ id: {number} name: "{name}" }}\n' for number, name in enumerate(_NAMES))
    yolo = {"task": "classify", "names": {"0": "cat", "1": "dog"}, "imgsz": [32, 32], "stride": 32}
    triton = 'output [ { name: "scores" dims: [ 5 ] label_filename: "labels.txt" } ]\ninput { name: "image" dims: 3 }'
    normal = {"do_resize": True, "size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.2] * 3}
    timm = {"pretrained_cfg": {"mean": [0.4] * 3, "std": [0.2] * 3, "input_size": [3, 32, 32]}, "id2label": numbered}
    texts = {
        "brain.json": _make_card(),
        "labels.pbtxt": items,
        "labels.json": json.dumps(numbered),
        "labels.txt": "\n".join(_NAMES),
        "config.json": json.dumps(timm),
        "config.pbtxt": triton,
        "metadata.yaml": "\n".join(f"{key}: {value}" for key, value in yolo.items()),
        "preprocessor_config.json": json.dumps(normal),
        "anchors.txt": "10,14, 23,27, 37,58",
        "given.txt": "\n".join(f"{number}: {name}" for number, name in enumerate(_NAMES)),
        "given.csv": "\n".join(["id;name", *(f"{number};{name}" for number, name in enumerate(_NAMES))]),
        "given.tsv": "\n".join(f"{name}\t{number}" for number, name in enumerate(_NAMES)),
        "given.yaml": f"names:\n{''.join(f'  {number}: {name}' + chr(10) for number, name in enumerate(_NAMES))}",
        "given.json": json.dumps({"categories": [{"id": n, "name": name} for n, name in enumerate(_NAMES)]}),
        "given.pbtxt": items.replace("name", "display_name"),
    }
    drafted = {f"{path.name}/brain.json": _draft(path) for path in _find_models()}
    return {name: text.encode() for name, text in texts.items()} | drafted


def fuzz_one_input(data: bytes) -> None:
    """Raises Breach where the command does not end as it promises."""
    first, _, content = data.partition(b"\n")
    *above, name = os.fsdecode(first).split("/")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        model = folder / (above[0] if above else "model.onnx")
        model.write_bytes(_read_model(model.name))
        (folder / name).write_bytes(content)
        Image.fromarray(sample_pixels()).save(folder / "picture.png")
        given = ("--labels", folder / name) if name.startswith("given.") else ()
        run_command("predict", folder / "picture.png", "--brain", model, *given)
        if not given:
            run_command("inspect", model)


def _find_models() -> Sequence[Path]:
    """Models of other families, as far as they are here: each has options of its own in its card."""
    cases = Path(os.environ.get("RUNNER_CASES") or Path(__file__).parents[3] / "shared" / "cases") / "models"
    shared = [cases / name for name in _SHARED]
    return [PICTURES.parent / "brains" / "page" / "page.onnx", *(path for path in shared if path.is_file())]


def _draft(model: Path) -> bytes:
    """The card that is drafted for a model, and checks no file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copyfile(model, Path(folder) / model.name))
        run_command("inspect", copy, "--write")
        card = json.loads(copy.with_name("brain.json").read_text())
    for artifact in card["artifacts"]:
        artifact["files"] = []
    return json.dumps(card, indent=1).encode()


@lru_cache(maxsize=8)
def _read_model(name: str) -> bytes:
    known = {path.name: path for path in _find_models()}
    if name in known:
        return known[name].read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        return write_classifier(Path(folder) / "model.onnx", classes=len(_NAMES), end="Softmax").read_bytes()


def _make_card() -> str:
    labels = [{"model_id": number, "file_id": number + 1, "name": name} for number, name in enumerate(_NAMES)]
    picture = {"size": [32, 32], "layout": "nchw", "dtype": "float32", "std": [127.5] * 3}
    card = {
        "name": "animals", "task": "classification", "version": "1", "labels": labels, "picture": picture,
        "roles": {"image": "image", "scores": "scores"}, "threshold": 0.2, "iou": 0.5, "licence": "MIT",
        "artifacts": [{"path": "model.onnx", "format": ".onnx", "files": []}], "options": {"top_k": 3},
        "guesses": [], "origin": "here", "training": {"epochs": 3},
    }  # fmt: skip
    return json.dumps(card, indent=1)
