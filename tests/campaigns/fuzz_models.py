"""Models: a damaged or hostile file is opened, asked about a picture, or refused in a line.

An input is the file's path, a line, and then its bytes: ``page.onnx\n...``, ``net/saved_model.pb\n...``. What else the
model needs lies beside it, whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from commands import run_command
from PIL import Image
from runner_demo.store import PICTURES

from runner_core.testing import sample_pixels

FOLDER_VARIABLE = "RUNNER_CAMPAIGN"  # the folder that a campaign's processes share, one after the other
_DAMAGED = (".onnx", ".xml", ".tflite", ".pb", ".index", ".data-00000-of-00001", ".keras", ".h5", ".zip")
_UNREAD = "fingerprint.pb"  # of a SavedModel
_SMALL = Path(__file__).parent / "small"  # made by ``write_small``
_BRAINS = PICTURES.parent / "brains"
_SHARED = Path(os.environ.get("RUNNER_TESTDATA") or Path(__file__).parents[3] / "shared" / "testdata")
_CASES = Path(os.environ.get("RUNNER_CASES") or Path(__file__).parents[3] / "shared" / "cases")

NAMED = True  # an input begins with the name of its seed
TOKENS = (
    b"\x0a\x80\x80\x80\x80\x0f", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x22\x02", b"Loop", b"If", b"Reshape",
    b"location", b"../../etc/passwd", b"ReadFile", b"PyFunc", b"Const", b"Placeholder", b"DT_STRING", b"-1",
    b"99999999999", b'"0,0,0,0"', b"<layer", b"Lambda", b"%s%n", b"\xff\xfe", b"NaN",
)  # fmt: skip


def make_seeds(engine: str) -> Mapping[str, bytes]:
    """By the path of the file that is damaged."""
    root = _whole(engine)
    paths = [path for path in sorted(root.rglob("*")) if path.suffix in _DAMAGED and path.name != _UNREAD]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def ask_mutant(engine: str, data: bytes) -> None:
    """Raises Breach where the command does not end as it promises."""
    name, _, content = data.partition(b"\n")
    path = Path(os.fsdecode(name))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _lay_beside(_whole(engine), path, folder)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        picture = folder / "picture.png"
        Image.fromarray(sample_pixels()).save(picture)
        model = folder / path.parts[0]
        run_command("predict", picture, "--brain", model, "--engine", engine, "--threads", 1)


def fuzz_one_input(data: bytes) -> None:
    """For ONNX Runtime; ``ask_mutant`` takes any engine."""
    ask_mutant("onnx", data)


def _lay_beside(whole: Path, path: Path, folder: Path) -> None:
    """The other files of the model that ``path`` is a part of."""
    if len(path.parts) > 1 and (whole / path.parts[0]).is_dir():
        shutil.copytree(whole / path.parts[0], folder / path.parts[0])
    elif (whole / path).with_suffix(".bin").is_file():
        shutil.copy((whole / path).with_suffix(".bin"), folder)


@lru_cache(maxsize=4)
def _whole(engine: str) -> Path:
    """A folder with sound models of an engine, made once."""
    shared = os.environ.get(FOLDER_VARIABLE)
    folder = Path(shared or tempfile.mkdtemp(prefix="whole-")) / f"whole-{engine}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            _MAKERS[engine](Path(made))
            shutil.copytree(made, folder)
    return folder


def _make_onnx(folder: Path) -> None:
    from onnx_models import write_classifier

    tiny = write_classifier(folder / "tiny.onnx", end="Softmax")
    with zipfile.ZipFile(folder / "bundle.zip", "w") as bundle:
        for name, data in {"net/tiny.onnx": tiny.read_bytes(), "net/labels.txt": b"a\nb\nc\nd\ne\n"}.items():
            bundle.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # without a time
    shutil.copy(_BRAINS / "page" / "page.onnx", folder)
    _copy_shared(folder, _CASES / "models" / "face_detection_yunet_2026may.onnx")


def _make_litert(folder: Path) -> None:
    shutil.copy(_BRAINS / "page" / "page.tflite", folder)
    for name in ("pretrainedResnet_quant.tflite", "face_detection_short_range.tflite", "selfie_segmentation.tflite"):
        _copy_shared(folder, _CASES / "models" / name)


def _make_openvino(folder: Path) -> None:
    import openvino
    from onnx_models import write_classifier

    shutil.copytree(_SMALL / "small", folder / "small")
    shutil.copy(_SMALL / "small.pb", folder)
    for name in ("page.onnx", "page.tflite"):
        shutil.copy(_BRAINS / "page" / name, folder)
    write_classifier(folder / "tiny.onnx", end="Softmax")
    openvino.save_model(openvino.convert_model(folder / "tiny.onnx"), folder / "small.xml")
    openvino.save_model(openvino.convert_model(folder / "page.onnx"), folder / "page.xml")


def _make_tensorflow(folder: Path) -> None:
    shutil.copytree(_SMALL, folder, dirs_exist_ok=True)
    shutil.copy(_BRAINS / "page" / "page.pb", folder)
    shutil.copytree(_BRAINS / "graphs" / "saved_model", folder / "encoded")


def _copy_shared(folder: Path, path: Path) -> None:
    """Where the shared models lie beside the project."""
    if path.is_file():
        shutil.copyfile(path, folder / path.name)


_MAKERS: dict[str, Callable[[Path], None]] = {
    "onnx": _make_onnx,
    "litert": _make_litert,
    "openvino": _make_openvino,
    "tensorflow": _make_tensorflow,
}


def write_small(folder: Path) -> None:
    """A small classifier as TensorFlow and Keras write it: other bytes each time, so it is kept with the campaigns."""
    from exported_models import export, import_keras

    layers = (keras := import_keras()).layers
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(5)]
    )
    with tempfile.TemporaryDirectory() as made:
        for form, path in export(model, Path(made), "small").items():
            if form in ("saved-model", ".pb", ".keras", ".h5"):
                (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / path.name)


if __name__ == "__main__":
    write_small(_SMALL)
