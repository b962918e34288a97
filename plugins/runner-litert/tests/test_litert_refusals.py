"""Models that LiteRT refuses: its words in one line, and what to do."""

import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from runner_litert.engine import LiteRTEngine

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError

Write = Callable[..., Path]


def refused(path: Path) -> str:
    with pytest.raises(EngineError) as caught:
        LiteRTEngine().load(path, EngineOptions())
    message = str(caught.value)
    assert message.startswith((f"{path}: ", "LiteRT"))
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("content", [b"a", b"PK\x03\x04" * 50, random.Random(3).randbytes(2000)])
def test_what_is_not_a_model(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    assert refused(path) == "not a TensorFlow Lite model; fetch it again, or see what it is"


@pytest.mark.parametrize("kept", [8, 100, 0.5, 0.99])
def test_a_model_cut_short(kept: float, testdata: Path, tmp_path: Path) -> None:
    whole = (testdata / "models" / "movenet_single_pose_lightning_ptq.tflite").read_bytes()
    path = tmp_path / "cut.tflite"
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    assert refused(path).endswith("the file is damaged or cut short: fetch it again")


def test_a_custom_operator_is_named(write_tflite: Write) -> None:
    assert refused(write_tflite(operator="AcmeMagic")).startswith(
        "LiteRT does not know the custom operator AcmeMagic; convert"
    )


def test_an_operator_of_full_tensorflow_is_named(write_tflite: Write) -> None:
    message = refused(write_tflite(operator="FlexErfinv"))
    assert message.startswith("LiteRT lacks the TensorFlow operator Erfinv; convert the model without SELECT_TF_OPS")


def test_a_run_that_fails_leaves_the_session_usable(write_tflite: Write) -> None:
    session = LiteRTEngine().load(write_tflite((1, None), operator="ADD"), EngineOptions())
    two, three = np.ones((1, 2), np.float32), np.ones((1, 3), np.float32)
    for _ in range(2):
        with pytest.raises(EngineError, match=r"LiteRT: XNNPack delegate .*; it was fed x: float32 \[1 x 2\], x2"):
            session.run({"x": two, "x2": three}, ("y",))
        np.testing.assert_array_equal(session.run({"x": three, "x2": three}, ("y",))["y"], 2 * three)


def test_a_scale_that_no_network_has_is_refused_before_it_ends_the_process(testdata: Path, tmp_path: Path) -> None:
    """In a process of its own: XNNPACK aborts on such a file."""
    data = bytearray((testdata / "models" / "movenet_single_pose_lightning_ptq.tflite").read_bytes())
    quantisation = schema.Model.GetRootAs(data).Subgraphs(0).Tensors(97).Quantization()
    assert quantisation.ScaleLength() > 71
    slots = quantisation._tab
    struct.pack_into("<f", data, slots.Vector(slots.Offset(8)) + 4 * 71, 5.8e9)
    (tmp_path / "damaged.tflite").write_bytes(data)
    done = in_a_process(tmp_path)
    assert "damaged.tflite: LiteRT: " in done.stdout
    assert "damaged or cut short" in done.stdout


def test_damage_anywhere_is_an_engine_error_or_a_model(testdata: Path, tmp_path: Path) -> None:
    """A real file with bytes changed all over, run where it still loads, in a process of its own."""
    whole = (testdata / "models" / "movenet_single_pose_lightning_ptq.tflite").read_bytes()
    chance = random.Random(7)
    for index in range(25):
        data = bytearray(whole)
        for _ in range(12):
            data[chance.randrange(8, len(data))] = chance.randrange(256)
        (tmp_path / f"{index}.tflite").write_bytes(data)
    refusals = in_a_process(tmp_path).stdout.splitlines()
    assert len(refusals) > 2
    assert not [message for message in refusals if ".tflite: " not in message]


def in_a_process(folder: Path) -> subprocess.CompletedProcess[str]:
    """Loads and runs each model of a folder; what is refused is said on standard output, a line each."""
    script = """
import pathlib, sys
import numpy as np
from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_litert.engine import LiteRTEngine

for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        session = LiteRTEngine().load(path, EngineOptions())
        session.run({spec.name: np.zeros(spec.shape, spec.dtype) for spec in session.inputs}, ())
    except EngineError as error:
        print(error)
"""
    return subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True)


def test_a_runtime_that_cannot_be_imported_is_reported(write_tflite: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    assert "LiteRT cannot be imported (import of ai_edge_litert.interpreter halted" in refused(write_tflite())
    with pytest.raises(ImportError):
        LiteRTEngine().describe()
