"""Foreign formats: model files that people have and no engine opens, known by their bytes or by their names.

None of them is unpickled, parsed or run: a glimpse is all that is taken of them. What a plugin claims is the plugin's;
this table is for what nobody claims, and for what is not what its name says.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import attrs

from runner_core.discovery.registry import get_registry
from runner_core.engines.glimpse import Glimpse, glimpse_at

_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # the opcode PROTO and the protocol: pickletools
_TORCH = tuple(
    proto + b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19" for proto in _PICKLE
)  # MAGIC_NUMBER, torch/serialization.py
_MOST_JSON = 100 << 20  # bytes of a safetensors header: MAX_HEADER_SIZE of its reader


@attrs.frozen
class ForeignFormat:
    """A row of the table.

    ``name``    what a message calls it, with its article.
    ``remedy``  what gives a model that runner opens; ``{file}`` and ``{stem}`` stand for the file's name.
    ``files``   how its files are called: patterns of ``fnmatch``, in lower case.
    ``mark``    whether a file is of this format by its first bytes; None where they do not tell.
    ``ours``    whether an engine opens it if it is called so.
    """

    name: str
    remedy: str
    files: tuple[str, ...] = ()
    mark: Callable[[Glimpse], bool] | None = None
    ours: bool = False

    def names(self, path: Path) -> bool:
        """Whether files of this format are called so."""
        return any(fnmatchcase(path.name.lower(), pattern) for pattern in self.files)

    def advise(self, path: Path) -> str:
        """The remedy for this file."""
        return self.remedy.replace("{file}", path.name).replace("{stem}", path.stem)


_AGAIN = "export the model that it was made from as ONNX"
_WEIGHTS = "it holds weights without a network: where the model's code is, "
_CAFFE = (
    "convert both files: `python -m caffe2onnx.convert --prototxt {stem}.prototxt --caffemodel {stem}.caffemodel "
    "--onnx {stem}.onnx`"
)
_DARKNET = "convert the .cfg and the .weights together by darknet2onnx, or by the tools of pytorch-YOLOv4"
_JAX = _WEIGHTS + '`jax2onnx.to_onnx(model, [("B", 224, 224, 3)], return_mode="file", output_path="{stem}.onnx")`'
_PADDLE = (
    "convert them: `paddle2onnx --model_dir . --model_filename {stem}.pdmodel --params_filename {stem}.pdiparams "
    "--save_file {stem}.onnx`"
)
_ZIPPED_TORCH = "where PyTorch is, `torch.onnx.export("

FOREIGN_FORMATS = (
    ForeignFormat(
        "a web page",
        "its address leads to a page: fetch the file itself",
        mark=lambda seen: seen.reads(b"<!doctype html", b"<html"),
    ),
    ForeignFormat(
        "a Git LFS pointer",
        "run `git lfs pull` where it came from",
        mark=lambda seen: seen.reads(b"version https://git-lfs"),
    ),
    ForeignFormat(
        "a PyTorch program (torch.export)",
        _ZIPPED_TORCH + 'torch.export.load("{file}"), f="{stem}.onnx")`',
        ("*.pt2",),
        lambda seen: seen.holds("/archive_format", "serialized_exported_program.json"),
    ),
    ForeignFormat(
        "a TorchScript model",
        _ZIPPED_TORCH + 'torch.jit.load("{file}"), example, "{stem}.onnx", dynamo=False)`',
        ("*.torchscript", "*.ptl"),
        lambda seen: seen.holds("/constants.pkl"),
    ),
    ForeignFormat(
        "a PyTorch checkpoint",
        "it is Python, which runner never runs: where the model was trained, `torch.onnx.export(model, example, "
        '"{stem}.onnx")`; of Ultralytics, `yolo export model={file} format=onnx`',
        ("*.pt", "*.pth", "*.ckpt"),
        lambda seen: seen.holds("/data.pkl") or seen.begins(*_TORCH),
    ),
    ForeignFormat(
        "a Python pickle",
        "it can run any code, so runner never opens it: where it was made, export the model in it as ONNX",
        ("*.pkl", "*.pickle", "*.joblib"),
        lambda seen: seen.begins(*_PICKLE),
    ),
    ForeignFormat(
        "a safetensors file",
        _WEIGHTS + "`torch.onnx.export`; of Hugging Face, `optimum-cli export onnx --model FOLDER onnx/`",
        ("*.safetensors",),
        lambda seen: seen.head[8:10] == b'{"' and int.from_bytes(seen.head[:8], "little") < _MOST_JSON,
    ),
    ForeignFormat("a Core ML model", f"{_AGAIN}; Core ML runs on Apple's systems", ("*.mlmodel", "*.mlpackage")),
    ForeignFormat("an ncnn model", _AGAIN, ("*.param",), lambda seen: seen.begins(b"7767517\n", b"7767517\r")),
    ForeignFormat("a Caffe model", _CAFFE, ("*.prototxt", "*.caffemodel")),
    ForeignFormat("a Darknet network", _DARKNET, ("*.cfg",), lambda seen: seen.reads(b"[net]", b"[network]")),
    ForeignFormat("Darknet weights", _DARKNET, ("*.weights",)),
    ForeignFormat(
        "a TensorFlow checkpoint",
        _WEIGHTS + "restore it, then `tf.saved_model.save(model, 'saved_model')`",
        ("*.index", "*.meta", "*.data-?????-of-?????", "checkpoint"),
        lambda seen: seen.reads(b"model_checkpoint_path:"),
    ),
    ForeignFormat(
        "a list of TensorFlow.js weights",
        _WEIGHTS + "`model.save('downloads://model')` writes a model.json",
        ("*weights_manifest.json",),
    ),
    ForeignFormat(
        "a TensorRT engine",
        "it runs on one kind of GPU: take the ONNX file that it was built from",
        ("*.engine", "*.trt", "*.plan"),
        lambda seen: seen.begins(b"ftrt", b"ptrt"),
    ),
    ForeignFormat(
        "a PaddlePaddle model",
        _PADDLE,
        ("*.pdmodel", "*.pdiparams", "__model__"),
        lambda seen: seen.reads(b'{"base_code":{"magic":"pir"'),
    ),
    ForeignFormat("a PaddlePaddle checkpoint", _WEIGHTS + "`paddle.onnx.export`", ("*.pdparams", "*.pdopt")),
    ForeignFormat("a Paddle Lite model", _AGAIN, ("*.nb",)),
    ForeignFormat("a Flax checkpoint", _JAX, ("*.msgpack",)),
    ForeignFormat("an Orbax checkpoint of JAX", _JAX, ("_checkpoint_metadata", "manifest.ocdbt")),
    ForeignFormat("NumPy arrays", _WEIGHTS + "export it as ONNX", ("*.npz",), lambda seen: seen.holds_only(".npy")),
    ForeignFormat("a NumPy array", _WEIGHTS + "export it as ONNX", ("*.npy",), lambda seen: seen.begins(b"\x93NUMPY")),
    ForeignFormat("a GGUF file", "runner runs vision models", ("*.gguf",), lambda seen: seen.begins(b"GGUF")),
    ForeignFormat("an MNN model", _AGAIN, ("*.mnn",)),
    ForeignFormat("an MXNet model", _AGAIN, ("*.params", "*-symbol.json")),
    ForeignFormat("a MindSpore model", _AGAIN, ("*.mindir", "*.ms")),
    ForeignFormat("a model for Rockchip (RKNN)", _AGAIN, ("*.rknn",), lambda seen: seen.begins(b"RKNN")),
    ForeignFormat("a model for Hailo", _AGAIN, ("*.hef",), lambda seen: seen.begins(b"\x01HEF")),
    ForeignFormat("a model for AMD's Vitis AI", _AGAIN, ("*.xmodel",)),
    ForeignFormat("a model for Qualcomm (SNPE)", _AGAIN, ("*.dlc",)),
    ForeignFormat("a model for Kendryte", _AGAIN, ("*.kmodel",), lambda seen: seen.begins(b"LDMK")),
    ForeignFormat("a model for Ascend", _AGAIN, ("*.om",), lambda seen: seen.begins(b"IMOD")),
    ForeignFormat("a compiled OpenVINO model", "take the .xml and .bin that it was made from", ("*.blob",)),
    ForeignFormat("an ExecuTorch model", _AGAIN, ("*.pte",), lambda seen: seen.schema in (b"ET12", b"ET11")),
    ForeignFormat(
        "an OpenCV cascade",
        "runner runs networks: YuNet finds faces better",
        mark=lambda seen: b"<opencv_storage" in seen.head,
    ),
    ForeignFormat(
        "weights alone", "name the model beside it: an .xml of OpenVINO, a .tflite, ...", ("*.bin", "*.data")
    ),
    ForeignFormat(
        "an archive", "unpack it and name the model in it", ("*.tar", "*.tar.gz", "*.tgz", "*.gz", "*.7z", "*.rar")
    ),
    ForeignFormat(
        "a TensorFlow Lite model",
        "call it {stem}.tflite",
        ("*.tflite",),
        lambda seen: seen.schema == b"TFL3",
        ours=True,
    ),
    ForeignFormat(
        "a Keras 3 model",
        "call it {stem}.keras",
        ("*.keras",),
        lambda seen: seen.holds("config.json") and seen.holds("model.weights.h5"),
        ours=True,
    ),
    ForeignFormat(
        "an HDF5 file",
        "call it {stem}.h5 if Keras wrote it",
        ("*.keras", "*.h5", "*.hdf5"),
        lambda seen: seen.begins(b"\x89HDF\r\n\x1a\n"),
        ours=True,
    ),
)


def find_by_bytes(path: Path) -> ForeignFormat | None:
    """The format that the file is in fact, if no engine opens it so called; None also for what cannot be read."""
    try:
        seen = glimpse_at(path)
    except OSError:
        return None
    found = (each for each in FOREIGN_FORMATS if each.mark and each.mark(seen))
    return next((each for each in found if not _is_opened(each, path)), None)


def _is_opened(each: ForeignFormat, path: Path) -> bool:
    """Whether an engine opens a file of this format: one of ours if it is called so, any that claims the format."""
    if each.ours:
        return each.names(path)
    claims = {claim for engine in get_registry().all("engines").values() for claim in engine.plugin.claims}
    return any(each.names(Path(f"model{claim}")) for claim in claims)


def find_by_name(path: Path) -> ForeignFormat | None:
    """The format whose files are called so."""
    return next((each for each in FOREIGN_FORMATS if not each.ours and each.names(path)), None)
