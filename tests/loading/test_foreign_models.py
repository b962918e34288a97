"""A model of a format that no engine has: what it is and what exports it, before anything opens it."""

import pickle
import zipfile

import pytest

from runner_core import open_brain
from runner_core.errors import EngineError, UsageError


@pytest.fixture
def checkpoint(tmp_path):
    """As torch.save writes it."""
    path = tmp_path / "best.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/data.pkl", pickle.dumps({}))
        archive.writestr("best/version", "3\n")
    return path


def test_it_is_named_with_the_command_that_exports_it(checkpoint, runner):
    done = runner("inspect", checkpoint)
    assert done.returncode == 2
    assert f"{checkpoint}: this is a PyTorch checkpoint; it is Python" in done.stderr
    assert "yolo export model=best.pt format=onnx" in done.stderr


@pytest.mark.parametrize("choices", [{}, {"engine": "onnx"}, {"engine": "auto"}, {"trust": True}])
def test_whatever_the_person_asks_for(checkpoint, choices):
    with pytest.raises(UsageError, match=r"best\.pt: this is a PyTorch checkpoint; "):
        open_brain(checkpoint, **choices)


def test_a_name_alone_is_no_proof(tmp_path):
    (tmp_path / "net.dlc").write_bytes(b"anything")
    with pytest.raises(UsageError, match=r"net\.dlc: its name is that of a model for Qualcomm"):
        open_brain(tmp_path / "net.dlc")


def test_in_a_folder_the_file_is_named(checkpoint):
    with pytest.raises(UsageError, match=r"best\.pt: this is a PyTorch checkpoint"):
        open_brain(checkpoint.parent)


@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".pb", ".keras", ".xml"])
def test_under_the_name_of_a_format_that_is_opened(checkpoint, suffix):
    with pytest.raises(EngineError, match=rf"best\{suffix}: this is a PyTorch checkpoint"):
        open_brain(checkpoint.rename(checkpoint.with_suffix(suffix)))


def test_a_model_without_its_suffix_gets_it_told(testdata, tmp_path):
    path = tmp_path / "detect.lite"
    path.write_bytes((testdata / "models" / "movenet_single_pose_lightning_ptq.tflite").read_bytes())
    with pytest.raises(UsageError, match=r"this is a TensorFlow Lite model; call it detect\.tflite"):
        open_brain(path)
