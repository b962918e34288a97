"""Each row of the table, by bytes as its own tools write them, and by the names that people see."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from runner_core.engines.file_header import read_header
from runner_core.engines.foreign_formats import FOREIGN_FORMATS, find_by_bytes, find_by_name
from runner_core.plugin import Plugin
from runner_core.testing.registries import registry_of


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return held.getvalue()


def legacy_torch() -> bytes:
    """As torch.save wrote before 1.6: the magic number, the protocol version, ... each a pickle of its own."""
    return pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)


def safetensors() -> bytes:
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


def saved(save, *arrays) -> bytes:
    held = io.BytesIO()
    save(held, *arrays)
    return held.getvalue()


BYTES = {
    "a web page": b"\n<!DOCTYPE html><html>Sign in</html>",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00",
    "a PyTorch program (torch.export)": zipped("m/archive_format", "m/models/model.json", "m/data/weights/w0"),
    "a TorchScript model": zipped("m/data.pkl", "m/code/__torch__.py", "m/constants.pkl", "m/version"),
    "a PyTorch checkpoint": zipped("best/data.pkl", "best/byteorder", "best/data/0", "best/version"),
    "a Python pickle": pickle.dumps({"model": [1, 2]}),
    "a safetensors file": safetensors(),
    "an ncnn model": b"7767517\n2 2\nInput input 0 1 in0\n",
    "a Darknet network": b"[net]\nbatch=1\nwidth=416\n",
    "a TensorFlow checkpoint": b'model_checkpoint_path: "model.ckpt-7"\n',
    "a TensorRT engine": b"ftrt" + bytes(20),
    "a PaddlePaddle model": b'{"base_code":{"magic":"pir","trainable":false,"version":1},"program":{}}',
    "NumPy arrays": saved(np.savez, np.zeros(2)),
    "a NumPy array": saved(np.save, np.zeros(2)),
    "a GGUF file": b"GGUF" + struct.pack("<IQQ", 3, 0, 0),
    "a model for Rockchip (RKNN)": b"RKNN" + bytes(60),
    "a model for Hailo": b"\x01HEF" + bytes(60),
    "a model for Kendryte": b"LDMK" + bytes(60),
    "a model for Ascend": b"IMOD" + bytes(60),
    "an ExecuTorch model": struct.pack("<I", 24) + b"ET12" + bytes(60),
    "an OpenCV cascade": b'<?xml version="1.0"?>\n<!-- licence -->\n<opencv_storage>\n<cascade>',
    "a TensorFlow Lite model": struct.pack("<I", 28) + b"TFL3" + bytes(60),
    "a Keras 3 model": zipped("metadata.json", "config.json", "model.weights.h5"),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(60),
}
NAMES = {
    "best.pt": "a PyTorch checkpoint",
    "Model.PTH": "a PyTorch checkpoint",
    "exported.pt2": "a PyTorch program (torch.export)",
    "yolo.torchscript": "a TorchScript model",
    "svm.joblib": "a Python pickle",
    "model.safetensors": "a safetensors file",
    "MobileNet.mlmodel": "a Core ML model",
    "yolo11n.mlpackage": "a Core ML model",
    "nanodet.param": "an ncnn model",
    "deploy.prototxt": "a Caffe model",
    "ssd.caffemodel": "a Caffe model",
    "yolov4-tiny.cfg": "a Darknet network",
    "yolov4-tiny.weights": "Darknet weights",
    "model.ckpt-7.index": "a TensorFlow checkpoint",
    "model.ckpt-7.meta": "a TensorFlow checkpoint",
    "model.ckpt-7.data-00000-of-00001": "a TensorFlow checkpoint",
    "tiny_face_detector_model-weights_manifest.json": "a list of TensorFlow.js weights",
    "yolo.engine": "a TensorRT engine",
    "inference.pdmodel": "a PaddlePaddle model",
    "inference.pdiparams": "a PaddlePaddle model",
    "best.pdparams": "a PaddlePaddle checkpoint",
    "mobilenet.nb": "a Paddle Lite model",
    "flax_model.msgpack": "a Flax checkpoint",
    "manifest.ocdbt": "an Orbax checkpoint of JAX",
    "weights.npz": "NumPy arrays",
    "weights.npy": "a NumPy array",
    "llama.gguf": "a GGUF file",
    "detector.mnn": "an MNN model",
    "resnet-symbol.json": "an MXNet model",
    "net.mindir": "a MindSpore model",
    "yolo.rknn": "a model for Rockchip (RKNN)",
    "yolo.hef": "a model for Hailo",
    "yolo.xmodel": "a model for AMD's Vitis AI",
    "net.dlc": "a model for Qualcomm (SNPE)",
    "face.kmodel": "a model for Kendryte",
    "net.om": "a model for Ascend",
    "net.blob": "a compiled OpenVINO model",
    "net.pte": "an ExecuTorch model",
    "pytorch_model.bin": "weights alone",
    "ssd_mobilenet.tar.gz": "an archive",
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_tell_whatever_the_name(name: str, tmp_path: Path) -> None:
    for suffix in ("model", "model.onnx", "model.bin"):
        (tmp_path / suffix).write_bytes(BYTES[name])
        found = find_by_bytes(tmp_path / suffix)
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize("name", NAMES)
def test_names_tell_where_bytes_do_not(name: str) -> None:
    found = find_by_name(Path("folder") / name)
    assert found is not None
    assert found.name == NAMES[name]


def test_every_row_is_tried() -> None:
    assert {each.name for each in FOREIGN_FORMATS if each.mark} == set(BYTES)
    assert {each.name for each in FOREIGN_FORMATS if each.files and not each.ours} == set(NAMES.values())


def test_a_legacy_checkpoint_of_pytorch_is_no_mere_pickle(tmp_path: Path) -> None:
    (tmp_path / "old.bin").write_bytes(legacy_torch())
    found = find_by_bytes(tmp_path / "old.bin")
    assert found is not None
    assert found.name == "a PyTorch checkpoint"


def test_an_archive_that_was_cut_is_known_by_its_first_member(tmp_path: Path) -> None:
    (tmp_path / "cut.onnx").write_bytes(BYTES["a PyTorch checkpoint"][:60])
    found = find_by_bytes(tmp_path / "cut.onnx")
    assert found is not None
    assert found.name == "a PyTorch checkpoint"


@pytest.mark.parametrize(
    ("file", "name"),
    [("m.tflite", "a TensorFlow Lite model"), ("m.keras", "a Keras 3 model"), ("m.h5", "an HDF5 file")],
)
def test_what_is_called_as_it_is_is_not_foreign(file: str, name: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(BYTES[name])
    assert find_by_bytes(tmp_path / file) is None


def test_the_remedy_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(BYTES["a PyTorch checkpoint"])
    found = find_by_bytes(path)
    assert found is not None
    assert "yolo export model=best.pt format=onnx" in found.advise(path)
    assert not [each for each in FOREIGN_FORMATS if "{" in each.advise(path).replace("model, [(", "")]


def test_what_a_plugin_claims_is_not_foreign(tmp_path: Path) -> None:
    for name in ("weights.npz", "weights"):
        (tmp_path / name).write_bytes(BYTES["NumPy arrays"])
        assert find_by_bytes(tmp_path / name) is not None
        with registry_of(engines=[Plugin("arrays", "nowhere:Nothing", "arrays", claims=(".npz",))]):
            assert find_by_bytes(tmp_path / name) is None
            assert read_header(tmp_path / name)


@pytest.mark.parametrize("name", ["a TensorFlow Lite model", "an HDF5 file", "NumPy arrays", "a PyTorch checkpoint"])
def test_a_download_without_a_name_is_not_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "3f9a").write_bytes(BYTES[name])
    assert read_header(tmp_path / "3f9a") == BYTES[name][:512]
