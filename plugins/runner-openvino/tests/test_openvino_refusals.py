"""Models that OpenVINO refuses: its words in one line, and what to do."""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import onnx_models
import pytest
from onnx import TensorProto
from runner_openvino.engine import OpenVINOEngine

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError

Write = Callable[..., Path]


def refused(path: Path) -> str:
    with pytest.raises(EngineError) as caught:
        OpenVINOEngine().load(path, EngineOptions())
    message = str(caught.value)
    assert message.startswith(str(path))
    assert not re.search(r"\n|Exception from|failed at|\.cpp", message)
    return message.removeprefix(str(path))


@pytest.mark.parametrize(
    "model",
    [
        "fastestdet_coco_tf1_image_tensor.pb",
        "fastestdet_coco_tf1_encoded_image_string_tensor.pb",
        "fastestdet_coco_savedmodel",
    ],
)
def test_a_graph_that_handles_pictures_and_sorts_out_boxes_itself_names_what_does_not_convert(
    model: str, testdata: Path
) -> None:
    message = refused(testdata / "models" / model)
    assert message.startswith(": OpenVINO has no translation for CombinedNonMaxSuppression,")
    assert message.endswith("without decoding, resizing and sorting out boxes inside the graph")


@pytest.mark.parametrize(("domain", "name"), [("", "Foo"), ("com.acme", r"com\.acme\.Foo")])
def test_an_unknown_operator_is_named(domain: str, name: str, write_onnx: Write) -> None:
    assert re.match(
        rf": OpenVINO has no translation for {name}.*; try the engine", refused(write_onnx("Foo", domain=domain))
    )


@pytest.mark.parametrize("version", [2, 4, 7, 9])
def test_an_old_version_of_its_own_form_is_said_to_be_old(version: int, write_onnx: Write, write_ir: Write) -> None:
    path = write_ir(write_onnx())
    path.write_text(re.sub(r'(<net [^>]*version=)"11"', rf'\1"{version}"', path.read_text()))
    assert re.match(rf": OpenVINO IR of version {version}, .* reads 10 and later; .*`ovc MODEL`", refused(path))


def test_version_10_is_read(write_onnx: Write, write_ir: Write) -> None:
    path = write_ir(write_onnx())
    path.write_text(path.read_text().replace('version="11"', 'version="10"'))
    OpenVINOEngine().load(path, EngineOptions()).close()


def test_an_unknown_operator_of_its_own_form_is_named(write_onnx: Write, write_ir: Write) -> None:
    path = write_ir(write_onnx())
    path.write_text(path.read_text().replace('type="ReLU"', 'type="Foo"'))
    assert refused(path).startswith(": OpenVINO has no translation for Foo;")


@pytest.mark.parametrize("suffix", [".xml", ".onnx", ".tflite", ".pb"])
@pytest.mark.parametrize("content", [b"a", b"no model at all\n" * 50, b"PK\x03\x04" * 50])
def test_what_is_not_a_model(suffix: str, content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    assert refused(path).endswith("; fetch it again, or see what it is")
    assert capfd.readouterr().err == ""


def test_a_folder_that_holds_no_model(tmp_path: Path) -> None:
    assert refused(tmp_path) == ": a folder without a saved_model.pb; name the model's own file or folder"


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.99])
@pytest.mark.parametrize(
    "model",
    ["fastestdet_coco.onnx", "movenet_single_pose_lightning_ptq.tflite", "deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb"],
)
def test_a_model_cut_short(model: str, kept: float, testdata: Path, tmp_path: Path) -> None:
    whole = (testdata / "models" / model).read_bytes()
    path = tmp_path / model
    path.write_bytes(whole[: int(kept * len(whole))])
    assert refused(path).endswith("the file is damaged, cut short or of another format: fetch it again")


def test_its_own_form_cut_short(write_onnx: Write, write_ir: Write) -> None:
    path = write_ir(write_onnx())
    path.write_text(path.read_text()[:700])
    assert refused(path).endswith("the file is damaged, cut short or of another format: fetch it again")


@pytest.mark.parametrize("left", [None, b"", b"\0" * 100])
def test_its_own_form_without_its_weights(left: bytes | None, testdata: Path, write_ir: Write) -> None:
    path = write_ir(testdata / "models" / "fastestdet_coco.onnx")
    weights = path.with_suffix(".bin")
    weights.unlink() if left is None else weights.write_bytes(left)
    assert refused(path).endswith("keep the file that holds its weights beside the model, whole")


def test_weights_that_were_left_behind(tmp_path: Path) -> None:
    path = onnx_models.write_product(tmp_path / "m.onnx", 4, 400, weights="weights.bin")
    (tmp_path / "weights.bin").unlink()
    message = refused(path)
    assert "weights.bin" in message
    assert message.endswith("keep the files that hold its weights beside the model")


def test_a_savedmodel_without_its_weights(testdata: Path, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    shutil.copytree(testdata / "models" / "fastestdet_coco_savedmodel", folder)
    shutil.rmtree(folder / "variables")
    refused(folder)


@pytest.mark.parametrize(("dtype", "name"), [(TensorProto.BFLOAT16, "bf16"), (TensorProto.STRING, "string")])
def test_tensors_that_numpy_cannot_hold_are_refused(dtype: int, name: str, write_onnx: Write) -> None:
    message = refused(write_onnx("Identity", dtype=dtype))
    assert message == f": x is {name}; export the model with float32 inputs and outputs"


@pytest.mark.parametrize("model", ["fastestdet_coco.onnx", "movenet_single_pose_lightning_ptq.tflite"])
def test_damage_anywhere_is_an_engine_error_or_a_model(model: str, testdata: Path, tmp_path: Path) -> None:
    """A real file with bytes changed where its structure is."""
    whole = (testdata / "models" / model).read_bytes()
    chance, path, refusals = random.Random(7), tmp_path / f"damaged{Path(model).suffix}", []
    for _ in range(12):
        data = bytearray(whole)
        for _ in range(8):
            data[chance.randrange(8, 4000)] = chance.randrange(256)
        path.write_bytes(data)
        try:
            OpenVINOEngine().load(path, EngineOptions(threads=1)).close()
        except EngineError as error:
            refusals.append(str(error))
    assert refusals
    assert not [message for message in refusals if re.search(r"\n|\.cpp", message)]


def test_a_runtime_that_cannot_be_imported_is_reported(write_onnx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert "OpenVINO cannot be imported (import of openvino halted" in refused(write_onnx())
    with pytest.raises(ImportError):
        OpenVINOEngine().describe()


def test_an_address_in_memory_is_no_place_for_weights(tmp_path):
    """OpenVINO takes this place for an address, and reads it: 0x400000 ends the process, others give its secrets."""
    path = onnx_models.write_product(tmp_path / "model.onnx", 40, 40, weights="weights.bin")
    model = onnx.load(path, load_external_data=False)
    for pair in model.graph.initializer[0].external_data:
        pair.value = {"location": "*/_ORT_MEM_ADDR_/*", "offset": str(0x400000)}.get(pair.key, pair.value)
    path.write_bytes(model.SerializeToString())
    script = (
        "from pathlib import Path\nfrom runner_core.contracts import EngineOptions\n"
        "from runner_openvino.engine import OpenVINOEngine\n"
        f"OpenVINOEngine().load(Path({str(path)!r}), EngineOptions())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"ended with {done.returncode}"
    assert "it needs '*', which is no file beside it" in done.stderr
